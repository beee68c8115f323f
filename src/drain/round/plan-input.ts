import { type RoundSnapshot } from '../../ledger/round-snapshot.js';
import { type RoundMemory } from './round-memory.js';

/** The settings that shape a round. */
export interface PlanSettings {
  readonly DRAIN_LIMIT: number;
  readonly DRAIN_MAX_IN_FLIGHT: number;
  readonly FAILURE_BATCH_SIZE: number;
  readonly FAILURE_BATCH_WAIT_MS: number;
}

export interface PlanInput {
  readonly snapshot: RoundSnapshot;
  /** Process ids under which the ledger believes rows to be held, ascending; needed only while {@link orphanScanDue}. */
  readonly heldProcessIds: readonly string[];
  readonly memory: RoundMemory;
  /** Whether the portal reserves for us; null until it was asked. */
  readonly extended: boolean | null;
  readonly settings: PlanSettings;
  /** Events that are reserved: up to `DRAIN_LIMIT`, see batch-size.ts. */
  readonly limit: number;
  readonly now: number;
  /** People keep the portal from reserving anything new. */
  readonly paused?: boolean;
  /** Messages that are marked and due, which are fetched one by one while a mark of another message is in doubt. */
  readonly markedDue?: readonly string[];
  /** Whether the ledger has nothing left under the source key, which is to be finished. */
  readonly done?: boolean;
}

/** PHP drops variables beyond 1,000 without a word; half of that leaves room for the rest of the request. */
export const MAX_IDS = 500;

/** A portal is asked for so many events at first, and no call but a reservation asks for more. */
export const FIRST_LIMIT = 500;

/** How many whole batches one round reads: fewer of a portal whose answers are slow. */
export function atOnce(most: number, { limit, settings }: PlanInput): number {
  const usual = Math.min(FIRST_LIMIT, settings.DRAIN_LIMIT);
  return Math.max(1, Math.floor((most * Math.min(limit, usual)) / usual));
}
