/** The middle value; the mean of the middle two. NaN of nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which a share `q` (0 to 1) of the values lies, interpolated. NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  if (low === undefined || high === undefined) return Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/** A count at a point in time. */
export interface Sample {
  /** Milliseconds, from any origin. */
  readonly at: number;
  readonly count: number;
}

/**
 * Counts a second between the moments at which the shares `from` and `to` of `total` were reached; the start-up
 * stays out of it.
 * @throws Error when the samples do not reach that far
 */
export function rateBetween(samples: readonly Sample[], total: number, from: number, to: number): number {
  const start = samples.find(({ count }) => count >= total * from);
  const end = samples.find(({ count }) => count >= total * to);
  if (start === undefined || end === undefined || end.at <= start.at) {
    throw new Error(`${samples.length} samples do not cover ${from} to ${to} of ${total}`);
  }
  return ((end.count - start.count) / (end.at - start.at)) * 1000;
}
