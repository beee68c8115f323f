import { sql } from 'kysely';
import { type DeliveryState } from '../database/schema.js';
import { refusedByPortal, type RefusedCount } from './refused.js';
import { type Db } from './transitions.js';

/** States that an operator may want to look at. */
export const TROUBLED = [
  'failed',
  'marked',
  'waiting',
  'refused',
  'dead',
] as const satisfies readonly DeliveryState[];

/** One of {@link TROUBLED}. */
export type TroubledState = (typeof TROUBLED)[number];

/** What is wrong at one portal. */
export interface Troubles {
  /** Deliveries by state; a state with none is missing. */
  readonly counts: Readonly<Partial<Record<TroubledState, number>>>;
  /** Of the refused ones: under which keys. */
  readonly refused: readonly RefusedCount[];
  /** When the last delivery entered one of these states, Unix ms. */
  readonly latestAt: number;
}

/** Whether a state is one of {@link TROUBLED}. */
export function isTroubled(state: DeliveryState): state is TroubledState {
  return (TROUBLED as readonly DeliveryState[]).includes(state);
}

/** Counts what is wrong, by member id. Reads one entry of an index for each of those deliveries. */
export async function troubleByPortal(db: Db): Promise<Map<string, Troubles>> {
  const rows = await db
    .selectFrom('deliveries')
    .select((eb) => ['member_id', 'state', eb.fn.countAll().as('count'), eb.fn.max('state_at').as('latest')])
    .where(
      'state',
      'in',
      TROUBLED.map((state) => sql.lit(state)),
    )
    // Always so; SQLite would take an index in the order of the groups otherwise, and read every delivery.
    .where('state_at', '>', 0)
    .groupBy(['member_id', 'state'])
    .execute();
  const refused = rows.some(({ state }) => state === 'refused') ? await refusedByPortal(db) : null;
  const troubles = new Map<string, Troubles>();
  for (const { member_id: memberId, state, count, latest } of rows) {
    const before = troubles.get(memberId);
    troubles.set(memberId, {
      counts: { ...before?.counts, [state]: Number(count) },
      refused: refused?.get(memberId) ?? [],
      latestAt: Math.max(before?.latestAt ?? 0, Number(latest)),
    });
  }
  return troubles;
}

/** Counts deliveries that are neither settled, refused nor marked, by member id, from the indexes of those states. */
export async function inFlightByPortal(db: Db): Promise<Map<string, number>> {
  const sums = new Map<string, number>();
  for (const state of ['reserved', 'published', 'failed', 'waiting'] as const) {
    const rows = await db
      .selectFrom('deliveries')
      .select((eb) => ['member_id', eb.fn.countAll().as('count')])
      .where('state', '=', sql.lit(state))
      .groupBy('member_id')
      .execute();
    for (const { member_id: memberId, count } of rows) {
      sums.set(memberId, (sums.get(memberId) ?? 0) + Number(count));
    }
  }
  return sums;
}
