import { type Generated } from 'kysely';
import { type ObjectStatesSchema } from './object-states-schema.js';
import { type ReconcileSchema } from './reconcile-schema.js';

/** What became of one delivery; docs/states.md has the picture. */
export type DeliveryState =
  'reserved' | 'refused' | 'published' | 'processed' | 'failed' | 'marked' | 'waiting' | 'dead';

/**
 * Whether rounds run for a portal, and if not, why not. They run where it is `unfinished` as well (the application's
 * installation is not finished, so that the portal announces nothing) and where it is `unmarkable` (it takes no marks). One that is
 * `not_allowed` by the settings is not called at all.
 */
export const PORTAL_STATES = [
  'active',
  'unfinished',
  'unmarkable',
  'suspended',
  'unauthorized',
  'unlicensed',
  'not_allowed',
  'uninstalled',
] as const;
export type PortalState = (typeof PORTAL_STATES)[number];
/** States in which rounds run, and the portal's objects can be read. */
export const RUNNING_STATES: ReadonlySet<PortalState> = new Set(['active', 'unfinished', 'unmarkable']);

/** What makes a delivery that no row of a portal's queue has announced. */
export type DeliveryOrigin = 'snapshot' | 'reconciled';

/** Booleans are 0 or 1 in both dialects: SQLite has no other. */
export type Flag = 0 | 1;

/** Times are Unix milliseconds, unless the column says otherwise. */
export interface PortalsTable {
  member_id: string;
  /** First word of the portal's routing keys. */
  name: string;
  /** Host as it is compared (`xn--…`), with the port where it is not the scheme's own. */
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
  /** The name that it had before another portal, installed in its place, got it; null where it has its own. */
  former_name: string | null;
  /** Address that we had the portal notify of a changed queue; null where it notifies none of ours. */
  notification_handler: string | null;
  /** Source key under which it answered last ('' without one); null until it answered once. */
  source_key: string | null;
  /** JSON list of the source keys that it had before and that may still have rows or bindings; null for none. */
  former_source_keys: string | null;
  /** When another program was last seen to drain its queue; null where none was. */
  shared_seen_at: number | null;
  /** Host of the authorization server that the portal belongs to; null where nothing has told yet. */
  authorization_server: string | null;
  /** Since when `event.offline.error` fails there; null while it works. */
  marks_failing_since: number | null;
  /** So many answers in a row could not be taken in, one that is being read included. */
  bad_answers: number;
  /** It is not asked before then; null: at any time. */
  ask_again_at: number | null;
  /** When an installation was last refused for its lesser right; null where none was since it was installed. */
  install_refused_at: number | null;
  install_refused_reason: string | null;
  /** Since when people keep it from reserving anything new; null while they do not. */
  paused_at: number | null;
  paused_reason: string | null;
  paused_by: string | null;
}

/** Tokens that an installation of an installed portal brought and that wait for their trial. Times are Unix milliseconds. */
export interface OfferedTokensTable {
  id: string;
  member_id: string;
  /** For whom they act; '' where that was not told. */
  user_id: string;
  access_token: string;
  refresh_token: string;
  token_expires_at: number;
  client_endpoint: string;
  authorization_server: string | null;
  application_token: string | null;
  offered_at: number;
  /** Trials whose outcome is unknown. */
  tries: number;
  try_at: number;
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
  /** 1 where that could not be read: `changed_at` is when the portal first showed the row. */
  time_assumed: Generated<Flag>;
  event: string;
  /** EVENT_DATA as JSON text. */
  payload: string;
  user_id: string | null;
  state: DeliveryState;
  /** When the delivery entered its state. */
  state_at: number;
  /** 1 while the portal holds the row under `process_id`. */
  held: Flag;
  /** Source key of the row, '' without one: every call about it goes under this one. */
  source_key: Generated<string>;
  /** The row's own ERROR flag: 1 for a row fetched again after a mark. */
  errored: Flag;
  /** Number of the delivery under way or next due, from 1. */
  attempt: number;
  /** Attempts of earlier series, which count no longer: a new one was asked for. 0 until then. */
  attempts_before: Generated<number>;
  /** When a waiting, marked or refused delivery is due again. */
  due_at: number | null;
  /** Why it last failed. */
  reason: string | null;
  reserved_at: number;
  /** When it was given up by hand; null where it was not. */
  discarded_at: number | null;
  /** How often in a row the broker has refused it, of whatever attempt. */
  refusals: Generated<number>;
  /** Routing key under which it was refused last, '' where that was its dead letter; null where it never was. */
  refused_key: string | null;
  /**
   * 1 where a service said `processed` of the attempt under way before the broker has confirmed it; of a marked one,
   * after it had been taken for silent.
   */
  heard: Generated<Flag>;
  /**
   * Whether its marked row stands for a newer change of the object, deleted by the mark before it was seen: 0 no,
   * 1 perhaps; null where no mark of it is known.
   */
  stands_for_newer: Flag | null;
  /** When a mark of it was last sent; null where none was. */
  mark_sent_at: number | null;
  /** When the broker last confirmed it; null where it did not, or before that was written down. */
  published_at: number | null;
  /** 1 where it counts as processed because nothing was heard of it; null where a service said so. */
  silent: Flag | null;
  /** What made it, where that was not a row of the portal's queue; null: such a row. */
  origin: DeliveryOrigin | null;
  /** A routing key that was asked for in place of the standard one; null: that. */
  routing_key: string | null;
  /** Id of the object that changed, as text; '' where the event has none, null where that was not looked for yet. */
  object_id: string | null;
  /** Number of `reason` among the reasons; null where it has none, or that was not looked for yet. */
  reason_no: number | null;
}

