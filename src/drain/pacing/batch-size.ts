import { FIRST_LIMIT } from '../round/plan-input.js';

/** What one reserving command cost the portal. */
export interface Cost {
  /** Its limit. */
  readonly asked: number;
  readonly events: number;
  /** Time that the portal took for it. */
  readonly seconds: number;
}

/**
 * An answer should not take longer. The portal cuts a request at 60 s, so rows that suddenly cost ten times as much
 * still get through; a stop waits about that long for a round under way, and marks and notifications wait behind it.
 * Longer ones would gain nothing: at 4 s a request the budget of 2 requests a second is no limit any more.
 */
export const TARGET_SECONDS = 4;
/**
 * More than {@link FIRST_LIMIT} are asked for while an answer takes no longer than this, or than twice what it takes
 * whatever is asked for. A request every half second is the budget: a slower one gains little by being larger, and
 * everything else waits longer behind it.
 */
const QUICK_SECONDS = 0.5;
/** An answer that takes longer is not tried in a larger size. */
const PROBED_SECONDS = 2;
/** What an answer with a large fixed part may take in all: half of what the portal allows. */
const LONGEST_SECONDS = 30;
/** Fewer events than this are not worth a request. */
const FLOOR = 10;
const GROWTH = 1.5;
/** A size to which it grew and lost an answer again is avoided for so many answers, and longer each time. */
const FIRST_CAUTION = 20;
const LONGEST_CAUTION = 160;
/** Answers that it takes to grow back from half. */
const REGROWTH = 5;

/**
 * How many events one command asks a portal for: 500 at first, up to `DRAIN_LIMIT` while a backlog is drained whose
 * answers are quick, and fewer where they are slow. It learns what an event costs from answers that took too long,
 * halves when an answer is lost, and grows back step by step.
 */
export class BatchSize {
  private size: number;
  private floor: number;
  private ceiling = Number.POSITIVE_INFINITY;
  private caution = FIRST_CAUTION;
  private answersSinceLoss = Number.POSITIVE_INFINITY;
  /** Seconds that a command takes whatever it asks for; null until two answers told. */
  private learned: number | null = null;
  private last: Cost | null = null;

  /** @param largest `DRAIN_LIMIT` */
  constructor(
    private readonly largest: number,
    floor = FLOOR,
  ) {
    this.size = Math.min(FIRST_LIMIT, largest);
    this.floor = Math.min(floor, largest);
  }

  get limit(): number {
    return this.size;
  }

  /** A reserving command was answered. */
  answered(cost: Cost): void {
    const telling = cost.events >= cost.asked / 2;
    // A short answer to a queue that is nearly empty says nothing of a long one; and the next backlog may be of others.
    if (!telling && this.size > FIRST_LIMIT) this.resize(FIRST_LIMIT);
    if (!telling && cost.seconds <= TARGET_SECONDS) return;
    this.learnFixedPart(cost);
    const fixed = this.learned ?? 0;
    const perEvent = Math.max(cost.seconds - fixed, 0) / Math.max(cost.events, 1);
    // Where the fixed part alone takes too long, fewer events help little: they get as much time again.
    const forEvents = Math.min(Math.max(TARGET_SECONDS - fixed, fixed), LONGEST_SECONDS - fixed);
    const fitting = perEvent > 0 ? Math.max(Math.floor(forEvents / perEvent), 0) : Number.POSITIVE_INFINITY;
    if (telling) {
      this.answersSinceLoss += 1;
      if (this.answersSinceLoss >= this.caution) this.ceiling = Number.POSITIVE_INFINITY;
    }
    // One larger request tells whether it is the events that take the time.
    const probing = this.learned === null && cost.seconds <= PROBED_SECONDS;
    const quick =
      perEvent > 0 && !probing ? Math.max(QUICK_SECONDS - fixed, fixed) / perEvent : Number.POSITIVE_INFINITY;
    const most = Math.min(fitting, Math.max(quick, FIRST_LIMIT));
    if (most < this.size) this.resize(most);
    else if (telling) this.resize(Math.min(most, Math.ceil(this.size * GROWTH)));
  }

  /** The answer to a round that reserves did not come, or not whole: it may have been too much. */
  lost(): void {
    // Once may be chance, and in a row it may be an outage. Lost again when it had just grown back, it was too much.
    if (this.answersSinceLoss > 0 && this.answersSinceLoss < this.caution + REGROWTH) {
      this.ceiling = this.size * 0.75;
      this.caution = Math.min(this.caution * 2, LONGEST_CAUTION);
    } else if (this.answersSinceLoss > 0) this.caution = FIRST_CAUTION;
    this.answersSinceLoss = 0;
    this.last = null;
    this.resize(Math.floor(this.size / 2));
  }

  /** Begins small where so many answers in a row were too much before. */
  startAfter(inARow: number): void {
    if (inARow === 0) return;
    this.floor = 1;
    this.resize(inARow < 2 ? Math.sqrt(this.size) : 1);
  }

  /**
   * An answer was too much to take in, for the `inARow`th time in a row: after the second one only a single event is
   * asked for.
   */
  tooMuch(inARow: number): void {
    this.ceiling = Math.max(this.size * 0.75, 1);
    this.caution = Math.min(this.caution * 2, LONGEST_CAUTION);
    this.answersSinceLoss = 0;
    this.last = null;
    this.startAfter(inARow);
  }

  /** Two answers of different sizes tell what does not depend on the size. */
  private learnFixedPart(cost: Cost): void {
    const { last } = this;
    const apart = last === null ? 0 : Math.abs(cost.events - last.events);
    if (last !== null && apart >= Math.max(cost.events, last.events) / 10) {
      const slope = (cost.seconds - last.seconds) / (cost.events - last.events);
      const fixed = Math.max(0, cost.seconds - Math.max(0, slope) * cost.events);
      const bounded = Math.min(fixed, LONGEST_SECONDS - 1);
      this.learned = ((this.learned ?? bounded) + bounded) / 2;
    }
    this.last = cost;
  }

  private resize(size: number): void {
    this.size = Math.max(this.floor, Math.min(Math.floor(size), Math.floor(this.ceiling), this.largest));
  }
}
