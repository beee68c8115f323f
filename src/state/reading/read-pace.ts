import { type AnswerTime } from '../../bitrix24/answer-time.js';
import { type PortalError } from '../../bitrix24/errors.js';
import { type ExecutionLimits, restFor } from '../../bitrix24/execution-time.js';
import { PAGE_ITEMS } from './object-read.js';
import { type RequestSize } from './read-queue.js';

/** A batch takes no more. */
const MOST_COMMANDS = 50;
/** A request is meant to take no longer on the portal: the one after it may be wanted more. */
const TARGET_SECONDS = 4;
/** So long it may take where less urgent work fills it up. */
const FILLED_SECONDS = 1;
/** How much the last answer changes what is believed of the cost of a command. */
const LEARNING = 0.3;
/**
 * Where the portal counts a batch as one method, reading uses the same account as rounds do: far below what rounds, which
 * rest from 180 s on, are to find in it.
 */
const OF_BATCHES: ExecutionLimits = { free: 60, most: 180 };
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** Execution time is counted over ten minutes: whatever is said to last longer was said by another clock. */
const LONGEST_THROTTLE_MS = 600_000;

/** What a request cost. */
export interface ReadCost {
  readonly commands: number;
  /** Seconds that the portal took for it. */
  readonly seconds: number;
  /** What the portal said of the account of the reading methods, and of that of batches; null where nothing. */
  readonly operating: number | null;
  readonly batchOperating: number | null;
}

/** How much is read from one portal at once, and when: by what answers cost, and what went wrong. */
export class ReadPace {
  private commands = MOST_COMMANDS;
  private ids = PAGE_ITEMS;
  /** Seconds that a command costs; null before the first answer. */
  private cost: number | null = null;
  private failures = 0;
  /** Nothing is sent before: after a failure, Unix ms. */
  private backsOffUntil = 0;
  /** The same for execution time that is used up. */
  private restsUntil = 0;

  constructor(private readonly random: () => number) {}

  /** What the next request may carry. */
  get size(): RequestSize {
    const { cost, commands, ids } = this;
    if (cost === null) return { commands, filled: commands, ids };
    const within = (seconds: number) => Math.max(Math.floor(seconds / cost), 1);
    return {
      commands: Math.min(commands, within(TARGET_SECONDS)),
      filled: Math.min(commands, within(FILLED_SECONDS)),
      ids,
    };
  }

  /** How many requests in a row had no answer. */
  get failuresInARow(): number {
    return this.failures;
  }

  /** How long nothing is sent, ms. */
  waitMs(now: number): number {
    const left = Math.max(this.backsOffUntil, this.restsUntil) - now;
    // A time so far in the future was written before the clock was set back.
    return left > LONGEST_THROTTLE_MS ? 0 : Math.max(left, 0);
  }

  answered(cost: ReadCost, now: number): void {
    this.failures = 0;
    const { seconds, operating, batchOperating } = cost;
    const one = Math.max(seconds / cost.commands, 0.001);
    this.cost = this.cost === null ? one : this.cost * (1 - LEARNING) + one * LEARNING;
    this.commands = Math.min(Math.ceil(this.commands * 1.5), MOST_COMMANDS);
    this.ids = Math.min(Math.ceil(this.ids * 1.5), PAGE_ITEMS);
    const ofMethods = restFor({ operating, seconds });
    const ofBatches = restFor({ operating: batchOperating, seconds }, OF_BATCHES);
    this.rest(now + Math.max(ofMethods, ofBatches));
  }

  /** The answer to so many commands and ids did not come, or was too large: less is asked for. */
  tooMuch(commands: number, ids: number): void {
    if (commands > 1) this.commands = Math.ceil(commands / 2);
    else this.ids = Math.ceil(ids / 2);
  }

  /**
   * A request has no answer.
   * @returns how long nothing is sent for that, ms
   */
  failed(error: PortalError, now: number): number {
    this.failures += 1;
    const growing = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(this.failures - 1, 10), LONGEST_PAUSE_MS);
    const pauseMs = Math.round(growing * (0.75 + this.random() / 2));
    this.backsOffUntil = now + pauseMs;
    this.throttled(error, now);
    return this.waitMs(now);
  }

  /** A method has no execution time left. */
  throttled(error: PortalError, now: number): void {
    const until = 'until' in error && typeof error.until === 'number' ? error.until : now;
    this.rest(Math.min(until, now + LONGEST_THROTTLE_MS));
  }

  /** The cause of what went wrong may be gone. */
  recovered(): void {
    this.failures = 0;
    this.backsOffUntil = 0;
  }

  private rest(until: number): void {
    this.restsUntil = Math.max(this.restsUntil, until);
  }
}

/** Adds up what an answer says of the commands of a request. */
export function costOf(
  times: ReadonlyMap<string, AnswerTime>,
  batch: AnswerTime,
  tookSeconds: number,
): ReadCost {
  let [seconds, said] = [0, false];
  let operating: number | null = null;
  for (const time of times.values()) {
    said ||= time.seconds !== null;
    seconds += time.seconds ?? 0;
    if (time.operating !== null) operating = Math.max(operating ?? 0, time.operating);
  }
  return {
    commands: times.size,
    seconds: said ? seconds : (batch.seconds ?? tookSeconds),
    operating,
    batchOperating: batch.operating,
  };
}
