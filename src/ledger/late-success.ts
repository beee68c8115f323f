import { type Expression, type ExpressionBuilder, sql } from 'kysely';
import { type DeliveriesTable, type DeliveryState, type Flag, type Schema } from '../database/schema.js';

/** Why a delivery failed of which nothing was heard in time, where only a reply settles. */
export const NO_REPLY = 'no reply';

type Silent = Pick<
  DeliveriesTable,
  'state' | 'reason' | 'attempt' | 'changed_at' | 'errored' | 'stands_for_newer'
> & { readonly heard: Flag };

/** What a reply says of one delivery. */
interface Said {
  /** The attempt it speaks of; null = the current one. */
  readonly attempt: number | null;
  /** The change that it was under the process id that the reply names, where it has another one by now. */
  readonly formerChange: number | null;
}

const UNDER_WAY_TO_RETRY: readonly DeliveryState[] = ['failed', 'marked', 'waiting'];

/**
 * Whether a reply speaks of the very attempt of which nothing was heard in time. Until the next one is out, a late
 * reply counts. Pure.
 */
export function speaksOfSilence(delivery: Silent, { attempt, formerChange }: Said): boolean {
  if (delivery.reason !== NO_REPLY || !UNDER_WAY_TO_RETRY.includes(delivery.state)) return false;
  // Its row has taken in a newer change since it had that process id.
  if (formerChange !== null && formerChange !== delivery.changed_at) return false;
  return attempt === null || attempt === silentAttempt(delivery);
}

/** The attempt of which nothing was heard. */
export function silentAttempt({ state, attempt }: Pick<Silent, 'state' | 'attempt'>): number {
  return state === 'waiting' ? attempt - 1 : attempt;
}

/**
 * What a late success makes of a silent delivery. A mark deletes every newer change of its object that was not
 * seen yet, and the marked row stands for it: unless it is certain that there was none, it has to be delivered
 * once more, as the newer change that it may be. Pure.
 */
export function afterLateSuccess({
  state,
  errored,
  stands_for_newer: standsForNewer,
}: Pick<Silent, 'state' | 'errored' | 'stands_for_newer'>): 'processed' | 'heard' | 'renewed' {
  // The row of a marked one has to be fetched first.
  if (state === 'marked') return 'heard';
  if (state === 'failed') return 'processed';
  // The portal shows the mark, or has told of it.
  const isMarked = errored === 1 || standsForNewer !== null;
  return isMarked && standsForNewer !== 0 ? 'renewed' : 'processed';
}

/**
 * When a renewed delivery counts as changed, Unix seconds: consumers that have dealt with the older change, and drop
 * its id, must not drop this one.
 */
export function renewedChangeAt(changedAt: number, now: number): number {
  return Math.max(changedAt + 1, Math.floor(now / 1000));
}

/** {@link renewedChangeAt} of every row of an UPDATE, and a series of attempts of its own. @param next the attempt */
export function asRenewed(
  eb: ExpressionBuilder<Schema, 'deliveries'>,
  next: Expression<number>,
  now: number,
) {
  const seconds = Math.floor(now / 1000);
  return {
    changed_at: sql<number>`case when changed_at >= ${seconds} then changed_at + 1 else ${seconds} end`,
    time_assumed: eb.lit(1) as Expression<Flag>,
    attempts_before: eb(next, '-', 1),
    due_at: now,
    reason: null,
    reason_no: null,
    heard: 0 as const,
  };
}
