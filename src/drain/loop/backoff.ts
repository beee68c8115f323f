import { PortalError } from '../../bitrix24/errors.js';
import { RESERVATIONS } from '../../bitrix24/portal-facts.js';
import { type PortalState } from '../../database/schema.js';
import { LeaseLost } from '../../ledger/lease.js';
import { type LoopDependencies, type RoundReport } from './loop-dependencies.js';
import { backOff, type Consequence, consequenceOf } from '../pacing/pacing.js';
import { doubtOf, type RoundPlan } from '../round/round-command.js';
import { marksLost } from '../round/marking.js';
import { distrust, type RoundMemory } from '../round/round-memory.js';
import { lostRound } from './round-log.js';
import { leavesDoubt } from '../round/round-request.js';
import { reasonOf } from '../../logging/reason.js';

/** What went wrong in a row with one portal, and how long its loop pauses for it. */
export class Backoff {
  /** The pause is meant, and a notification does not end it. */
  backingOff = false;
  /** The last write to the ledger failed. */
  ledgerDoubtful = false;
  /** What was asked for last, the portal's plan does not have. */
  unlicensed = false;
  private failures = 0;

  constructor(
    private readonly deps: Pick<LoopDependencies, 'portal' | 'listener' | 'log' | 'settings'>,
    private readonly now: () => number,
    private readonly random: () => number,
  ) {}

  /** A round's answer came and was written. */
  recovered(): void {
    this.failures = 0;
    this.unlicensed = false;
  }

  /** The round as a whole has no answer, or could not be sent. */
  async requestFailed(error: unknown, plan: RoundPlan, memory: RoundMemory): Promise<RoundReport> {
    const { portal, listener, log } = this.deps;
    if (!(error instanceof PortalError)) {
      distrust(memory, this.now(), doubtOf(plan.commands));
      return this.ledgerFailed(error);
    }
    const { state, reason, pauseMs } = this.count(error);
    this.backingOff = true;
    // What was bound may have gone with the feature: checked as soon as the portal answers again.
    if (error.action === 'unlicensed') memory.checkedAt = Number.NEGATIVE_INFINITY;
    const doubt = error.executed === 'unknown' && plan.commands.some(leavesDoubt);
    if (doubt) distrust(memory, this.now(), doubtOf(plan.commands));
    if (error.executed === 'unknown') marksLost(memory.marking, plan.commands);
    listener.round(portal.memberId, lostRound(error.message));
    log.warn({
      event: 'round.failed',
      portal: portal.name,
      reason: error.message,
      outcome: doubt ? 'unknown' : 'not_executed',
      failures: this.failures,
      nextInMs: pauseMs,
    });
    try {
      if (error.action === 'unlicensed' && isReservations(error)) await portal.setExtended(false);
      // What is wrong with a portal that is drained all the same outlasts a bad moment.
      else if (state !== 'active' || (reason !== null && !drainedInTrouble(portal.state())))
        await portal.setState(state, reason);
      // The ledger worked before the request, and there was nothing to write of it.
      listener.ledger(portal.memberId, null);
    } catch (failure) {
      return this.ledgerFailed(failure);
    }
    return { outcome: 'failed', reserved: 0, nextInMs: pauseMs };
  }

  /** Counts a refusal, and says what it means. */
  count(error: PortalError): Consequence {
    this.failures += 1;
    this.unlicensed ||= error.action === 'unlicensed';
    const { PORTAL_RECHECK_MS } = this.deps.settings;
    return consequenceOf(error, this.failures, this.now(), this.random(), PORTAL_RECHECK_MS);
  }

  /** The database cannot be read or written. */
  ledgerFailed(error: unknown): RoundReport {
    this.failures += 1;
    this.backingOff = true;
    this.ledgerDoubtful = true;
    // Within 10 s of its return it works again, so the pause stays short.
    const pauseMs = Math.min(backOff(this.failures, this.random()), 5000);
    const { portal, listener, log } = this.deps;
    const reason = reasonOf(error);
    if (error instanceof LeaseLost) {
      // The ledger is well; the loop is being stopped.
      log.info({ event: 'round.not_ours', portal: portal.name, reason });
      return { outcome: 'ledger_failed', reserved: 0, nextInMs: pauseMs };
    }
    listener.ledger(portal.memberId, reason);
    log.error({ event: 'round.ledger_failed', portal: portal.name, reason, nextInMs: pauseMs });
    return { outcome: 'ledger_failed', reserved: 0, nextInMs: pauseMs };
  }
}

/** Whether what the portal's plan lacks is reservations. */
function isReservations(error: PortalError): boolean {
  return !('feature' in error) || error.feature === null || error.feature === RESERVATIONS;
}

/** Whether a portal is drained although something is wrong with it. */
export function drainedInTrouble(state: PortalState | null): boolean {
  return state === 'unfinished' || state === 'unmarkable';
}
