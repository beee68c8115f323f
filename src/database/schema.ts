import { type Generated } from 'kysely';

/** What became of one delivery; docs/states.md has the picture. */
export type DeliveryState = 'reserved' | 'published' | 'processed' | 'failed' | 'marked' | 'waiting' | 'dead';

/** Whether rounds run for a portal, and if not, why not. */
export type PortalState = 'active' | 'suspended' | 'unauthorized' | 'unlicensed' | 'uninstalled';

/** Booleans are 0 or 1 in both dialects: SQLite has no other. */
export type Flag = 0 | 1;

/** Times are Unix milliseconds, unless the column says otherwise. */
export interface PortalsTable {
  member_id: string;
  /** First word of the portal's routing keys. */
  name: string;
  /** Host, with the port where it is not the scheme's own. */
  domain: string;
  client_endpoint: string;
  access_token: string;
  refresh_token: string;
  token_expires_at: number;
  token_renewed_at: number;
  application_token: string | null;
  state: PortalState;
  state_reason: string | null;
  state_since: number;
  /** Plan feature `rest_offline_extended`; null until first asked. */
  extended: Flag | null;
  installed_at: number;
  /** Address that we had the portal notify of a changed queue; null where it notifies none of ours. */
  notification_handler: string | null;
}

export interface DeliveriesTable {
  /** Order of reservation; publishing follows it. */
  seq: Generated<number>;
  member_id: string;
  process_id: string;
  message_id: string;
  row_id: string;
  /** `TIMESTAMP_X`, Unix seconds. */
  changed_at: number;
  event: string;
  /** EVENT_DATA as JSON text. */
  payload: string;
  user_id: string | null;
  state: DeliveryState;
  /** When the delivery entered its state. */
  state_at: number;
  /** 1 while the portal holds the row under `process_id`. */
  held: Flag;
  /** The row's own ERROR flag: 1 for a row fetched again after a mark. */
  errored: Flag;
  /** Number of the delivery under way or next due, from 1. */
  attempt: number;
  /** Attempts of earlier series, which count no longer: somebody asked for a new one. 0 until then. */
  attempts_before: Generated<number>;
  /** When a waiting or marked delivery is due again. */
  due_at: number | null;
  /** Why it last failed. */
  reason: string | null;
  reserved_at: number;
  /** When somebody gave it up; null where nobody did. */
  discarded_at: number | null;
}

/** Rows listed on a plan without reservations, kept until the portal's own copy is taken. */
export interface JournalTable {
  member_id: string;
  row_id: string;
  message_id: string;
  changed_at: number;
  event: string;
  payload: string;
  user_id: string | null;
  errored: Flag;
}

/** Processes that share the database; those whose beat is over are gone. Times are the database's own. */
export interface ReplicasTable {
  id: string;
  beat_until: number;
  /** What it tells the others of its portals, for people who watch; null where it tells nothing. */
  report: string | null;
  reported_at: number | null;
}

/** Who may act on a portal. Times are the database's own. */
export interface LeasesTable {
  member_id: string;
  /** A replica; null while nobody has it. */
  owner: string | null;
  /** Grows with every change of owner. */
  epoch: number;
  expires_at: number;
}

export interface Schema {
  portals: PortalsTable;
  deliveries: DeliveriesTable;
  journal: JournalTable;
  replicas: ReplicasTable;
  leases: LeasesTable;
}
