import { type RoundSnapshot } from '../../ledger/round-snapshot.js';
import { elapsed } from './elapsed.js';
import { marksInDoubt, type RoundMemory } from './round-memory.js';

/** An error row swallows the later changes of its object, so it is fetched long before a late retry is due. */
export const MAX_ERROR_ROW_AGE_MS = 30_000;
/** Rows that another program marked, or that we have forgotten, show only when they are asked for. */
export const ERROR_ROWS_EVERY_MS = 60_000;

/**
 * An error row that is fetched makes room for a newer pending change of its object, and a mark of that object which
 * is still under way somewhere would delete that change. Pending, the row takes the change in and is safe. So where a
 * mark is in doubt, only rows of other messages are fetched, one by one: see {@link markedDue}.
 */
export function errorRowsDue(snapshot: RoundSnapshot, memory: RoundMemory, now: number): boolean {
  if (marksInDoubt(memory, now).size > 0) return false;
  if (memory.errorRowsRemain || elapsed(memory.errorRowsFetchedAt, now, ERROR_ROWS_EVERY_MS)) return true;
  return isMarkedDue(snapshot, now);
}

/** Whether rows of messages that are marked are to be fetched one by one. */
export function markedDue(snapshot: RoundSnapshot, memory: RoundMemory, now: number): boolean {
  return marksInDoubt(memory, now).size > 0 && isMarkedDue(snapshot, now);
}

function isMarkedDue({ marked }: RoundSnapshot, now: number): boolean {
  return marked !== null && (marked.dueAt <= now || elapsed(marked.since, now, MAX_ERROR_ROW_AGE_MS));
}
