import { type LedgerPolicy } from './history/history-settings.js';
import { logDeliveries } from './history/event-log.js';
import { reasonNumbers } from './history/reasons.js';
import { retryNow } from './retry-now.js';
import { deliveriesOf, insertForgotten, type Returned } from './take-back.js';
import { type Db } from './transitions.js';

const REASON = 'its dead letter was republished';

/** What the ledger does with a dead letter's event that people want delivered again. */
export type Revived =
  /** It is due now, in a new series of attempts. */
  | 'due'
  /** It is under way already. */
  | 'under_way'
  /** It was settled since: processed after another retry, or given up. */
  | 'settled'
  /** The ledger has another change under the same names: the letter is the only copy. */
  | 'kept';

/**
 * Has the events of dead letters delivered again: a retry by hand. One that is dead in the ledger begins a new series of
 * attempts; one that the ledger has forgotten is taken back from the letter itself, held by no portal. Run it in a
 * transaction.
 * @param by who asked for it
 * @param letter `attempt` is the last one that was made
 */
export async function revive(
  db: Db,
  letter: Omit<Returned, 'reason'>,
  policy: LedgerPolicy,
  now: number,
  by: string,
): Promise<Revived> {
  const known = await deliveriesOf(db, letter);
  const dead = known.filter(({ state }) => state === 'dead').map(({ seq }) => seq);
  if (dead.length > 0) {
    const { renewed } = await retryNow(db, dead, policy, now, by);
    return renewed > 0 ? 'due' : 'under_way';
  }
  if (known.length > 0) return known.every(({ state }) => state === 'processed') ? 'settled' : 'under_way';
  const reasonNo = (await reasonNumbers(db, [REASON], now)).get(REASON) ?? null;
  const next = { dueAt: now, attemptsBefore: letter.attempt, reason: REASON, reasonNo };
  const seq = await insertForgotten(db, letter, next, now);
  if (seq === null) return 'kept';
  await logDeliveries(db, policy, 'retried', [seq], now, by);
  return 'due';
}
