import { type RoundSnapshot } from '../ledger/round-snapshot.js';
import { CHECK_EVERY_MS, ERROR_ROWS_EVERY_MS, MAX_ERROR_ROW_AGE_MS, SWEEP_EVERY_MS } from './plan.js';
import { type RoundMemory } from './round-memory.js';

/**
 * What comes round every few minutes waits this long for a round that comes anyway. Orphans are still found within
 * their 5 minutes.
 */
export const LENIENCE_MS = 30_000;

/**
 * When a round is wanted although the portal may have nothing new, Unix ms: what is silent settles, error rows are
 * fetched again, orphans are looked for, features and bindings are checked. Marks have a time of their own. Pure.
 */
export function workDueAt(
  snapshot: RoundSnapshot,
  memory: RoundMemory,
  settings: { readonly SETTLE_AFTER_MS: number },
  now: number,
): number {
  const due = [memory.sweptAt + SWEEP_EVERY_MS, memory.checkedAt + CHECK_EVERY_MS].map(
    (at) => at + LENIENCE_MS,
  );
  // What is not published yet may be at any moment, so it counts as published now.
  if (snapshot.inFlight > 0)
    due.push(Math.min(snapshot.publishedSince ?? now, now) + settings.SETTLE_AFTER_MS);
  if (snapshot.marked !== null)
    due.push(snapshot.marked.dueAt, Math.min(snapshot.marked.since, now) + MAX_ERROR_ROW_AGE_MS);
  if (snapshot.journal.length > 0 || inDoubt(memory, now)) due.push(now);
  return Math.min(...due);
}

/** What a lost request left undone, or did and did not tell, is looked for as often as ever. */
function inDoubt({ doubt, suspectUntil }: RoundMemory, now: number): boolean {
  if (doubt.marks) return now <= suspectUntil + ERROR_ROWS_EVERY_MS;
  return doubt.clears.size > 0 && now <= suspectUntil;
}
