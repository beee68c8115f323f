import { type ReservedBatch } from '../../ledger/record-reserved.js';
import { type Orphan, type OrphanRow } from './round-memory.js';
import { compareRowIds } from './row-ids.js';

/** What one round read of an orphan. */
export interface AdoptedPage {
  readonly rows: readonly OrphanRow[];
  /** Last row of each list that its limit cut short; empty where all was read. */
  readonly lastRowIds: readonly (string | undefined)[];
  /** Of the answer that brought it. */
  readonly bytes: number;
}

/** Beyond so many bytes of answers, what was read of orphans is written before the rest of them is read. */
const KEPT_BYTES = 16 * 1024 * 1024;

/**
 * Adds a page to an orphan. When it was the last one the orphan is one no more, and what it holds is returned; before
 * that, what is too much to be kept. Changes `orphans`.
 */
export function adoptPage(
  orphans: Map<string, Orphan>,
  processId: string,
  page: AdoptedPage,
): { batches: readonly ReservedBatch[]; seenWhole: boolean } {
  const before = orphans.get(processId);
  const rows = new Map((before?.rows ?? []).map((row) => [row.event.rowId, row]));
  for (const row of page.rows) rows.set(row.event.rowId, row);
  // The next page begins where the first of the lists was cut.
  const [afterRowId] = page.lastRowIds.filter((rowId) => rowId !== undefined).sort(compareRowIds);
  const bytes = (before?.bytes ?? 0) + page.bytes;
  const others = [...orphans].reduce(
    (sum, [id, orphan]) => sum + (id === processId ? 0 : (orphan.bytes ?? 0)),
    0,
  );
  if (afterRowId !== undefined && bytes + others <= KEPT_BYTES) {
    orphans.set(processId, { afterRowId, rows: [...rows.values()], bytes });
    return { batches: [], seenWhole: false };
  }
  if (afterRowId === undefined) orphans.delete(processId);
  else orphans.set(processId, { afterRowId, rows: [] });
  const batch = (errored: boolean, held: boolean): ReservedBatch => ({
    processId,
    events: [...rows.values()]
      .filter((row) => row.errored === errored && (row.displaced !== true) === held)
      .map((row) => row.event),
    errored,
    held,
  });
  const batches = [batch(false, true), batch(false, false), batch(true, true)];
  return {
    batches: batches.filter(({ events }) => events.length > 0),
    // Earlier pages were seen by earlier rounds, and may have shrunk since.
    seenWhole: afterRowId === undefined && (before?.afterRowId ?? null) === null,
  };
}

/**
 * These messages were marked under another process id: the portal has deleted what orphans held of them unmarked. What
 * was read of them is delivered all the same. Changes `orphans`.
 */
export function displaceOrphans(orphans: Map<string, Orphan>, messageIds: readonly string[]): void {
  const marked = new Set(messageIds);
  for (const [processId, { afterRowId, rows }] of orphans) {
    orphans.set(processId, {
      afterRowId,
      rows: rows.map((row) =>
        !row.errored && marked.has(row.event.messageId) ? { ...row, displaced: true } : row,
      ),
    });
  }
}
