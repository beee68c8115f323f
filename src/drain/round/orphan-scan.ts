import { type ListedRow, PAGE } from './apply-journal.js';
import { elapsed } from './elapsed.js';
import { type RoundCommand } from './round-command.js';
import { type RoundMemory } from './round-memory.js';

/** Orphans are promised to be found within 5 minutes whatever happened. */
export const ORPHAN_SCAN_EVERY_MS = 240_000;
/** While another program may be draining the queue as well, orphans are scanned for more often. */
const WATCH_EVERY_MS = 30_000;
/** For so long after something strange was seen, ms. */
export const WATCH_MS = 600_000;

/** Whether the next round scans for orphans. */
export function orphanScanDue(memory: RoundMemory, now: number): boolean {
  const { scanFirst, scanCursor, scannedAt, suspectUntil, accounted } = memory;
  if (scanFirst || scanCursor !== '') return true;
  // What a lost request did after the last scan is found as soon as it can do nothing more.
  if (!accounted && now > suspectUntil && scannedAt <= suspectUntil) return true;
  return elapsed(scannedAt, now, orphanScanEvery(memory, now));
}

/** How long after one scan the next is due, ms. */
export function orphanScanEvery({ watchUntil }: Pick<RoundMemory, 'watchUntil'>, now: number): number {
  // A time far in the future was written before the clock was set back.
  return watchUntil > now && watchUntil <= now + WATCH_MS ? WATCH_EVERY_MS : ORPHAN_SCAN_EVERY_MS;
}

/** The gaps between the known process ids, beyond the cursor. */
export function gapsToScan(held: readonly string[], cursor: string): RoundCommand[] {
  const bounds = held.filter((processId) => processId > cursor);
  const scans: RoundCommand[] = [];
  let after = cursor;
  for (const before of bounds) {
    scans.push({ kind: 'scan', after, before });
    after = before;
  }
  scans.push({ kind: 'scan', after, before: null });
  return scans;
}

/** Orphans that are remembered at once. */
const MOST_ORPHANS = 500;

/**
 * Notes what a scan of one gap has shown: batches that the ledger does not know become orphans. Returns the process ids
 * of those that another program has reserved.
 * @param after where the gap begins
 * @param known process ids that the ledger knows
 */
export function noteScanned(
  memory: RoundMemory,
  after: string,
  rows: readonly Pick<ListedRow, 'processId'>[],
  { known, sentAt, now }: { known: ReadonlySet<string>; sentAt: number; now: number },
): string[] {
  const foreign: string[] = [];
  if (after === '') memory.scanSafe = sentAt > memory.suspectUntil;
  // A full page may hide more.
  if (rows.length >= PAGE) memory.scanSafe = false;
  for (const { processId } of rows) {
    if (known.has(processId) || processId === '') continue;
    memory.scanFound = true;
    // Those that are left out are found by another scan.
    if (memory.orphans.has(processId) || memory.orphans.size >= MOST_ORPHANS) continue;
    memory.orphans.set(processId, { afterRowId: null, rows: [] });
    memory.watchUntil = now + WATCH_MS;
    if (memory.accounted && !memory.seen.has(processId)) foreign.push(processId);
    memory.seen.set(processId, memory.round);
  }
  return foreign;
}

/** The scan has come to its end. */
export function endScan(memory: RoundMemory, now: number): void {
  memory.scanCursor = '';
  memory.accounted ||= memory.scanSafe;
  // A page shows at most 50 rows: what it found may hide more, so the scan ends with one that finds nothing.
  if (memory.scanFound) memory.scanFound = false;
  else {
    memory.scanFirst = false;
    memory.scannedAt = now;
  }
}

/** What was seen of batches that are gone is of no use any more. */
export function forgetGone(memory: RoundMemory, known: ReadonlySet<string>): void {
  for (const [processId, seen] of memory.contentsSeen) {
    if (seen.round < memory.round && !known.has(processId)) memory.contentsSeen.delete(processId);
  }
  for (const [processId, round] of memory.seen) if (round < memory.round) memory.seen.delete(processId);
}
