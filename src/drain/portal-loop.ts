import { randomUUID } from 'node:crypto';
import { PortalError } from '../bitrix24/errors.js';
import { type BatchAnswer } from '../bitrix24/portal-client.js';
import { type RoundSnapshot } from '../ledger/round-snapshot.js';
import { applyAnswer, type RoundOutcome } from './apply.js';
import { BatchSize } from './batch-size.js';
import { workDueAt } from './due-times.js';
import { restFor } from './execution-time.js';
import { announced, bindingsSeen, FRESH_PACE, type IdlePace, idlePause, roundEnded } from './idle-pace.js';
import { type LoopDependencies, type RoundReport } from './loop-dependencies.js';
import { heldBack, markableNow, marksDueAt, planRound, type RoundPlan, sweepDue } from './plan.js';
import { followNews, type PortalNews } from './portal-news.js';
import { RestingMethods } from './resting.js';
import { roundCost } from './round-cost.js';
import { logRound, roundFacts } from './round-log.js';
import { addDoubt, followClock, freshMemory, type RoundMemory, rowKey } from './round-memory.js';
import { RoundPause } from './round-pause.js';
import { readResults, reservesEvents, roundRequest } from './round-request.js';
import { Setbacks } from './setbacks.js';

/**
 * The rounds of one portal, one after another. It trusts the ledger and the portal's answers; what it remembers
 * itself may be lost at any moment. Nothing that happens to one portal reaches another.
 */
export class PortalLoop {
  private readonly pausing = new RoundPause();
  private readonly stopping = new AbortController();
  private readonly cutting = new AbortController();
  private readonly now: () => number;
  private readonly random: () => number;
  private readonly setbacks: Setbacks;
  private readonly resting = new RestingMethods();
  private readonly size: BatchSize;
  private memory: RoundMemory;
  private pace: IdlePace = FRESH_PACE;
  private running: Promise<void> | null = null;
  private bindingsDoubtful = false;
  private heldBack = false;

  constructor(private readonly deps: LoopDependencies) {
    this.now = deps.now ?? Date.now;
    this.random = deps.random ?? Math.random;
    this.setbacks = new Setbacks(deps, this.now, this.random);
    this.size = deps.size ?? new BatchSize(deps.settings.DRAIN_LIMIT);
    this.memory = freshMemory(this.now());
  }

  /** Begins with the first round in `inMs`. */
  start(inMs = 0): void {
    this.running ??= this.run(inMs);
  }

  /** There may be something to do: ends the pause in `inMs` at the latest, unless that is a punishment. */
  poke(inMs = 0): void {
    this.pausing.poke(inMs);
  }

  /** Events of the portal were published: there may be room for more. */
  published(): void {
    if (this.heldBack) this.poke();
  }

  /** The portal has announced new events. */
  announced(): void {
    this.pace = announced(this.pace, this.now());
    this.poke();
  }

  /** The cause of a long pause may be gone (a new installation, say): ends any pause. */
  wakeUp(): void {
    this.setbacks.overcome();
    this.pausing.end();
  }

  /** The bindings may be gone: the next round looks at them, and comes soon. */
  checkBindings(): void {
    this.bindingsDoubtful = true;
    this.pace = bindingsSeen(this.pace, 'no', this.now());
    this.poke();
  }

