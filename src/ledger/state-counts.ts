import { type DeliveryState } from '../database/schema.js';

/** How many deliveries are in which state; a state with none is missing. */
export type StateCounts = Readonly<Partial<Record<DeliveryState, number>>>;

/** Both together. */
export function addUp(one: StateCounts, other: StateCounts): Partial<Record<DeliveryState, number>> {
  const sum = { ...one };
  for (const [state, count] of Object.entries(other) as [DeliveryState, number][]) {
    sum[state] = (sum[state] ?? 0) + count;
  }
  return sum;
}
