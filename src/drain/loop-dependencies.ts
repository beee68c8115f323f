import { type BatchCommand } from '../bitrix24/batch.js';
import { type BatchAnswer } from '../bitrix24/portal-client.js';
import { type PortalState } from '../database/schema.js';
import { type LedgerChange } from '../ledger/apply-round.js';
import { type Ledger } from '../ledger/ledger.js';
import { type Log } from '../log.js';
import { type Admission } from './admission.js';
import { type BatchSize } from './batch-size.js';
import { type IdleSettings, type Notifies } from './idle-pace.js';
import { type PlanSettings } from './plan.js';

/** Sends the commands of a round to the portal. */
export interface RoundClient {
  batch(
    commands: readonly BatchCommand[],
    options: { signal: AbortSignal; cut: AbortSignal },
  ): Promise<BatchAnswer>;
}

/** What the loop reads and writes of its portal's registration. */
export interface PortalFile {
  readonly memberId: string;
  readonly name: string;
  extended(): boolean | null;
  setExtended(extended: boolean): Promise<void>;
  setState(state: PortalState, reason: string | null): Promise<void>;
  /**
   * Compares what is bound (an answer of `event.get`) with what is wanted, and mends it; tells whether the portal
   * notifies us of new events.
   */
  mendBindings(bound: unknown): Promise<Notifies>;
}

export interface LoopSettings extends PlanSettings, IdleSettings {
  readonly PORTAL_RECHECK_MS: number;
  readonly SETTLE_AFTER_MS: number;
}

/** What a round did, once it is in the ledger; times in Unix ms. */
export interface WrittenRound {
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly writtenAt: number;
  readonly changes: readonly LedgerChange[];
}

/** Who wants to hear of rounds, for metrics, health and traces. */
export interface RoundListener {
  settled(memberId: string, processed: number, failed: number): void;
  inFlight(memberId: string, count: number): void;
  /** The ledger was written (null), or why it was not. */
  ledger(memberId: string, failure: string | null): void;
  /** Seconds from sending a round to having written its answer. */
  exchange(memberId: string, seconds: number): void;
  written?(memberId: string, round: WrittenRound): void;
  /** What a round did, or why the portal did not answer. */
  round(memberId: string, facts: RoundFacts): void;
}

/** What a round did; counts of rows. */
export interface RoundFacts {
  readonly reserved: number;
  readonly errorRows: number;
  readonly adopted: number;
  readonly marked: number;
  readonly cleared: number;
  /** Whether more events wait on the portal; null where the round did not ask for any. */
  readonly more: boolean | null;
  /** Why the portal did not answer, or refused a command; null where neither happened. */
  readonly failure: string | null;
}

export interface LoopDependencies {
  readonly portal: PortalFile;
  readonly client: RoundClient;
  readonly ledger: Pick<
    Ledger,
    | 'snapshot'
    | 'snapshotIfInOrder'
    | 'heldProcessIds'
    | 'applyRound'
    | 'releaseUnmarkable'
    | 'settleSilent'
    | 'probe'
  >;
  readonly settings: LoopSettings;
  readonly listener: RoundListener;
  readonly log: Log;
  /** Whether the broker takes events: while it does not, they wait on the portal. */
  readonly brokerReady: () => boolean;
  /** Where rounds of all portals wait for their turn. */
  readonly admission: Pick<Admission, 'enter'>;
  /** The ledger may have something to publish. */
  readonly kickDispatch: () => void;
  /** How many events are asked for; by default it starts with `DRAIN_LIMIT`. */
  readonly size?: BatchSize;
  readonly now?: () => number;
  readonly random?: () => number;
}

/** What one round did and when the next is wanted. */
export interface RoundReport {
  readonly outcome: 'ok' | 'idle' | 'failed' | 'ledger_failed';
  readonly reserved: number;
  readonly nextInMs: number;
}