  /**
   * Starts no further round, and waits for the one under way; after `graceMs` it is cut off, and what it did is
   * found at the next start.
   */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    this.pausing.end();
    if (this.running === null) return;
    const cut = setTimeout(() => this.cutting.abort(), graceMs);
    await this.running;
    clearTimeout(cut);
    this.deps.listener.ledger(this.deps.portal.memberId, null);
  }

  private async run(firstInMs: number): Promise<void> {
    await this.pausing.pass(firstInMs, false);
    while (!this.stopping.signal.aborted) {
      this.setbacks.backingOff = false;
      // Before anything is read: what the ledger said while it waited would be old.
      const leave = await this.deps.admission.enter(this.stopping.signal);
      if (this.stopping.signal.aborted) return leave();
      this.pausing.roundBegins();
      const { nextInMs } = await this.runOnce().finally(leave);
      if (this.stopping.signal.aborted) return;
      await this.pausing.pass(nextInMs, this.setbacks.backingOff);
    }
  }

  /** One round. Never rejects: what goes wrong is logged, and decides the pause. */
  async runOnce(): Promise<RoundReport> {
    const { portal, ledger, listener } = this.deps;
    let snapshot: RoundSnapshot;
    let heldProcessIds: readonly string[];
    try {
      // After a failed write, nothing is reserved before a write has worked: its record would be lost as well.
      if (this.setbacks.ledgerDoubtful) await ledger.probe(portal.memberId);
      snapshot = (await ledger.snapshotIfInOrder(portal.memberId)) ?? (await this.putInOrder());
      listener.inFlight(portal.memberId, snapshot.inFlight);
      heldProcessIds = sweepDue(this.memory, this.now()) ? await ledger.heldProcessIds(portal.memberId) : [];
      this.setbacks.ledgerDoubtful = false;
    } catch (error) {
      return this.setbacks.ledgerFailed(error);
    }
    snapshot = this.trustworthy(snapshot);
    const plan = this.plan(snapshot, heldProcessIds);
    if (plan.commands.length === 0) {
      listener.ledger(portal.memberId, null);
      this.pace = roundEnded(
        this.pace,
        { looked: false, busy: false, oldestAgeMs: null, sentAt: this.now() },
        this.now(),
      );
      return { outcome: 'idle', reserved: 0, nextInMs: this.pause(snapshot) };
    }
    return this.send(plan, snapshot, heldProcessIds);
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

  /** Leaves out of the snapshot what may not be relied on, and makes the memory ready for a round. */
  private trustworthy(snapshot: RoundSnapshot): RoundSnapshot {
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
    return markableNow(snapshot, this.memory, this.now());
  }

  private plan(snapshot: RoundSnapshot, heldProcessIds: readonly string[]): RoundPlan {
    const { settings } = this.deps;
    this.heldBack = heldBack(snapshot, settings);
    const planned = planRound({
      snapshot,
      heldProcessIds,
      memory: this.memory,
      extended: this.deps.portal.extended(),
      settings: this.deps.brokerReady() ? settings : { ...settings, DRAIN_MAX_IN_FLIGHT: 0 },
      limit: this.size.limit,
      now: this.now(),
    });
    return this.resting.leaveOut(planned, this.now());
  }

  private async send(
    plan: RoundPlan,
    snapshot: RoundSnapshot,
    heldProcessIds: readonly string[],
  ): Promise<RoundReport> {
    const { portal, ledger, listener, log } = this.deps;
    const extended = portal.extended();
    const { limit } = this.size;
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
    const answeredAt = performance.now();
    const answered = this.now();
    const { results, features, bindings } = readResults(plan, answer.results, answer.time.start);
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
    let vanished: number;
    try {
      const applied = await ledger.applyRound(portal.memberId, outcome.changes);
      ({ vanished } = applied);
      this.setbacks.overcome();
      listener.ledger(portal.memberId, null);
      listener.exchange(portal.memberId, (performance.now() - startedAt) / 1000);
      const times = { sentAt, answeredAt: answered, writtenAt: this.now() };
      listener.written?.(portal.memberId, { ...times, changes: outcome.changes });
      if (vanished > 0) log.warn({ event: 'round.vanished', portal: portal.name, deliveries: vanished });
      listener.round(portal.memberId, roundFacts(plan, outcome));
      logRound(log, portal.name, plan, outcome, {
        swept: applied.swept,
        inFlight: snapshot.inFlight + outcome.reserved,
        portalMs: Math.round(answeredAt - startedAt),
        ledgerMs: Math.round(performance.now() - answeredAt),
        ...(limit < this.deps.settings.DRAIN_LIMIT ? { limit } : {}),
      });
    } catch (error) {
      // What the answer said is known to nobody now.
      const { doubt } = this.memory;
      this.memory = { ...freshMemory(this.now()), doubt };
      return this.setbacks.ledgerFailed(error);
    }
    if (outcome.changes.some(({ type }) => type === 'reserved' || type === 'error_rows_complete')) {
      this.deps.kickDispatch();
    }
    const cost = roundCost(results, answer.times, (answeredAt - startedAt) / 1000);
    if (cost.reservation !== null) this.size.answered(cost.reservation);
    else if (outcome.failures.some(({ command, failure }) => lostReservation([command], failure)))
      this.size.lost();
    this.lookedAtQueue(outcome, vanished > 0, sentAt, answer.time.start);

    let news: PortalNews;
    try {
      const state = { memory: this.memory, resting: this.resting, setbacks: this.setbacks };
      news = await followNews(this.deps, state, outcome.failures, { features, bindings }, this.now);
    } catch (error) {
      if (error instanceof PortalError) return this.requestFailed(error, plan);
      return this.setbacks.ledgerFailed(error);
    }
    if (news.notifies !== null) this.pace = bindingsSeen(this.pace, news.notifies, this.now());
    return this.next(plan, snapshot, outcome, news, restFor(cost.execution));
  }

  private next(
    plan: RoundPlan,
    snapshot: RoundSnapshot,
    outcome: RoundOutcome<PortalError>,
    { pauseMs }: PortalNews,
    restMs: number,
  ): RoundReport {
    const { reserved } = outcome;
    if (pauseMs !== null) {
      this.setbacks.backingOff = true;
      return { outcome: 'failed', reserved, nextInMs: pauseMs };
    }
    const more = plan.more || (outcome.full && this.deps.brokerReady());
    const nextInMs = more ? 0 : this.pause(snapshot);
    if (restMs <= nextInMs) return { outcome: 'ok', reserved, nextInMs };
    this.setbacks.backingOff = true;
    return { outcome: 'ok', reserved, nextInMs: restMs };
  }

  /** How long nothing has to be asked of the portal, ms. */
  private pause(snapshot: RoundSnapshot): number {
    const { settings, portal } = this.deps;
    const now = this.now();
    const idleMs = idlePause(this.pace, settings, now, this.random());
    if (this.resting.any(now)) return Math.min(idleMs, settings.DRAIN_INTERVAL_MS);
    const dueInMs = workDueAt(snapshot, this.memory, settings, now) - now;
    // A portal that stands still is asked no more often than every interval, whatever is due.
    const pauseMs = Math.min(idleMs, Math.max(settings.DRAIN_INTERVAL_MS, dueInMs));
    const marksAt = portal.extended() === true ? marksDueAt(snapshot, settings, now) : null;
    return marksAt === null ? pauseMs : Math.min(pauseMs, Math.max(marksAt - now, 0));
  }

  private requestFailed(error: unknown, plan: RoundPlan): Promise<RoundReport> | RoundReport {
    if (this.stopping.signal.aborted) return { outcome: 'failed', reserved: 0, nextInMs: 0 };
    if (lostReservation(plan.commands, error)) this.size.lost();
    return this.setbacks.requestFailed(error, plan, this.memory);
  }

  private lookedAtQueue(
    outcome: RoundOutcome<PortalError>,
    vanished: boolean,
    sentAt: number,
    portalNow: number,
  ): void {
    const { reserved, errorRows, adopted, marked, cleared, oldestChange, looked, failures } = outcome;
    const relied = !this.pace.missed;
    this.pace = roundEnded(
      this.pace,
      {
        looked,
        busy: reserved + errorRows + adopted + marked + cleared + failures.length > 0 || vanished,
        oldestAgeMs: oldestChange === null ? null : (portalNow - oldestChange) * 1000,
        sentAt,
      },
      this.now(),
    );
    if (relied && this.pace.missed) {
      this.deps.log.warn({
        event: 'notifications.missed',
        portal: this.deps.portal.name,
        advice: 'a change came unannounced: can the portal reach PUBLIC_URL? Until it does, it is polled',
      });
    }
  }
}

/** Whether an answer with many events may have been what was too much. */
function lostReservation(commands: RoundPlan['commands'], error: unknown): boolean {
  return error instanceof PortalError && error.executed === 'unknown' && commands.some(reservesEvents);
}
