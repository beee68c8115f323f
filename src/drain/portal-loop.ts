import { randomUUID } from 'node:crypto';
import { type BatchCommand } from '../bitrix24/batch.js';
import { PortalError } from '../bitrix24/errors.js';
import { type BatchAnswer } from '../bitrix24/portal-client.js';
import { type PortalState } from '../database/schema.js';
import { type Ledger } from '../ledger/ledger.js';
import { type RoundSnapshot } from '../ledger/round-snapshot.js';
import { type Log } from '../log.js';
import { AlarmClock } from './alarm-clock.js';
import { applyAnswer, type RoundOutcome } from './apply.js';
import { backOff, type Consequence, consequenceOf, throttledUntil } from './pacing.js';
import {
  doubtOf,
  markableNow,
  marksDueAt,
  planRound,
  type PlanSettings,
  type RoundCommand,
  type RoundPlan,
  sweepDue,
} from './plan.js';
import { addDoubt, distrust, followClock, freshMemory, type RoundMemory, rowKey } from './round-memory.js';
import { leavesDoubt, methodOf, readResults, RESERVATIONS, roundRequest } from './round-request.js';
import { RestingMethods } from './resting.js';

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
  /** Compares what is bound (an answer of `event.get`) with what is wanted, and mends it. */
  mendBindings(bound: unknown): Promise<void>;
}

export interface LoopSettings extends PlanSettings {
  readonly DRAIN_INTERVAL_MS: number;
  readonly PORTAL_RECHECK_MS: number;
}

/** Who wants to hear of rounds, for metrics and health. */
export interface RoundListener {
  settled(memberId: string, processed: number, failed: number): void;
  inFlight(memberId: string, count: number): void;
  /** The ledger was written (null), or why it was not. */
  ledger(memberId: string, failure: string | null): void;
  /** Seconds from sending a round to having written its answer. */
  exchange(memberId: string, seconds: number): void;
}

export interface LoopDependencies {
  readonly portal: PortalFile;
  readonly client: RoundClient;
  readonly ledger: Pick<
    Ledger,
    'snapshot' | 'heldProcessIds' | 'applyRound' | 'releaseUnmarkable' | 'settleSilent' | 'probe'
  >;
  readonly settings: LoopSettings;
  readonly listener: RoundListener;
  readonly log: Log;
  /** Whether the broker takes events: while it does not, they wait on the portal. */
  readonly brokerReady: () => boolean;
  /** The ledger may have something to publish. */
  readonly kickDispatch: () => void;
  readonly now?: () => number;
  readonly random?: () => number;
}

/** What one round did and when the next is wanted. */
export interface RoundReport {
  readonly outcome: 'ok' | 'idle' | 'failed' | 'ledger_failed';
  readonly reserved: number;
  readonly nextInMs: number;
}

/**
 * The rounds of one portal, one after another. It trusts the ledger and the portal's answers; what it remembers
 * itself may be lost at any moment. Nothing that happens to one portal reaches another.
 */
export class PortalLoop {
  private readonly alarm = new AlarmClock();
  private readonly stopping = new AbortController();
  private readonly cutting = new AbortController();
  private readonly now: () => number;
  private readonly random: () => number;
  private memory: RoundMemory;
  private running: Promise<void> | null = null;
  private failures = 0;
  /** Something went wrong: the pause is meant, and a notification does not end it. */
  private backingOff = false;
  private ledgerDoubtful = false;
  private readonly resting = new RestingMethods();
  private bindingsDoubtful = false;

  constructor(private readonly deps: LoopDependencies) {
    this.now = deps.now ?? Date.now;
    this.random = deps.random ?? Math.random;
    this.memory = freshMemory(this.now());
  }

  start(): void {
    this.running ??= this.run();
  }

  /** There may be something to do: ends the pause, unless that is a punishment. */
  poke(inMs = 0): void {
    if (!this.backingOff) this.alarm.ringIn(inMs);
  }

  /** The cause of a long pause may be gone (a new installation, say): ends any pause. */
  wakeUp(): void {
    this.backingOff = false;
    this.failures = 0;
    this.alarm.ringIn(0);
  }

  /** The bindings may be gone: the next round looks at them, and comes soon. */
  checkBindings(): void {
    this.bindingsDoubtful = true;
    this.poke();
  }

