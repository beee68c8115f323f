import { type BatchCommand } from '../../bitrix24/batch.js';
import { type AnswerLimits } from '../../bitrix24/answer-limits.js';
import { type AnswerMemory } from '../../bitrix24/answer-memory.js';
import { type BatchAnswer, type CallOptions } from '../../bitrix24/portal-call.js';
import { type PortalState } from '../../database/schema.js';
import { type LedgerChange } from '../../ledger/ledger-change.js';
import { type Ledger } from '../../ledger/ledger.js';
import { type Log } from '../../logging/log.js';
import { type RoundGate } from '../pacing/admission.js';
import { type BatchSize } from '../pacing/batch-size.js';
import { type IdleSettings, type Notifies } from '../pacing/idle-pace.js';
import { type PlanSettings } from '../round/plan-input.js';
import { type Silence } from '../pacing/silence.js';

/** What ends the requests of a round: see {@link CallOptions}. */
export interface RoundCalls {
  readonly signal: AbortSignal;
  readonly cut: AbortSignal;
}

/** Sends the commands of a round to the portal. */
export interface RoundClient {
  batch(commands: readonly BatchCommand[], options: CallOptions): Promise<BatchAnswer>;
}

/** What became of a portal's bindings. */
interface BindingsSeen {
  /** Whether the portal notifies us of new events. */
  readonly notifies: Notifies;
  /** Why something is not as it should be: the plan lacks a feature, or a cause that may pass; null where all is well. */
  readonly missing: 'feature' | 'passing' | null;
}

/** What a round has seen of the portal's queue. */
export interface QueueRead {
  /** When its request left, Unix ms. */
  readonly sentAt: number;
  /** What was the time on the portal then, Unix seconds. */
  readonly portalTime: number;
  /** Whether it has brought all that was queued, and everything that was reserved before is known. */
  readonly toItsEnd: boolean;
}

/** What is on record of a portal's answers. */
export interface AnswersKnown {
  /** So many in a row could not be taken in; one that is being read, or that this process did not survive, counts. */
  readonly bad: number;
  /** The portal is left alone until then, Unix ms; null: it is not. */
  readonly askAgainAt: number | null;
}

/** What the loop reads and writes of its portal's registration. */
interface PortalRegistration {
  readonly memberId: string;
  readonly name: string;
  extended(): boolean | null;
  setExtended(extended: boolean): Promise<void>;
  state(): PortalState | null;
  /** Whether people keep it from reserving anything new. */
  paused(): boolean;
  /** Since when the portal takes no marks, Unix ms; null while it does. */
  marksFailingSince(): number | null;
  setMarksFailing(since: number | null): Promise<void>;
  /** What is on record of its answers; left out where nothing is. */
  readonly answers?: {
    known(): AnswersKnown;
    /** @throws the database's error */
    set(answers: AnswersKnown): Promise<void>;
  };
  /** @param reason why it is not active; of an active one, what troubles it at present */
  setState(state: PortalState, reason: string | null): Promise<void>;
  /**
   * Called before each round, and before anything of it is read from the ledger.
   * @throws the database's error
   */
  prepare?(): Promise<void>;
  /**
   * The portal has answered; called before anything of the answer is written to the ledger.
   * @throws the database's error
   */
  answered?(): Promise<void>;
  /**
   * Another program reserves the portal's events for our application.
   * @param processIds of its batches that were found now
   * @throws the database's error
   */
  shared?(processIds: readonly string[]): Promise<void>;
  /** A round has read the portal's queue, and what it brought is in the ledger. */
  queueRead?(read: QueueRead): void;
  /**
   * Compares what is bound (an answer of `event.get`) with what is wanted, and mends it.
   * @param calls what ends the requests that it takes
   */
  mendBindings(bound: unknown, calls: RoundCalls): Promise<BindingsSeen>;
}

/** What a loop is told that finishes a source key which the portal had before. */
interface FormerKey {
  /** Whether nothing is bound under it any more, so that no new rows come. */
  unbound(): boolean;
  /** Neither the portal nor the ledger has anything left under it: no further round is wanted. */
  finished(): Promise<void>;
}

export interface LoopSettings extends PlanSettings, IdleSettings {
  readonly PORTAL_RECHECK_MS: number;
}

/** What a round did, once it is in the ledger; times in Unix ms. */
interface WrittenRound {
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly writtenAt: number;
  readonly changes: readonly LedgerChange[];
}

/** Told of rounds, for metrics, health and traces. */
export interface RoundListener {
  settled(memberId: string, processed: number, failed: number): void;
  inFlight(memberId: string, count: number): void;
  /** The ledger was written (null), or why it was not. */
  ledger(memberId: string, failure: string | null): void;
  /** Seconds from sending a round to having written its answer. */
  roundTook(memberId: string, seconds: number): void;
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
  readonly portal: PortalRegistration;
  /** Set where the loop is there to finish a former source key. */
  readonly former?: FormerKey;
  readonly client: RoundClient;
  readonly ledger: Pick<
    Ledger,
    | 'snapshot'
    | 'snapshotIfInOrder'
    | 'heldProcessIds'
    | 'markedDue'
    | 'noteMarksSent'
    | 'applyRound'
    | 'releaseUnmarkable'
    | 'hasSilent'
    | 'settleSilent'
    | 'probe'
    | 'isDone'
  >;
  readonly settings: LoopSettings;
  readonly listener: RoundListener;
  readonly log: Log;
  /** Whether the broker takes events: while it does not, they wait on the portal. */
  readonly brokerReady: () => boolean;
  readonly silence: Silence;
  /** The exchanges and queues belong to another bridge: the portal is left alone, not only its new events. */
  readonly standsBack?: () => boolean;
  /** Where rounds of all portals wait for their turn. */
  readonly admission: RoundGate;
  /** Whether the process has much to do: what need not be asked now is then not asked in groups. */
  readonly busy?: () => boolean;
  /** Memory for the answers of all portals; by default each may take any. */
  readonly answerMemory?: AnswerMemory;
  /** What the answer to a request for so many events may be; by default what the client's answers may. */
  readonly answersOf?: (events: number) => AnswerLimits;
  /** The ledger may have something to publish. */
  readonly wakeDispatch: () => void;
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
