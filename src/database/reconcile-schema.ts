import { type Generated } from 'kysely';

/** Kinds of a portal's objects that are compared with what events have announced. Times are Unix milliseconds. */
interface ReconciledTypesTable {
  no: Generated<number>;
  member_id: string;
  entity_type_id: number;
  /** Its name: `crm.deal`. */
  type: string;
  /** When everything there was had been learned, so that a difference is a change; null until then. */
  learned_at: number | null;
  /** When the last look through what was changed lately began; null where there was none. */
  looked_at: number | null;
  /** What was the time on the portal then, Unix seconds. */
  looked_to: number | null;
  /** When the last sweep through all ids began that is over; null where there was none. */
  swept_at: number | null;
  /** When the sweep began that is under way; null where none is. */
  sweep_began_at: number | null;
  /** It is through with everything up to this id, and ends with that one. */
  sweep_after_id: number | null;
  sweep_max_id: number | null;
  /** Why it cannot be read at present; null where it can. */
  trouble: string | null;
}

/** What reconciling has to know of a portal. Times are Unix milliseconds. */
interface ReconciledPortalsTable {
  member_id: string;
  /** When people have asked for it; null where that was done. */
  asked_at: number | null;
  /** When all bindings were last seen to be there. */
  bindings_seen_at: number | null;
}

/** What is known of an object. Times of the portal are Unix seconds, ours Unix milliseconds. */
interface SeenObjectsTable {
  type_no: number;
  object_id: number;
  /** The portal's: when it was changed, as far as its events or a report account for it; null where it was never read. */
  updated_at: number | null;
  /** The portal's: the last change that an event has announced; null where none has. */
  announced_at: number | null;
  /** The portal's: up to then a row that was marked and fetched again stands for every change; null where there was none. */
  covered_at: number | null;
  /** The portal's: a later change that was read, and that no event has announced yet. */
  listed_at: number | null;
  /** Ours: since when there is something that no event has announced yet; null where there is nothing. */
  suspect_at: number | null;
  /** 1 where it was deleted, as an event or a report has said. */
  gone: 0 | 1;
}

/** Why a portal may have announced nothing for a time. */
const SILENT_CAUSES = [
  'bindings_missing',
  'not_installed',
  'unfinished',
  'suspended',
  'unlicensed',
  'unauthorized',
  'paused',
] as const;
export type SilentCause = (typeof SILENT_CAUSES)[number];

/** Times for which a portal may have announced nothing; Unix milliseconds, by our clock. */
interface SilentSpellsTable {
  no: Generated<number>;
  member_id: string;
  cause: SilentCause;
  since: number;
  /** Null while it lasts. */
  until: number | null;
}

export const MISSED_KINDS = ['add', 'update', 'delete'] as const;
export type MissedKind = (typeof MISSED_KINDS)[number];
/** Why no event has announced a change, as far as that can be told. */
export const MISSED_CAUSES = [...SILENT_CAUSES, 'own_write', 'shared_queue', 'unknown'] as const;
export type MissedCause = (typeof MISSED_CAUSES)[number];

/** Changes that no event has announced. */
interface MissedChangesTable {
  no: Generated<number>;
  member_id: string;
  type: string;
  object_id: number;
  change: MissedKind;
  /** The portal's, Unix seconds: when it was changed; of a delete, when it was found. */
  changed_at: number;
  /** Unix milliseconds. */
  found_at: number;
  cause: MissedCause;
}

/** Tables of what is compared with events. */
export interface ReconcileSchema {
  reconciled_types: ReconciledTypesTable;
  reconciled_portals: ReconciledPortalsTable;
  seen_objects: SeenObjectsTable;
  silent_spells: SilentSpellsTable;
  missed_changes: MissedChangesTable;
}
