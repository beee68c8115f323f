import { randomUUID } from 'node:crypto';
import { type AnswerShare, UNLIMITED_MEMORY } from '../../bitrix24/answer-memory.js';
import { PortalError } from '../../bitrix24/errors.js';
import { type BatchAnswer } from '../../bitrix24/portal-call.js';
import { type RoundSnapshot } from '../../ledger/round-snapshot.js';
import { BatchSize } from '../pacing/batch-size.js';
import { restFor } from '../../bitrix24/execution-time.js';
import { roundCost } from '../pacing/round-cost.js';
import { ThrottledMethods } from '../pacing/throttled-methods.js';
import { applyAnswer } from '../round/apply.js';
import { PAGE } from '../round/apply-journal.js';
import { heldBack, withoutLoneClears } from '../round/held-back.js';
import { WATCH_MS } from '../round/orphan-scan.js';
import { planRound } from '../round/plan.js';
import { FIRST_LIMIT } from '../round/plan-input.js';
import { doubtOf, type RoundPlan } from '../round/round-command.js';
import { distrust, freshMemory, type RoundMemory } from '../round/round-memory.js';
import { type RoundOutcome } from '../round/round-outcome.js';
import { readResults, lostReservation, roundRequest } from '../round/round-request.js';
import { Backoff } from './backoff.js';
import { type AnswerWatched, BadAnswers } from './bad-answers.js';
import { followAnswer, type AnswerFollowed } from './follow-answer.js';
import { followMarks } from './follow-marks.js';
import { type LoopDependencies, type RoundCalls, type RoundReport } from './loop-dependencies.js';
import { PollingPace } from './polling-pace.js';
import { type LedgerReading, readLedger, trustworthy } from './read-ledger.js';
import { logRound, roundFacts } from './round-log.js';

/**
 * Runs single rounds of one portal: reads the ledger, plans, sends, applies the answer, and says when the next is wanted.
 * It trusts the ledger and the portal's answers; what it remembers itself may be lost at any moment.
 */
export class RoundRunner {
  private readonly now: () => number;
  private readonly random: () => number;
  private readonly backoff: Backoff;
  private readonly throttledMethods = new ThrottledMethods();
  private readonly size: BatchSize;
  private readonly answers: BadAnswers;
  private readonly pace: PollingPace;
  private memory: RoundMemory;
  private bindingsDoubtful = false;
  /** Since when too much waits to be published for more to be reserved; null while there is room. */
  private heldBackSince: number | null = null;

  /** @param calls what ends the requests of its rounds */
  constructor(
    private readonly deps: LoopDependencies,
    private readonly calls: RoundCalls,
  ) {
    this.now = deps.now ?? Date.now;
    this.random = deps.random ?? Math.random;
    this.backoff = new Backoff(deps, this.now, this.random);
    this.size = deps.size ?? new BatchSize(deps.settings.DRAIN_LIMIT);
    this.answers = new BadAnswers(deps, this.size, this.now);
    this.pace = new PollingPace(deps, this.now, this.random);
    // Until the portal's plan is known, which is stored, nothing is reserved.
    this.memory = freshMemory(this.now(), deps.portal.extended() === null);
  }

  /** Whether too much waits to be published for more to be reserved. */
  get heldBack(): boolean {
    return this.heldBackSince !== null;
  }

  /** How many events the next round asks for. */
  get limit(): number {
    return this.size.limit;
  }

  /** Whether the pause after the last round is a back-off that a notification does not end. */
  get backingOff(): boolean {
    return this.backoff.backingOff;
  }

  /** How much later than it was wanted the next round may begin where the process has much to do, ms. */
  get laterWhileBusyMs(): number {
    return this.pace.laterWhileBusyMs;
  }

  /** The portal has said that there is something. */
  notified(): void {
    this.pace.notified();
  }

  /** The cause of what went wrong may be gone. */
  recovered(): void {
    this.backoff.recovered();
  }

  /** The bindings may be gone: the next round checks them. */
  checkBindings(): void {
    this.bindingsDoubtful = true;
    this.pace.bindingsSeen('no');
  }

