import { TimedOut, within } from '../timing/within.js';
import { ListeningTime } from './listening-time.js';

/** The present reader of the reply queue. */
export interface ReplyReader {
  /** What the broker says of the queue, on the channel that reads it: messages ready, and its consumers. */
  queueStatus(): Promise<{ readonly messageCount: number; readonly consumerCount: number }>;
  /** Resolves when every reply that was handed to us so far is in the ledger. */
  recorded(): Promise<void>;
  /** How many replies went back to the queue so far, unread. */
  givenBack(): number;
  /** False while nothing is asked of the queue, since enough is in hand. */
  reading(): boolean;
}

interface WatermarkOptions {
  readonly settleAfterMs: number;
  /** For so long a connection may be dead before it is noticed, ms. */
  readonly blindMs: number;
  /** A clock that only goes forward, ms. */
  readonly clock?: () => number;
  readonly timing?: Partial<WatermarkTiming>;
}

interface WatermarkTiming {
  /** A round waits no longer for the queue to be read: it settles what it can, and the next one the rest. */
  readonly patienceMs: number;
  /** Where messages wait, the broker is asked again after this. */
  readonly askAgainMs: number;
  /** What the broker has handed out just before it said that nothing is left arrives within this. */
  readonly arrivalMs: number;
  /**
   * Another replica that lives has recorded what it was handed within this. The broker does not tell what others
   * hold; of one whose connection has died they come back, and are ready or in our hands by then.
   */
  readonly othersMs: number;
  readonly answerTimeoutMs: number;
}

const TIMING: WatermarkTiming = {
  patienceMs: 250,
  askAgainMs: 100,
  arrivalMs: 20,
  othersMs: 1000,
  answerTimeoutMs: 5000,
};

/**
 * Up to which moment the reply queue has been read: every reply that was in it then is in the ledger. Silence is judged
 * as of that moment, and only the time in which the queue was being read counts towards it.
 *
 * The broker is asked only when a round has something to settle; one answer serves the rounds of all portals.
 */
export class ReplyWatermark {
  private readonly listened = new ListeningTime();
  private readonly clock: () => number;
  private readonly timing: WatermarkTiming;
  private reader: ReplyReader | null = null;
  /** Of the clock: every reply that was in the queue then is recorded. */
  private readUpTo = Number.NEGATIVE_INFINITY;
  /** How far rounds want it to be. */
  private wanted = Number.NEGATIVE_INFINITY;
  /** When the broker last showed that the connection lives. */
  private aliveAt = 0;
  private looking = false;
  private waiting: { readonly from: number; readonly resolve: () => void }[] = [];

  constructor(private readonly options: WatermarkOptions) {
    this.clock = options.clock ?? (() => performance.now());
    this.timing = { ...TIMING, ...options.timing };
  }

  /** The queue is being read from now on. */
  begins(reader: ReplyReader): void {
    this.ends(this.reader);
    this.reader = reader;
    this.aliveAt = this.clock();
    this.listened.begins(this.aliveAt);
    void this.readOn();
  }

  /** It is not any more, and may not have been for a while; what a reader says that is not the present one does not count. */
  ends(reader: ReplyReader | null): void {
    if (reader === null || reader !== this.reader) return;
    this.reader = null;
    this.listened.ends(Math.max(this.aliveAt, this.clock() - this.options.blindMs));
    for (const { resolve } of this.waiting.splice(0)) resolve();
  }

  /**
   * How long ago a delivery must have been published to have been silent for long enough, were everything that is in
   * the queue known, ms; Infinity where none can have been.
   */
  age(): number {
    const now = this.clock();
    return this.ageAsOf(now, now);
  }

  /** The same, by what is known to have been in the queue: reads it up to now, where that is soon done. Never rejects. */
  async heardAge(): Promise<number> {
    const from = this.clock();
    this.wanted = from;
    if (this.reader !== null) {
      const read = new Promise<void>((resolve) => this.waiting.push({ from, resolve }));
      void this.readOn();
      await within(this.timing.patienceMs, read).catch((error: unknown) => {
        if (!(error instanceof TimedOut)) throw error;
      });
    }
    return this.ageAsOf(this.readUpTo, this.clock());
  }

  /** How much longer a delivery that was published `ageMs` ago has to be silent, ms. */
  remaining(ageMs: number): number {
    const now = this.clock();
    const heard = this.listened.between(now - ageMs, now);
    return Math.ceil(Math.max(0, this.options.settleAfterMs - heard));
  }

  private ageAsOf(moment: number, now: number): number {
    const since = this.listened.since(this.options.settleAfterMs, moment);
    return since === null ? Number.POSITIVE_INFINITY : now - since;
  }

  /** Reads on until the watermark is where it is wanted, or the queue is no longer read. */
  private async readOn(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    while (this.reader !== null && this.readUpTo < this.wanted) {
      const began = this.clock();
      if (await this.isReadUp(this.reader)) this.reached(began);
      else await pause(this.timing.askAgainMs);
    }
    this.looking = false;
  }

  private async isReadUp(reader: ReplyReader): Promise<boolean> {
    const { answerTimeoutMs, arrivalMs, othersMs } = this.timing;
    const before = reader.givenBack();
    try {
      const { messageCount, consumerCount } = await within(answerTimeoutMs, reader.queueStatus());
      if (reader !== this.reader) return false;
      this.aliveAt = this.clock();
      if (messageCount > 0 || !reader.reading()) return false;
      await pause(consumerCount > 1 ? othersMs : arrivalMs);
      // Large ones take longer to arrive: what the broker had handed out by then comes before this answer.
      if ((await within(answerTimeoutMs, reader.queueStatus())).messageCount > 0) return false;
      await within(answerTimeoutMs, reader.recorded());
      return reader === this.reader && reader.givenBack() === before;
    } catch {
      // A channel that has closed is told of by its own end; what is slow is asked again.
      return false;
    }
  }

  private reached(moment: number): void {
    this.readUpTo = moment;
    const done = this.waiting.filter(({ from }) => from <= moment);
    this.waiting = this.waiting.filter(({ from }) => from > moment);
    for (const { resolve } of done) resolve();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
