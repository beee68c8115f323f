import { type ReservedBatch, type ReservedEvent } from '../ledger/record-reserved.js';
import { type Orphan } from './round-memory.js';
import { compareRowIds } from './row-ids.js';

/** What one round read of an orphan. */
export interface AdoptedPage {
  readonly rows: readonly { readonly event: ReservedEvent; readonly errored: boolean }[];
  /** Last row of each list that its limit cut short; empty where all was read. */
  readonly lastRowIds: readonly (string | undefined)[];
}

/**
 * Adds a page to an orphan. When it was the last one the orphan is one no more, and what it holds is returned.
 * Changes `orphans`.
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
  if (afterRowId !== undefined) {
    orphans.set(processId, { afterRowId, rows: [...rows.values()] });
    return { batches: [], seenWhole: false };
  }
  orphans.delete(processId);
  const batches = [false, true].map((errored) => ({
    processId,
    events: [...rows.values()].filter((row) => row.errored === errored).map((row) => row.event),
    errored,
    held: true,
  }));
  return {
    batches: batches.filter(({ events }) => events.length > 0),
    // Earlier pages were seen by earlier rounds, and may have shrunk since.
    seenWhole: (before?.afterRowId ?? null) === null,
  };
}
