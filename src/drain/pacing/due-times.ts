import { type RoundSnapshot } from '../../ledger/round-snapshot.js';
import { checkEveryMs } from '../round/checks.js';
import { ERROR_ROWS_EVERY_MS, MAX_ERROR_ROW_AGE_MS } from '../round/error-rows.js';
import { orphanScanEvery } from '../round/orphan-scan.js';
import { type RoundMemory } from '../round/round-memory.js';
import { type Silence } from './silence.js';

/**
 * What comes round every few minutes waits this long for a round that comes anyway. Orphans are still found within
 * their 5 minutes.
 */
export const LENIENCE_MS = 30_000;

/**
 * When a round is wanted although the portal may have nothing new, Unix ms: what is silent settles, error rows are
 * fetched again, orphans are scanned for, features and bindings are checked. Marks have a time of their own. Pure.
 * @param silence says how much longer what was published so long ago has to be silent, ms
 */
export function workDueAt(
  snapshot: RoundSnapshot,
  memory: RoundMemory,
  silence: Pick<Silence, 'remaining'>,
  now: number,
): number {
  const due = [memory.scannedAt + orphanScanEvery(memory, now), memory.checkedAt + checkEveryMs(memory)].map(
    (at) => at + LENIENCE_MS,
  );
  // What is not published yet may be at any moment, so it counts as published now.
  if (snapshot.inFlight > 0)
    due.push(now + silence.remaining(Math.max(0, now - (snapshot.publishedSince ?? now))));
  if (snapshot.marked !== null)
    due.push(snapshot.marked.dueAt, Math.min(snapshot.marked.since, now) + MAX_ERROR_ROW_AGE_MS);
  if (snapshot.journal.length > 0 || memory.errorRowsRemain || inDoubt(memory, now)) due.push(now);
  return Math.min(...due);
}

/** What a lost request left undone, or did and did not tell, is looked for as often as ever. */
function inDoubt({ doubt, suspectUntil }: RoundMemory, now: number): boolean {
  if (doubt.marks.size > 0) return now <= suspectUntil + ERROR_ROWS_EVERY_MS;
  return doubt.clears.size > 0 && now <= suspectUntil;
}
