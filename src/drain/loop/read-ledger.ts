import { type RoundSnapshot } from '../../ledger/round-snapshot.js';
import { batchesGivenUp } from '../round/marking.js';
import { MAX_ERROR_ROW_AGE_MS, markedDue } from '../round/error-rows.js';
import { orphanScanDue } from '../round/orphan-scan.js';
import { markableNow } from '../round/plan-marks.js';
import { marksOf } from '../round/round-command.js';
import {
  type Doubt,
  followClock,
  marksInDoubt,
  type RoundMemory,
  rowKey,
  suspectFormer,
  ZOMBIE_MS,
} from '../round/round-memory.js';
import { type Backoff } from './backoff.js';
import { type LoopDependencies } from './loop-dependencies.js';

/** More than a round can fetch one by one. */
const MARKED_READ = 20;
/** After that a mark is over, whatever its request had to wait for before it was sent. */
const MARK_LASTS_MS = 3 * ZOMBIE_MS;

/** What the ledger knows before a round. */
export interface LedgerReading {
  readonly snapshot: RoundSnapshot;
  /** Process ids under which rows are believed to be held; only where orphans are scanned for. */
  readonly heldProcessIds: readonly string[];
  /** Messages that are marked and due; only where their rows are to be fetched one by one. */
  readonly markedDue: readonly string[];
  /** Nothing is left under a former source key. */
  readonly done: boolean;
}

/**
 * Reads what a round is planned from, after what has been silent is settled and what cannot be marked is released.
 * @throws the database's error
 */
export async function readLedger(
  deps: LoopDependencies,
  memory: RoundMemory,
  backoff: Backoff,
  now: () => number,
): Promise<LedgerReading> {
  const { portal, ledger, listener, silence } = deps;
  await portal.prepare?.();
  // After a failed write, nothing is reserved before a write has worked: its record would be lost as well.
  if (backoff.ledgerDoubtful) await ledger.probe(portal.memberId);
  const snapshot =
    (await ledger.snapshotIfInOrder(portal.memberId, silence.age())) ??
    (await putInOrder(deps, memory, backoff, now));
  listener.inFlight(portal.memberId, snapshot.inFlight);
  const heldProcessIds = orphanScanDue(memory, now()) ? await ledger.heldProcessIds(portal.memberId) : [];
  const done = deps.former?.unbound() === true && (await ledger.isDone(portal.memberId));
  const due = markedDue(snapshot, memory, now())
    ? await ledger.markedDue(
        portal.memberId,
        MAX_ERROR_ROW_AGE_MS,
        MARKED_READ + marksInDoubt(memory, now()).size,
      )
    : [];
  backoff.ledgerDoubtful = false;
  return { snapshot, heldProcessIds, markedDue: due, done };
}

/** Settles what has been silent and releases what cannot be marked; returns what the ledger knows then. */
async function putInOrder(
  deps: LoopDependencies,
  memory: RoundMemory,
  backoff: Backoff,
  clock: () => number,
): Promise<RoundSnapshot> {
  const { portal, ledger, listener, silence } = deps;
  // What waits in the queue is heard before anything counts as silent.
  const settled = (await ledger.hasSilent(portal.memberId, silence.age()))
    ? await ledger.settleSilent(portal.memberId, await silence.heardAge())
    : { processed: 0, failed: 0 };
  listener.settled(portal.memberId, settled.processed, settled.failed);
  const now = clock();
  const { marking } = memory;
  const marksPaused = portal.marksFailingSince() !== null && now < marking.notBefore;
  // A former key that the plan does not allow any more cannot be marked under, perhaps never again.
  const barred = deps.former !== undefined && backoff.unlicensed;
  // Nothing is marked while the portal is paused: what fails is retried from the ledger.
  const noMarks = portal.extended() === false || barred || marksPaused || portal.paused();
  // Published and cleared, a row's object may change again, and a mark of it that is still made would delete that.
  const doubtful = marksInDoubt(memory, now).size > 0;
  const released = await ledger.releaseUnmarkable(
    portal.memberId,
    noMarks && !doubtful,
    doubtful ? new Set() : batchesGivenUp(marking, now),
  );
  if (released + settled.failed > 0) deps.wakeDispatch();
  return ledger.snapshot(portal.memberId);
}

/** Leaves out of the snapshot what may not be relied on, and makes the memory ready for a round. */
export function trustworthy(snapshot: RoundSnapshot, memory: RoundMemory, now: () => number): RoundSnapshot {
  followClock(memory, now());
  if (memory.round === 0) {
    // Before the first answer: a round that outlived the last process may be at work on them just now.
    suspectFormer(memory, now(), {
      marks: sentLately(snapshot, now()),
      clears: new Set(snapshot.clearable.map(rowKey)),
    });
  }
  return markableNow(snapshot, memory, now());
}

/** Marks that the process before may have sent without hearing what became of them. */
function sentLately({ failures }: RoundSnapshot, now: number): Doubt['marks'] {
  // What was sent in the future was sent before the clock was set back.
  return marksOf(
    failures.filter(({ markSentAt }) => markSentAt !== null && now - markSentAt < MARK_LASTS_MS),
  );
}
