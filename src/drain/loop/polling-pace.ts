import { type PortalError } from '../../bitrix24/errors.js';
import { type RoundSnapshot } from '../../ledger/round-snapshot.js';
import { workDueAt } from '../pacing/due-times.js';
import {
  bindingsSeen,
  FRESH_PACE,
  type IdlePace,
  idlePause,
  notified,
  type Notifies,
  roundEnded,
} from '../pacing/idle-pace.js';
import { marksTriedAt } from '../round/plan-marks.js';
import { type RoundMemory } from '../round/round-memory.js';
import { type RoundOutcome } from '../round/round-outcome.js';
import { type LoopDependencies } from './loop-dependencies.js';

/** How often a portal is asked: what its notifications are worth, how quiet it is, and what is due. */
export class PollingPace {
  private pace: IdlePace = FRESH_PACE;
  private laterMs = 0;

  constructor(
    private readonly deps: Pick<LoopDependencies, 'settings' | 'portal' | 'silence' | 'log'>,
    private readonly now: () => number,
    private readonly random: () => number,
  ) {}

  /** The portal has said that there is something. */
  notified(): void {
    this.pace = notified(this.pace, this.now());
  }

  /** What a check of the bindings said of notifications. */
  bindingsSeen(notifies: Notifies): void {
    this.pace = bindingsSeen(this.pace, notifies, this.now());
  }

  /** A round had nothing to ask the portal for. */
  nothingAsked(): void {
    const sentAt = this.now();
    this.pace = roundEnded(this.pace, { queueRead: false, busy: false, oldestAgeMs: null, sentAt }, sentAt);
  }

  /** How much later than {@link pause} said last the portal may be asked where the process has much to do, ms. */
  get laterWhileBusyMs(): number {
    return this.laterMs;
  }

  /** How long nothing has to be asked of the portal, ms. */
  pause(snapshot: RoundSnapshot, memory: RoundMemory, throttled: boolean): number {
    const { settings, portal, silence } = this.deps;
    const now = this.now();
    const { groupedMs: idleMs, aloneMs } = idlePause(this.pace, settings, now, this.random());
    this.laterMs = 0;
    if (throttled) return Math.min(idleMs, settings.DRAIN_INTERVAL_MS);
    const dueInMs = workDueAt(snapshot, memory, silence, now) - now;
    // A portal that stands still is asked no more often than every interval, whatever is due.
    const pauseMs = Math.min(idleMs, Math.max(settings.DRAIN_INTERVAL_MS, dueInMs));
    const marks = portal.extended() === true && !portal.paused();
    const marksAt = marks ? marksTriedAt(snapshot, memory, settings, now) : null;
    const inMs = marksAt === null ? pauseMs : Math.min(pauseMs, Math.max(marksAt - now, 0));
    if (inMs === idleMs) this.laterMs = aloneMs - idleMs;
    return inMs;
  }

  /** A round has ended, and has read the queue or not. */
  roundEnded(outcome: RoundOutcome<PortalError>, vanished: boolean, sentAt: number, portalNow: number): void {
    const { reserved, errorRows, adopted, marked, cleared, oldestChange, queueRead, failures } = outcome;
    const relied = !this.pace.missed;
    this.pace = roundEnded(
      this.pace,
      {
        queueRead,
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
        advice:
          'a change came without a notification: can the portal reach PUBLIC_URL? Until it does, it is polled',
      });
    }
  }
}
