import { type DeliveryState, type Flag } from '../../database/schema.js';
import { type HistoryOutcome } from '../history/history-outcome.js';
import { type FoundState } from './event-filter.js';

/** An event as a list shows it, from the ledger or from the history. Times are Unix ms. */
export interface FoundDelivery {
  /** Number of the delivery. */
  readonly seq: number;
  readonly isHistory: boolean;
  readonly memberId: string;
  readonly code: string;
  /** Id of the object that changed; null where the event has none. */
  readonly objectId: string | null;
  readonly rowId: string;
  /** Null where it is forgotten. */
  readonly processId: string | null;
  readonly state: FoundState;
  readonly stateSince: number;
  /** How it ended; null while it is under way. */
  readonly outcome: HistoryOutcome | null;
  /** How many were made. */
  readonly attempts: number;
  readonly reason: string | null;
  /** Unix seconds, as in its id. */
  readonly changedAt: number;
  readonly reservedAt: number;
  /** Of the last attempt that the broker confirmed. */
  readonly publishedAt: number | null;
  readonly settledAt: number | null;
  readonly dueAt: number | null;
  /** How often in a row it was refused, and under which routing key; 0 and null in the history. */
  readonly refusals: number;
  readonly refusedKey: string | null;
}

/** Columns of a delivery that make a {@link FoundDelivery}. */
export interface DeliveryRow {
  readonly seq: number;
  readonly member_id: string;
  readonly event: string;
  readonly object_id: string | null;
  readonly row_id: string;
  readonly process_id: string;
  readonly state: DeliveryState;
  readonly state_at: number;
  readonly attempt: number;
  readonly discarded_at: number | null;
  readonly silent: Flag | null;
  readonly reason: string | null;
  readonly changed_at: number;
  readonly reserved_at: number;
  readonly published_at: number | null;
  readonly due_at: number | null;
  readonly refusals: number;
  readonly refused_key: string | null;
}

export const DELIVERY_COLUMNS = [
  'seq',
  'member_id',
  'event',
  'object_id',
  'row_id',
  'process_id',
  'state',
  'state_at',
  'attempt',
  'discarded_at',
  'silent',
  'reason',
  'changed_at',
  'reserved_at',
  'published_at',
  'due_at',
  'refusals',
  'refused_key',
] as const satisfies readonly (keyof DeliveryRow)[];

export function foundDelivery(row: DeliveryRow): FoundDelivery {
  const outcome = outcomeOfDelivery(row);
  const yetToCome = row.state === 'waiting' || (row.state === 'refused' && row.refused_key === '');
  const isOver = row.state === 'dead' || row.discarded_at !== null;
  return {
    seq: row.seq,
    isHistory: false,
    memberId: row.member_id,
    code: row.event,
    objectId: row.object_id === '' ? null : row.object_id,
    rowId: row.row_id,
    processId: row.process_id,
    state: outcome === 'discarded' ? 'discarded' : row.state,
    stateSince: row.state_at,
    outcome,
    attempts: yetToCome || isOver ? row.attempt - 1 : row.attempt,
    reason: row.reason,
    changedAt: row.changed_at,
    reservedAt: row.reserved_at,
    publishedAt: row.published_at,
    settledAt: outcome === null ? null : row.state_at,
    dueAt: row.due_at,
    refusals: row.refusals,
    refusedKey: row.refused_key,
  };
}

function outcomeOfDelivery({ state, discarded_at: discardedAt, silent }: DeliveryRow): HistoryOutcome | null {
  if (state === 'dead') return 'dead';
  if (state !== 'processed') return null;
  if (discardedAt !== null) return 'discarded';
  return silent === 1 ? 'silent' : 'processed';
}
