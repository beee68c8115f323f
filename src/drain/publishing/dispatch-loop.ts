import { REFUSED_ADVICE } from '../../events/refusal.js';
import { type Ledger } from '../../ledger/ledger.js';
import { DEAD_LETTER_KEY } from '../../ledger/refused.js';
import { type Log } from '../../logging/log.js';
import { WakeableSleep } from '../../timing/wakeable-sleep.js';
import { type Dispatcher, type PassResult } from './dispatcher.js';
import { type PortalIdentity } from './page-publisher.js';
import { reasonOf } from '../../logging/reason.js';

interface DispatchLoopDependencies {
  readonly portal: PortalIdentity;
  readonly dispatcher: Pick<Dispatcher, 'pass'>;
  readonly ledger: Pick<Ledger, 'nextDueAt' | 'countRefused'>;
  readonly brokerReady: () => boolean;
  /** Told when the broker takes events again, before the first of them is looked at. */
  readonly resumed?: () => void;
  /** Told now and then how many deliveries are refused at present. */
  readonly refusedNow: (count: number) => void;
  readonly log: Log;
  readonly now?: () => number;
}

/** Where nothing waits, nothing is read until it is woken: by a round, a reply, or the job that watches all portals. */
const UNTIL_WOKEN = Number.POSITIVE_INFINITY;
/** A clock that is set back makes what waits due later than it should be; read again after this long, ms. */
const WAIT_AT_MOST_MS = 60_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;
/** What is refused is counted no more often than this, and told of in the log no more often than that; ms. */
const COUNT_REFUSED_EVERY_MS = 10_000;
const TELL_OF_REFUSED_EVERY_MS = 60_000;
/** Routing keys named in one line. */
const KEYS_NAMED = 10;

/** Publishes one portal's deliveries whenever there are any: after a start, a round, or when a retry is due. */
export class DispatchLoop {
  private readonly pause = new WakeableSleep();
  private stopped = false;
  private running: Promise<void> | null = null;
  /** Whether something was refused after the last pass; null before the first. */
  private someRefused: boolean | null = null;
  private refusedCountedAt = Number.NEGATIVE_INFINITY;
  private refusedToldAt = Number.NEGATIVE_INFINITY;
  private interrupted = false;

  constructor(private readonly deps: DispatchLoopDependencies) {}

  start(): void {
    this.running ??= this.run();
  }

  /** There may be something to publish, now or after `inMs`. */
  wake(inMs = 0): void {
    this.pause.wakeIn(inMs);
  }

  /** Starts nothing more and waits for the confirms under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.pause.wakeIn(0);
    await this.running;
  }

  private async run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.stopped) {
      const done = await this.runOnce();
      if (this.stopped) return;
      if (done.ok) {
        pauseMs = FIRST_PAUSE_MS;
        await this.pause.sleep(done.nextInMs);
      } else {
        await this.pause.sleep(pauseMs);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  /** One pass; never rejects. */
  async runOnce(): Promise<{ ok: boolean; nextInMs: number }> {
    const { portal, dispatcher, ledger, log } = this.deps;
    // The return of the broker wakes it.
    if (!this.deps.brokerReady()) {
      this.interrupted = true;
      return { ok: true, nextInMs: UNTIL_WOKEN };
    }
    if (this.interrupted) this.deps.resumed?.();
    this.interrupted = false;
    try {
      const passAt = this.now();
      const startedAt = performance.now();
      const done = await dispatcher.pass(portal, () => this.stopped);
      const { confirmed, dead, refused, unconfirmed, reason } = done;
      if (confirmed + dead + unconfirmed > 0) {
        log[unconfirmed > 0 ? 'warn' : 'info']({
          event: 'dispatch',
          portal: portal.name,
          confirmed,
          dead,
          ...(refused === 0 ? {} : { refused }),
          unconfirmed,
          ...(reason === null ? {} : { reason }),
          ms: Math.round(performance.now() - startedAt),
        });
      }
      await this.tellOfRefused(done);
      if (unconfirmed > 0) return { ok: false, nextInMs: 0 };
      // What is due by now and was not published waits for its state.
      const after = done.stateDueAt === null ? null : passAt;
      const retryAt = await ledger.nextDueAt(portal.memberId, after);
      const dueAt = earlier(earlier(retryAt, done.refusedDueAt), done.stateDueAt);
      const now = this.now();
      const waitMs = dueAt === null ? UNTIL_WOKEN : Math.min(Math.max(dueAt - now, 0), WAIT_AT_MOST_MS);
      return { ok: true, nextInMs: waitMs };
    } catch (error) {
      log.error({
        event: 'dispatch.failed',
        portal: portal.name,
        reason: reasonOf(error),
      });
      return { ok: false, nextInMs: 0 };
    }
  }

  /** By one line a minute, not one a pass: a queue that stays full is asked every second. */
  private async tellOfRefused({ refused, refusedKeys, refusedDueAt }: PassResult): Promise<void> {
    const { portal, ledger, refusedNow, log } = this.deps;
    if (refusedDueAt === null) {
      // Once at the start, too: the loop before this one may have told of some.
      if (this.someRefused !== false) refusedNow(0);
      this.someRefused = false;
      this.refusedCountedAt = Number.NEGATIVE_INFINITY;
      return;
    }
    this.someRefused = true;
    const now = performance.now();
    const tells = refused > 0 && now - this.refusedToldAt >= TELL_OF_REFUSED_EVERY_MS;
    if (!tells && now - this.refusedCountedAt < COUNT_REFUSED_EVERY_MS) return;
    this.refusedCountedAt = now;
    const waiting = await ledger.countRefused(portal.memberId);
    refusedNow(waiting);
    if (!tells) return;
    this.refusedToldAt = now;
    const keys = [...refusedKeys].map((key) => (key === DEAD_LETTER_KEY ? 'dead letters' : key));
    log.warn({
      event: 'dispatch.refused',
      portal: portal.name,
      refused,
      waiting,
      keys: keys.slice(0, KEYS_NAMED),
      advice: REFUSED_ADVICE.in('en'),
    });
  }

  private now(): number {
    return (this.deps.now ?? Date.now)();
  }
}

function earlier(one: number | null, other: number | null): number | null {
  return one === null ? other : other === null ? one : Math.min(one, other);
}