  /** One round. Never rejects: what goes wrong is logged, and decides the pause. */
  async runOnce(): Promise<RoundReport> {
    const { portal, listener } = this.deps;
    this.backoff.backingOff = false;
    const aloneMs = this.answers.leftAloneFor();
    if (aloneMs > 0) return this.leaveAlone(aloneMs);
    let reading: LedgerReading;
    try {
      reading = await readLedger(this.deps, this.memory, this.backoff, this.now);
    } catch (error) {
      // It may come back as it was before, and know less than it did.
      this.memory.accounted = false;
      this.memory.complete = false;
      return this.backoff.ledgerFailed(error);
    }
    if (this.bindingsDoubtful) this.memory.checkedAt = Number.NEGATIVE_INFINITY;
    this.bindingsDoubtful = false;
    const { heldProcessIds } = reading;
    const snapshot = trustworthy(reading.snapshot, this.memory, this.now);
    const plan = this.plan({ ...reading, snapshot });
    if (plan.commands.length === 0) {
      listener.ledger(portal.memberId, null);
      this.pace.nothingAsked();
      return { outcome: 'idle', reserved: 0, nextInMs: this.pause(snapshot) };
    }
    return this.send(plan, snapshot, heldProcessIds);
  }

  /** Its answers could not be taken in: it is not asked before its time, also not after a start. */
  private async leaveAlone(nextInMs: number): Promise<RoundReport> {
    this.backoff.backingOff = true;
    try {
      await this.answers.tellState();
    } catch (error) {
      return this.backoff.ledgerFailed(error);
    }
    return { outcome: 'idle', reserved: 0, nextInMs };
  }

  private plan({ snapshot, heldProcessIds, markedDue, done }: LedgerReading): RoundPlan {
    const { settings } = this.deps;
    const now = this.now();
    this.heldBackSince = heldBack(snapshot, { settings, limit: this.size.limit })
      ? (this.heldBackSince ?? now)
      : null;
    const planned = planRound({
      snapshot,
      heldProcessIds,
      markedDue,
      memory: this.memory,
      extended: this.deps.portal.extended(),
      settings: this.deps.brokerReady() ? settings : { ...settings, DRAIN_MAX_IN_FLIGHT: 0 },
      limit: this.size.limit,
      now,
      done,
      paused: this.deps.portal.paused(),
    });
    return this.throttledMethods.leaveOut(withoutLoneClears(planned, this.heldBackSince, now), now);
  }

  private async send(
    plan: RoundPlan,
    snapshot: RoundSnapshot,
    heldProcessIds: readonly string[],
  ): Promise<RoundReport> {
    const share = (this.deps.answerMemory ?? UNLIMITED_MEMORY).open();
    try {
      return await this.sendWith(plan, snapshot, heldProcessIds, share);
    } finally {
      share.close();
    }
  }

