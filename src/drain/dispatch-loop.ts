import { type Ledger } from '../ledger/ledger.js';
import { type Log } from '../log.js';
import { AlarmClock } from './alarm-clock.js';
import { type Dispatcher, type PortalIdentity } from './dispatcher.js';

export interface DispatchLoopDependencies {
  readonly portal: PortalIdentity;
  readonly dispatcher: Pick<Dispatcher, 'pass'>;
  readonly ledger: Pick<Ledger, 'nextDueAt'>;
  readonly brokerReady: () => boolean;
  readonly log: Log;
  readonly now?: () => number;
}

/** Where nothing waits, nothing is looked at until a kick: a round, a reply, or whoever watches all portals at once. */
const UNTIL_KICKED = Number.POSITIVE_INFINITY;
/** A clock that is set back makes what waits due later than it should be; looked at again after this long, ms. */
const WAIT_AT_MOST_MS = 60_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

/** Publishes one portal's deliveries whenever there are any: after a start, a round, or when a retry is due. */
export class DispatchLoop {
  private readonly alarm = new AlarmClock();
  private stopped = false;
  private running: Promise<void> | null = null;

  constructor(private readonly deps: DispatchLoopDependencies) {}

  start(): void {
    this.running ??= this.run();
  }

  /** There may be something to publish, now or after `inMs`. */
  kick(inMs = 0): void {
    this.alarm.ringIn(inMs);
  }

  /** Starts nothing more and waits for the confirms under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.alarm.ringIn(0);
    await this.running;
  }

  private async run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.stopped) {
      const done = await this.runOnce();
      if (this.stopped) return;
      if (done.ok) {
        pauseMs = FIRST_PAUSE_MS;
        await this.alarm.sleep(done.nextInMs);
      } else {
        await this.alarm.sleep(pauseMs);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  /** One pass; never rejects. */
  async runOnce(): Promise<{ ok: boolean; nextInMs: number }> {
    const { portal, dispatcher, ledger, log } = this.deps;
    // The return of the broker kicks.
    if (!this.deps.brokerReady()) return { ok: true, nextInMs: UNTIL_KICKED };
    try {
      const startedAt = performance.now();
      const { confirmed, dead, unconfirmed, reason } = await dispatcher.pass(portal, () => this.stopped);
      if (confirmed + dead + unconfirmed > 0) {
        log[unconfirmed > 0 ? 'warn' : 'info']({
          event: 'dispatch',
          portal: portal.name,
          confirmed,
          dead,
          unconfirmed,
          ...(reason === null ? {} : { reason }),
          ms: Math.round(performance.now() - startedAt),
        });
      }
      if (unconfirmed > 0) return { ok: false, nextInMs: 0 };
      const dueAt = await ledger.nextDueAt(portal.memberId);
      const now = (this.deps.now ?? Date.now)();
      const waitMs = dueAt === null ? UNTIL_KICKED : Math.min(Math.max(dueAt - now, 0), WAIT_AT_MOST_MS);
      return { ok: true, nextInMs: waitMs };
    } catch (error) {
      log.error({
        event: 'dispatch.failed',
        portal: portal.name,
        reason: error instanceof Error ? error.message : String(error),
      });
      return { ok: false, nextInMs: 0 };
    }
  }
}
