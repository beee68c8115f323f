import { type Kysely, sql, type UpdateQueryBuilder, type UpdateResult } from 'kysely';
import { type DeliveryState, type Schema } from '../database/schema.js';

/** A database handle or an open transaction. */
export type Db = Kysely<Schema>;

/**
 * Which state may follow which. This table, and {@link move} which enforces it, are the only way a delivery
 * changes its state.
 */
export const TRANSITIONS: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  // A reply can overtake the confirm of its own publish, hence the outcomes here.
  reserved: ['published', 'refused', 'processed', 'failed', 'waiting', 'dead'],
  // A queue refused it; those that took it may have been heard of.
  refused: ['published', 'refused', 'processed', 'failed', 'waiting', 'dead'],
  published: ['processed', 'failed', 'waiting'],
  // A late failure: still held on the portal, it can be marked; cleared, it is retried from the ledger.
  processed: ['failed', 'waiting'],
  // Processed where silence was taken for a failure, and the reply came late.
  failed: ['marked', 'waiting', 'processed'],
  // Back to failed only where the portal turns out to hold the row still, unmarked.
  marked: ['waiting', 'failed', 'processed'],
  // A reply can overtake the confirm of a retry too.
  waiting: ['published', 'refused', 'processed', 'failed', 'waiting', 'dead'],
  // Only by hand: tried again, or given up.
  dead: ['waiting', 'processed'],
};

/** A change of state that no rule allows was asked for: a defect of the bridge. */
export class ImpossibleTransition extends Error {
  constructor(from: DeliveryState, to: DeliveryState) {
    super(`a ${from} delivery cannot become ${to}`);
    this.name = 'ImpossibleTransition';
  }
}

/**
 * Starts an UPDATE that moves deliveries from one of the given states to another. The caller narrows it further;
 * deliveries that have meanwhile left those states are not touched.
 * @throws {ImpossibleTransition}
 */
export function move(
  db: Db,
  from: readonly [DeliveryState, ...DeliveryState[]],
  to: DeliveryState,
  now: number,
): UpdateQueryBuilder<Schema, 'deliveries', 'deliveries', UpdateResult> {
  for (const state of from) {
    if (!TRANSITIONS[state].includes(to)) throw new ImpossibleTransition(state, to);
  }
  const update = db.updateTable('deliveries').set({ state: to, state_at: now });
  // Literals, so that the planner can prove that a partial index applies.
  return from.length === 1
    ? update.where('state', '=', sql.lit(from[0]))
    : update.where(
        'state',
        'in',
        from.map((state) => sql.lit(state)),
      );
}

/** Number of rows an UPDATE touched. */
export function touched(result: UpdateResult): number {
  return Number(result.numUpdatedRows);
}

/** Cuts a list so that one statement stays below both databases' limits on bound values. */
export function* chunks<T>(list: readonly T[], size = 1000): Generator<T[]> {
  for (let start = 0; start < list.length; start += size) yield list.slice(start, start + size);
}
