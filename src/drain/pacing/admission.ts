import { FIRST_LIMIT } from '../round/plan-input.js';
import { type Account, FairPlaces } from './fair-places.js';

/** Gives an admission back; a second call does nothing. */
export type Leave = () => void;

/** Where the rounds of one portal wait for their turn. */
export interface RoundGate {
  /**
   * Waits for a place, or until `signal` aborts; resolves with what gives the place back.
   * @param events that the round asks for: one place for every 500 of them
   */
  enter(signal: AbortSignal, events?: number): Promise<Leave>;
}

interface AdmissionOptions {
  /** Places for rounds of portals that answer in time, one for every 500 events: `DRAIN_CONCURRENCY`. */
  readonly limit: number;
  /** The same of portals that do not, or are not known yet. */
  readonly slowLimit?: number;
  /** Rounds that turn out to take long, in addition to those. */
  readonly longRoundsLimit?: number;
  /** A round that takes longer makes way where others wait, ms. */
  readonly makesWayMs?: number;
  /** A portal whose rounds take longer is slow, ms. */
  readonly slowMs?: number;
  /** Milliseconds that only ever grow. */
  readonly now?: () => number;
}

/** What hangs costs a connection and little memory: what its answer may take is bounded by itself. */
const SLOW_LIMIT = 500;
const LONG_ROUNDS_LIMIT = 200;
const MAKES_WAY_MS = 150;
const SLOW_MS = 1000;
/** Rounds in time after which a slow portal counts as quick: at first, and at most, as it may hang again each time. */
const RECOVERY_ROUNDS = 3;
const MOST_RECOVERY_ROUNDS = 96;
/** After so many in a row it counts as having hung once. */
const RESET_AFTER = 500;

/** A round that holds a quick place, and can be moved to a slow one. */
interface RunningRound {
  readonly move: () => void;
}

/**
 * Lets a limited number of rounds be under way at once, over all portals, the portals that have used least of it
 * first. Portals that answer slowly, hang, or are not known yet have places of their own, so that however many they are, those that
 * answer do not wait for them; and a round that turns out to take long gives its place to the next one that waits. All
 * together are bounded: `limit` + `slowLimit` + `longRoundsLimit` rounds, each place good for 500 events.
 */
export class Admission {
  private readonly quick: FairPlaces;
  private readonly slow: FairPlaces;
  private readonly portals = new Map<string, PortalSpeed>();
  /** Rounds that take long and hold a place among the quick ones, oldest first. */
  private readonly longRounds = new Set<RunningRound>();
  private readonly options: Required<AdmissionOptions>;

  constructor(options: AdmissionOptions) {
    this.options = {
      slowLimit: SLOW_LIMIT,
      longRoundsLimit: LONG_ROUNDS_LIMIT,
      makesWayMs: MAKES_WAY_MS,
      slowMs: SLOW_MS,
      now: () => performance.now(),
      ...options,
    };
    this.quick = new FairPlaces(this.options.limit);
    this.slow = new FairPlaces(this.options.slowLimit);
  }

  /** Places that are taken. */
  get inside(): number {
    return this.quick.taken + this.slow.taken;
  }

  /** The gate of a portal: what is known of how it answers outlasts its loops. */
  of(memberId: string): RoundGate {
    let speed = this.portals.get(memberId);
    if (speed === undefined) this.portals.set(memberId, (speed = new PortalSpeed(this.options.slowMs)));
    const known = speed;
    return { enter: (signal, events = 1) => this.enter(known, signal, events) };
  }

  /** The portal is gone. */
  forget(memberId: string): void {
    this.portals.delete(memberId);
  }

  private async enter(speed: PortalSpeed, signal: AbortSignal, events: number): Promise<Leave> {
    const { now, makesWayMs } = this.options;
    const begunQuick = speed.isQuick;
    const places = Math.max(1, Math.ceil(events / FIRST_LIMIT));
    const turn = begunQuick
      ? this.quick.take(speed.quick, signal, places)
      : this.slow.take(speed.slow, signal);
    this.makeWay();
    if (!(await turn)) return () => undefined;
    const enteredAt = now();
    let movedAt: number | null = begunQuick ? null : enteredAt;
    const round: RunningRound = {
      move: () => {
        movedAt = now();
        this.slow.takeBeyondLimit();
        this.quick.release(speed.quick, (movedAt - enteredAt) / 1000, places);
      },
    };
    const timer = begunQuick
      ? setTimeout(() => {
          this.longRounds.add(round);
          this.makeWay();
        }, makesWayMs)
      : undefined;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      clearTimeout(timer);
      this.longRounds.delete(round);
      const leftAt = now();
      speed.roundTook(leftAt - enteredAt);
      if (movedAt === null) this.quick.release(speed.quick, (leftAt - enteredAt) / 1000, places);
      else this.slow.release(speed.slow, (leftAt - movedAt) / 1000);
      this.makeWay();
    };
  }

  /** Rounds that take long go from the quick places where others wait for those. */
  private makeWay(): void {
    const most = this.options.slowLimit + this.options.longRoundsLimit;
    for (const round of this.longRounds) {
      if (this.quick.waiting === 0 || this.slow.taken >= most) return;
      this.longRounds.delete(round);
      round.move();
    }
  }
}

/** What is known of a portal's rounds. */
class PortalSpeed {
  readonly quick: Account = { usedUpTo: 0 };
  readonly slow: Account = { usedUpTo: 0 };
  /** Rounds in time, in a row. */
  private inTime = 0;
  /** How many of those it takes to count as quick: one for a portal that has done nothing wrong. */
  private recoveryRounds = 1;

  constructor(private readonly slowMs: number) {}

  get isQuick(): boolean {
    return this.inTime >= this.recoveryRounds;
  }

  /** A round took so long. */
  roundTook(ms: number): void {
    if (ms <= this.slowMs) {
      this.inTime += 1;
      if (this.inTime >= RESET_AFTER) this.recoveryRounds = Math.min(this.recoveryRounds, RECOVERY_ROUNDS);
      return;
    }
    if (this.isQuick || this.recoveryRounds === 1) {
      this.recoveryRounds =
        this.recoveryRounds === 1 ? RECOVERY_ROUNDS : Math.min(this.recoveryRounds * 2, MOST_RECOVERY_ROUNDS);
    }
    this.inTime = 0;
  }
}
