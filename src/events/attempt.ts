import { type DeliveryRecord } from '../ledger/find-deliveries.js';

type Facts = Pick<DeliveryRecord, 'state' | 'attempt' | 'discarded_at' | 'refused_key'>;

/**
 * The attempt to be shown for a delivery: the one under way, or next due. What is dead or was discarded carries the
 * number of an attempt that is not made any more, so of these it is the last that was.
 */
export function attemptOf(record: Facts): number {
  return record.state === 'dead' || record.discarded_at !== null ? record.attempt - 1 : record.attempt;
}

/** The attempt that consumers have seen last; 1 where there was none: of what waits, not the one to come. */
export function attemptSeen(record: Facts): number {
  return Math.max(1, made(record));
}

/** How many attempts were made, and how many of them count towards the limit. */
export function attemptsOf(record: Facts & Pick<DeliveryRecord, 'attempts_before'>): {
  made: number;
  inSeries: number;
} {
  return { made: made(record), inSeries: made(record) - record.attempts_before };
}

function made(record: Facts): number {
  // An event that a queue refuses may be in other queues; where its dead letter is refused, no attempt was under way.
  const yetToCome = record.state === 'waiting' || (record.state === 'refused' && record.refused_key === '');
  return yetToCome ? record.attempt - 1 : attemptOf(record);
}
