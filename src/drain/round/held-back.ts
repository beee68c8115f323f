import { type RoundSnapshot } from '../../ledger/round-snapshot.js';
import { elapsed } from './elapsed.js';
import { FIRST_LIMIT, type PlanSettings } from './plan-input.js';
import { type RoundPlan } from './round-command.js';

/** Batches that may wait to be published before no more are reserved. */
const UNPUBLISHED_BATCHES = 4;

/**
 * Whether enough waits to be published: what cannot be published yet is better kept on the portal than in the ledger,
 * where it grows and slows everything down.
 */
export function heldBack(
  { unpublished }: Pick<RoundSnapshot, 'unpublished'>,
  { limit, settings }: { readonly limit: number; readonly settings: Pick<PlanSettings, 'DRAIN_LIMIT'> },
): boolean {
  return unpublished >= UNPUBLISHED_BATCHES * Math.max(limit, Math.min(FIRST_LIMIT, settings.DRAIN_LIMIT));
}

/** Rows that are settled may stay on the portal for so long while it is held back. */
const CLEARS_WAIT_MS = 30_000;

/**
 * A portal that is held back gets no request for clears alone: there is room again soon, and the request that
 * reserves carries them along. Pure.
 * @param heldBackSince Unix ms; null where it is not held back
 */
export function withoutLoneClears(plan: RoundPlan, heldBackSince: number | null, now: number): RoundPlan {
  if (heldBackSince === null || elapsed(heldBackSince, now, CLEARS_WAIT_MS)) return plan;
  return plan.commands.every(({ kind }) => kind === 'clear') ? { commands: [], more: false } : plan;
}
