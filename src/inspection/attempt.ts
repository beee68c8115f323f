import { type DeliveryRecord } from '../ledger/find-deliveries.js';

/**
 * The attempt to be shown for a delivery: the one under way, or next due. What is dead or was discarded carries the
 * number of an attempt that is not made any more, so of these it is the last that was.
 */
export function attemptOf(record: Pick<DeliveryRecord, 'state' | 'attempt' | 'discarded_at'>): number {
  return record.state === 'dead' || record.discarded_at !== null ? record.attempt - 1 : record.attempt;
}