/** Why deliveries failed: each text once. */
interface ReasonsTable {
  no: Generated<number>;
  /** Stands for the text in an index: texts may be longer than an index takes. */
  text_key: string;
  /** The same for the folded text: reasons that differ in nothing but case are of one group. */
  fold_key: string;
  text: string;
  /** What a search is compared with: without case, in any alphabet. */
  folded: string;
  /** When it was last given, to the hour. */
  used_at: number;
}

/** Portals of the history. */
interface PortalNumbersTable {
  no: Generated<number>;
  member_id: string;
}

/** Codes of all events that were ever reserved. */
interface EventCodesTable {
  no: Generated<number>;
  code: string;
}

/** Batches of the history. */
interface HistoryBatchesTable {
  no: Generated<number>;
  process_id: string;
  portal_no: number;
}

/** What became of deliveries whose records are gone. */
interface HistoryTable {
  /** The number that the delivery had. */
  seq: number;
  portal_no: number;
  code_no: number;
  batch_no: number;
  object_id: string | null;
  row_id: string;
  /** `TIMESTAMP_X`, Unix seconds. */
  changed_at: number;
  reserved_at: number;
  published_at: number | null;
  settled_at: number;
  /** See history-outcome.ts. */
  outcome: number;
  /** How many were made. */
  attempts: number;
  reason_no: number | null;
}

/** What happened to events on their way, where more than the usual did; kept longer than the deliveries. */
export interface EventLogTable {
  no: Generated<number>;
  member_id: string;
  row_id: string;
  changed_at: number;
  process_id: string;
  what: EventLogged;
  at: number;
  attempt: number | null;
  /** Of a failed attempt: when its delivery was reserved and when the broker confirmed it. */
  reserved_at: number | null;
  published_at: number | null;
  /** Of a failed attempt: what told of it. */
  via: string | null;
  reason_no: number | null;
  /** Who did it, where a person did. */
  by_whom: string | null;
}

/**
 * `failed`: an attempt did. `marked`: on the portal. `fetched`: from there, under a new process id. `dead`: its dead
 * letter was confirmed. `retried`, `discarded`: by hand. `superseded`: its row has taken in a newer change. `heard`: a
 * service said that it had processed it after it had been taken for silent.
 */
export type EventLogged =
  'failed' | 'marked' | 'fetched' | 'dead' | 'retried' | 'discarded' | 'superseded' | 'heard';

/** Under which process ids a delivery was known before; kept as long as the delivery. */
interface FormerProcessIdsTable {
  member_id: string;
  process_id: string;
  message_id: string;
  /** The change that it was then, Unix seconds: a newer one may have merged into the row since. */
  changed_at: number;
  delivery_seq: number;
}

/** Rows listed on a plan without reservations, kept until the portal's own copy is taken. */
interface JournalTable {
  member_id: string;
  row_id: string;
  message_id: string;
  changed_at: number;
  time_assumed: Generated<Flag>;
  event: string;
  payload: string;
  user_id: string | null;
  errored: Flag;
  source_key: Generated<string>;
}

/** Processes that share the database; those whose heartbeat is over are gone. Times are the database's own. */
interface ReplicasTable {
  id: string;
  beat_until: number;
  /** What it tells the others of its portals, for people who watch; null where it tells nothing. */
  report: string | null;
  reported_at: number | null;
  /** How many leases it has; null where a version before has written the row. */
  held: number | null;
}

/** Who may act on a portal. Times are the database's own. */
interface LeasesTable {
  member_id: string;
  /** The replica that has it; null while none does. */
  owner: string | null;
  /** Grows with every change of owner. */
  epoch: number;
  expires_at: number;
}