  private async sendWith(
    plan: RoundPlan,
    snapshot: RoundSnapshot,
    heldProcessIds: readonly string[],
    share: AnswerShare,
  ): Promise<RoundReport> {
    const { portal, ledger, listener, log } = this.deps;
    const extended = portal.extended();
    const { limit } = this.size;
    const sentAt = this.now();
    const startedAt = performance.now();
    const watched = this.answers.watch();
    try {
      const marks = plan.commands.filter((command) => command.kind === 'mark');
      if (marks.length > 0) await ledger.noteMarksSent(portal.memberId, marks);
    } catch (error) {
      return this.backoff.ledgerFailed(error);
    }
    let answer: BatchAnswer;
    try {
      answer = await this.deps.client.batch(roundRequest(plan), {
        ...this.calls,
        share,
        answers: this.deps.answersOf?.(Math.max(limit, PAGE)),
        large: () => watched.large(),
      });
    } catch (error) {
      return this.requestFailed(error, plan, watched);
    }
    const answeredAt = performance.now();
    const answered = this.now();
    const { results, checks } = readResults(plan, answer.results, answer.time.start);
    const outcome = applyAnswer({
      plan,
      results,
      snapshot,
      heldProcessIds,
      extended,
      memory: this.memory,
      sentAt,
      now: this.now(),
      answerBytes: share.bytes,
      portalTime: answer.time.start,
      journalId: () => `journal-${randomUUID().replaceAll('-', '')}`,
    });
    let vanished: number;
    try {
      await portal.answered?.();
      const applied = await ledger.applyRound(portal.memberId, outcome.changes);
      ({ vanished } = applied);
      await watched.taken();
      this.backoff.recovered();
      listener.ledger(portal.memberId, null);
      listener.roundTook(portal.memberId, (performance.now() - startedAt) / 1000);
      const times = { sentAt, answeredAt: answered, writtenAt: this.now() };
      listener.written?.(portal.memberId, { ...times, changes: outcome.changes });
      portal.queueRead?.({ sentAt, portalTime: answer.time.start, toItsEnd: outcome.toItsEnd });
      if (vanished > 0) {
        log.warn({ event: 'round.vanished', portal: portal.name, deliveries: vanished });
        // Another program cleared them, and may hold rows of its own.
        this.memory.watchUntil = this.now() + WATCH_MS;
      }
      if (outcome.foreign.length > 0) await portal.shared?.(outcome.foreign);
      listener.round(portal.memberId, roundFacts(plan, outcome));
      logRound(log, portal.name, plan, outcome, {
        displaced: applied.displaced,
        inFlight: snapshot.inFlight + outcome.reserved,
        portalMs: Math.round(answeredAt - startedAt),
        ledgerMs: Math.round(performance.now() - answeredAt),
        ...(limit === Math.min(FIRST_LIMIT, this.deps.settings.DRAIN_LIMIT) ? {} : { limit }),
      });
    } catch (error) {
      // What the answer said is lost.
      const { doubt } = this.memory;
      this.memory = { ...freshMemory(this.now()), doubt };
      return this.backoff.ledgerFailed(error);
    }
    if (outcome.changes.some(({ type }) => type === 'reserved' || type === 'error_rows_complete')) {
      this.deps.wakeDispatch();
    }
    const cost = roundCost(results, answer.times, (answeredAt - startedAt) / 1000);
    if (cost.reservation !== null) this.size.answered(cost.reservation);
    else if (outcome.failures.some(({ command, failure }) => lostReservation([command], failure)))
      this.size.lost();
    this.pace.roundEnded(outcome, vanished > 0, sentAt, answer.time.start);

    let followed: AnswerFollowed;
    try {
      await followMarks(this.deps, this.memory, results, this.now(), this.random());
      const state = { memory: this.memory, throttledMethods: this.throttledMethods, backoff: this.backoff };
      followed = await followAnswer(this.deps, state, outcome.failures, checks, this.calls, this.now);
    } catch (error) {
      if (error instanceof PortalError) return this.requestFailed(error, plan, null);
      return this.backoff.ledgerFailed(error);
    }
    if (followed.notifies !== null) this.pace.bindingsSeen(followed.notifies);
    if (outcome.left === 0) {
      try {
        await this.deps.former?.finished();
      } catch (error) {
        return this.backoff.ledgerFailed(error);
      }
    }
    return this.next(plan, snapshot, outcome, followed, restFor(cost.execution));
  }

  private next(
    plan: RoundPlan,
    snapshot: RoundSnapshot,
    outcome: RoundOutcome<PortalError>,
    { pauseMs }: AnswerFollowed,
    restMs: number,
  ): RoundReport {
    const { reserved } = outcome;
    if (pauseMs !== null) {
      this.backoff.backingOff = true;
      return { outcome: 'failed', reserved, nextInMs: pauseMs };
    }
    const more = plan.more || (outcome.full && this.deps.brokerReady());
    const nextInMs = more ? 0 : this.pause(snapshot);
    if (restMs <= nextInMs) return { outcome: 'ok', reserved, nextInMs };
    this.backoff.backingOff = true;
    return { outcome: 'ok', reserved, nextInMs: restMs };
  }

  private pause(snapshot: RoundSnapshot): number {
    return this.pace.pause(snapshot, this.memory, this.throttledMethods.any(this.now()));
  }

  private async requestFailed(
    error: unknown,
    plan: RoundPlan,
    watched: AnswerWatched | null,
  ): Promise<RoundReport> {
    const { limit } = this.size;
    let aloneMs: number | null;
    try {
      aloneMs = (await watched?.failed(error)) ?? null;
    } catch (failure) {
      distrust(this.memory, this.now(), doubtOf(plan.commands));
      return this.backoff.ledgerFailed(failure);
    }
    if (this.calls.signal.aborted) return { outcome: 'failed', reserved: 0, nextInMs: 0 };
    if (this.size.limit === limit && lostReservation(plan.commands, error)) this.size.lost();
    const report = await this.backoff.requestFailed(error, plan, this.memory);
    return aloneMs === null ? report : { ...report, nextInMs: Math.max(report.nextInMs, aloneMs) };
  }
}