  /**
   * Starts no further round, and waits for the one under way; after `graceMs` it is cut off, and what it did is
   * found at the next start.
   */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    this.alarm.ringIn(0);
    if (this.running === null) return;
    const cut = setTimeout(() => this.cutting.abort(), graceMs);
    await this.running;
    clearTimeout(cut);
    this.deps.listener.ledger(this.deps.portal.memberId, null);
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const { nextInMs } = await this.runOnce();
      if (this.stopping.signal.aborted) return;
      if (nextInMs > 0) await this.alarm.sleep(nextInMs);
      this.backingOff = false;
    }
  }

  /** One round. Never rejects: what goes wrong is logged, and decides the pause. */
  async runOnce(): Promise<RoundReport> {
    const { portal, ledger, settings, listener, log } = this.deps;
    let snapshot: RoundSnapshot;
    let heldProcessIds: readonly string[];
    try {
      // After a failed write, nothing is reserved before a write has worked: its record would be lost as well.
      if (this.ledgerDoubtful) await ledger.probe(portal.memberId);
      const state = await ledger.snapshot(portal.memberId);
      snapshot = state.silent || state.failed ? await this.putInOrder() : state;
      listener.inFlight(portal.memberId, snapshot.inFlight);
      heldProcessIds = sweepDue(this.memory, this.now()) ? await ledger.heldProcessIds(portal.memberId) : [];
      this.ledgerDoubtful = false;
    } catch (error) {
      return this.ledgerFailed(error);
    }

    followClock(this.memory, this.now());
    if (this.bindingsDoubtful) this.memory.checkedAt = Number.NEGATIVE_INFINITY;
    this.bindingsDoubtful = false;
    if (this.memory.round === 0) {
      // Before the first answer: a round that outlived the last process may be at work on them just now.
      addDoubt(this.memory, this.now(), {
        marks: snapshot.failures.length > 0,
        clears: new Set(snapshot.clearable.map(rowKey)),
      });
    }
    snapshot = markableNow(snapshot, this.memory, this.now());
    const room = this.deps.brokerReady() ? settings.DRAIN_MAX_IN_FLIGHT : 0;
    const extended = portal.extended();
    const planned = planRound({
      snapshot,
      heldProcessIds,
      memory: this.memory,
      extended,
      settings: { ...settings, DRAIN_MAX_IN_FLIGHT: room },
      now: this.now(),
    });
    const plan = this.resting.leaveOut(planned, this.now());
    if (plan.commands.length === 0) {
      listener.ledger(portal.memberId, null);
      return { outcome: 'idle', reserved: 0, nextInMs: this.pause(snapshot) };
    }

    const sentAt = this.now();
    const startedAt = performance.now();
    let answer: BatchAnswer;
    try {
      answer = await this.deps.client.batch(roundRequest(plan), {
        signal: this.stopping.signal,
        cut: this.cutting.signal,
      });
    } catch (error) {
      return this.requestFailed(error, plan);
    }
    const { results, features, bindings } = readResults(plan, answer.results, answer.time.start);
    const answeredAt = performance.now();
    const outcome = applyAnswer({
      plan,
      results,
      snapshot,
      heldProcessIds,
      extended,
      memory: this.memory,
      sentAt,
      now: this.now(),
      journalId: () => `journal-${randomUUID().replaceAll('-', '')}`,
    });
    try {
      const applied = await ledger.applyRound(portal.memberId, outcome.changes);
      this.failures = 0;
      listener.ledger(portal.memberId, null);
      listener.exchange(portal.memberId, (performance.now() - startedAt) / 1000);
      if (applied.vanished > 0) {
        log.warn({ event: 'round.vanished', portal: portal.name, deliveries: applied.vanished });
      }
      this.logRound(plan, outcome, {
        swept: applied.swept,
        inFlight: snapshot.inFlight + outcome.reserved,
        portalMs: Math.round(answeredAt - startedAt),
        ledgerMs: Math.round(performance.now() - answeredAt),
      });
    } catch (error) {
      // What the answer said is known to nobody now.
      const { doubt } = this.memory;
      this.memory = { ...freshMemory(this.now()), doubt };
      return this.ledgerFailed(error);
    }
    if (outcome.changes.some(({ type }) => type === 'reserved' || type === 'error_rows_complete')) {
      this.deps.kickDispatch();
    }
    return this.afterAnswer(plan, outcome, snapshot, features, bindings);
  }

  /** Settles what has been silent and releases what cannot be marked; returns what the ledger knows then. */
  private async putInOrder(): Promise<RoundSnapshot> {
    const { portal, ledger, listener } = this.deps;
    const settled = await ledger.settleSilent(portal.memberId);
    listener.settled(portal.memberId, settled.processed, settled.failed);
    const released = await ledger.releaseUnmarkable(portal.memberId, portal.extended() === false);
    if (released + settled.failed > 0) this.deps.kickDispatch();
    return ledger.snapshot(portal.memberId);
  }

  private async afterAnswer(
    plan: RoundPlan,
    outcome: RoundOutcome<PortalError>,
    snapshot: RoundSnapshot,
    features: unknown,
    bindings: unknown,
  ): Promise<RoundReport> {
    const { portal, log } = this.deps;
    let pauseMs: number | null = null;
    const doubtful: RoundCommand[] = [];
    let healthy = true;
    try {
      for (const { command, failure } of outcome.failures) {
        log.warn({
          event: 'round.command_failed',
          portal: portal.name,
          command: command.kind,
          reason: failure.message,
        });
        if (failure.action === 'unlicensed' && isReservations(failure)) {
          await portal.setExtended(false);
          pauseMs = Math.max(pauseMs ?? 0, 1000);
          continue;
        }
        if (failure.action === 'throttle') {
          this.resting.rest(methodOf(command), throttledUntil(failure, this.now()));
          continue;
        }
        // Without its answer the bindings stay as they were; it is asked again next time.
        if (command.kind === 'check_bindings') continue;
        if (failure.executed === 'unknown' && leavesDoubt(command)) doubtful.push(command);
        this.failures += 1;
        const { state, reason, pauseMs: after } = this.consequenceOf(failure);
        pauseMs = Math.max(pauseMs ?? 0, after);
        // One refused command is no reason to stop the portal: the others worked.
        if (state !== 'active' && failure.action !== 'bug') {
          healthy = false;
          await portal.setState(state, reason);
        }
      }
      if (features !== undefined) await this.learnFeatures(features);
      if (bindings !== undefined) {
        this.memory.checkedAt = this.now();
        await portal.mendBindings(bindings);
      }
      if (healthy) await portal.setState('active', null);
    } catch (error) {
      if (error instanceof PortalError) return this.requestFailed(error, plan);
      return this.ledgerFailed(error);
    }
    if (doubtful.length > 0) distrust(this.memory, this.now(), doubtOf(doubtful));
    if (pauseMs !== null) {
      this.backingOff = true;
      return { outcome: 'failed', reserved: outcome.reserved, nextInMs: pauseMs };
    }
    const more = plan.more || (outcome.full && this.deps.brokerReady());
    return { outcome: 'ok', reserved: outcome.reserved, nextInMs: more ? 0 : this.pause(snapshot) };
  }

  private async learnFeatures(features: unknown): Promise<void> {
    const { portal, log } = this.deps;
    const value =
      typeof features === 'object' && features !== null && 'value' in features ? features.value : null;
    const extended = value === 'Y' || value === true;
    if (portal.extended() === extended) return;
    await portal.setExtended(extended);
    log.info({ event: 'portal.plan', portal: portal.name, reservations: extended });
  }

  /** How long nothing has to be asked of the portal, ms. */
  private pause(snapshot: RoundSnapshot): number {
    const now = this.now();
    const marks = marksDueAt(snapshot, this.deps.settings, now);
    const interval = this.deps.settings.DRAIN_INTERVAL_MS;
    return marks === null || !this.deps.portal.extended() || this.resting.any(now)
      ? interval
      : Math.min(interval, Math.max(marks - now, 0));
  }

  private async requestFailed(error: unknown, plan: RoundPlan): Promise<RoundReport> {
    const { portal, listener, log } = this.deps;
    if (this.stopping.signal.aborted) return { outcome: 'failed', reserved: 0, nextInMs: 0 };
    this.failures += 1;
    this.backingOff = true;
    if (!(error instanceof PortalError)) {
      distrust(this.memory, this.now(), doubtOf(plan.commands));
      return this.ledgerFailed(error);
    }
    const doubt = error.executed === 'unknown' && plan.commands.some(leavesDoubt);
    if (doubt) distrust(this.memory, this.now(), doubtOf(plan.commands));
    const { state, reason, pauseMs } = this.consequenceOf(error);
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
      else if (state !== 'active') await portal.setState(state, reason);
      // The ledger worked before the request, and there was nothing to write of it.
      listener.ledger(portal.memberId, null);
    } catch (failure) {
      return this.ledgerFailed(failure);
    }
    return { outcome: 'failed', reserved: 0, nextInMs: pauseMs };
  }

  private consequenceOf(error: PortalError): Consequence {
    const { PORTAL_RECHECK_MS } = this.deps.settings;
    return consequenceOf(error, this.failures, this.now(), this.random(), PORTAL_RECHECK_MS);
  }

  private ledgerFailed(error: unknown): RoundReport {
    this.failures += 1;
    this.backingOff = true;
    this.ledgerDoubtful = true;
    // Within 10 s of its return it works again, so the pause stays short.
    const pauseMs = Math.min(backOff(this.failures, this.random()), 5000);
    const { portal, listener, log } = this.deps;
    const reason = error instanceof Error ? error.message : String(error);
    listener.ledger(portal.memberId, reason);
    log.error({ event: 'round.ledger_failed', portal: portal.name, reason, nextInMs: pauseMs });
    return { outcome: 'ledger_failed', reserved: 0, nextInMs: pauseMs };
  }

  private logRound(plan: RoundPlan, outcome: RoundOutcome<PortalError>, facts: Record<string, number>): void {
    const { portal, log } = this.deps;
    const { reserved, errorRows, adopted, marked, cleared } = outcome;
    const quiet = reserved + errorRows + adopted + marked + cleared === 0 && outcome.failures.length === 0;
    log[quiet ? 'debug' : 'info']({
      event: 'round',
      portal: portal.name,
      commands: plan.commands.length,
      reserved,
      errorRows,
      adopted,
      marked,
      cleared,
      ...facts,
    });
  }
}

function isReservations(error: PortalError): boolean {
  return !('feature' in error) || error.feature === null || error.feature === RESERVATIONS;
}
