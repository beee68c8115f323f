/** The largest of row ids, compared as the integers they are. */
export function largest(rowIds: readonly string[]): string | null {
  let best: string | null = null;
  for (const rowId of rowIds) if (best === null || compareRowIds(rowId, best) > 0) best = rowId;
  return best;
}

/** Compares row ids as integers of any length. */
export function compareRowIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