/** PostgreSQL only: which portals were changed, whoever did it; a portal that is gone stays in it. */
interface PortalChangesTable {
  member_id: string;
  /** Number of the latest transaction that did. */
  changed_in: number;
}

/** PostgreSQL only: how many portals there are, counted as they come and go. */
interface PortalTotalTable {
  only_row: number;
  portals: number;
}

/** Which database this is; see identity.ts. */
interface IdentityTable {
  only_row: number;
  id: string;
  made_on: string;
}

/** Sessions of the dashboard that ended before their time. */
interface EndedSessionsTable {
  id: string;
  /** When it would have ended anyway. */
  expires_at: number;
}

/** Who did what; see src/audit. */
export interface AuditTable {
  id: Generated<number>;
  at: number;
  actor_kind: string;
  actor_name: string | null;
  actor_address: string | null;
  action: string;
  member_id: string | null;
  /** The portal's name at that time. */
  portal: string | null;
  target: string;
  count: number | null;
  detail: string | null;
  /** 0 until a running service has written its log line: the command line has no log. */
  told: Flag;
}

/** What people have asked to be done to many deliveries. Times are Unix milliseconds. */
export interface BulkTasksTable {
  id: string;
  action: 'retry' | 'discard';
  asked_by: string;
  /** What was chosen, in words. */
  label: string;
  created_at: number;
  /** 1 as soon as all of its deliveries are listed. */
  ready: Flag;
  total: number;
  done: number;
  /** Not found any more when their turn came. */
  gone: number;
  /** JSON: how many were left alone, by their state. */
  left_alone: string;
  /** Up to when the time was used that its pace allows. */
  paced_at: number;
  finished_at: number | null;
  stopped_by: string | null;
}

/** Deliveries of bulk tasks whose turn is still to come. */
interface BulkTaskDeliveriesTable {
  task_id: string;
  seq: number;
  /** 1 where it was marked on its portal: it has its time since the task began, and so has the delivery that takes its place. */
  spaced: Flag;
}

/** Requests to the API that have a key, and how they were answered. */
interface IdempotencyKeysTable {
  /** Digest of the token's name and the key. */
  id: string;
  /** Digest of what was asked. */
  request: string;
  begun_at: number;
  /** Null while it is under way. */
  status: number | null;
  answer: string | null;
}

/** Reading all that there is of some kinds of objects of a portal. Times are Unix milliseconds. */
export interface SnapshotsTable {
  no: Generated<number>;
  member_id: string;
  state: SnapshotState;
  /** Why it is paused or has failed, or what holds it up at present; null: nothing. */
  reason: string | null;
  /** JSON: what objects have to be like, by field; '{}' for all. */
  filter: string;
  /** The routing key that was asked for; null: the standard ones. */
  routing_key: string | null;
  asked_by: string;
  created_at: number;
  /** When it was last begun or gone on with, and how long it ran before that, ms: what its pace is told from. */
  resumed_at: number;
  ran_ms: number;
  finished_at: number | null;
  /** When something of it was last written. */
  progressed_at: number;
}

export const SNAPSHOT_STATES = ['running', 'paused', 'cancelled', 'completed', 'failed'] as const;
export type SnapshotState = (typeof SNAPSHOT_STATES)[number];

/** How far a snapshot is with a kind of objects. */
export interface SnapshotTypesTable {
  snapshot_no: number;
  /** Its place among the kinds. */
  ordinal: number;
  type: string;
  entity_type_id: number;
  /** Everything up to this id is read and in the ledger. */
  after_id: number;
  /** The last id that there was when it was begun; null until it was. */
  max_id: number | null;
  /** How many objects were read, and how many of them were left out, since a newer event of them was under way. */
  objects: number;
  superseded: number;
}

export interface Schema extends ReconcileSchema, ObjectStatesSchema {
  snapshots: SnapshotsTable;
  snapshot_types: SnapshotTypesTable;
  idempotency_keys: IdempotencyKeysTable;
  audit: AuditTable;
  identity: IdentityTable;
  portals: PortalsTable;
  portal_changes: PortalChangesTable;
  portal_total: PortalTotalTable;
  offered_tokens: OfferedTokensTable;
  deliveries: DeliveriesTable;
  journal: JournalTable;
  former_process_ids: FormerProcessIdsTable;
  ended_sessions: EndedSessionsTable;
  reasons: ReasonsTable;
  portal_numbers: PortalNumbersTable;
  event_codes: EventCodesTable;
  history_batches: HistoryBatchesTable;
  history: HistoryTable;
  event_log: EventLogTable;
  replicas: ReplicasTable;
  leases: LeasesTable;
  bulk_tasks: BulkTasksTable;
  bulk_task_deliveries: BulkTaskDeliveriesTable;
}
