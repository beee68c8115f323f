import { ListeningTime } from '../../src/outcomes/listening-time.js';

/** The reply queue, by the world's clock: read at once while the bridge listens, and kept while it does not. */
export class ReplyQueue {
  private listened = new ListeningTime();
  private waiting: (() => Promise<void>)[] = [];
  private readUpTo = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly settleAfterMs: number,
    private readonly clock: () => number,
  ) {
    this.listened.begins(clock());
  }

  get listening(): boolean {
    return this.listened.listening;
  }

  /** The process starts again: how long the one before had listened is forgotten. */
  restart(): void {
    this.listened = new ListeningTime();
    this.readUpTo = Number.NEGATIVE_INFINITY;
    this.listened.begins(this.clock());
  }

  listen(on: boolean): void {
    if (on) this.listened.begins(this.clock());
    else this.listened.ends(this.clock());
  }

  /** A reply comes; it is recorded now, or after those before it. */
  async put(record: () => Promise<void>): Promise<void> {
    const first = this.waiting.length === 0;
    this.waiting.push(record);
    // What has gathered is read when a round asks.
    if (first && this.listening) await this.read();
  }

  async read(): Promise<void> {
    if (!this.listening) return;
    for (const record of this.waiting.splice(0)) await record();
    this.readUpTo = this.clock();
  }

  age(): number {
    return this.ageAsOf(this.clock());
  }

  async heardAge(): Promise<number> {
    await this.read();
    return this.ageAsOf(this.readUpTo);
  }

  remaining(ageMs: number): number {
    const now = this.clock();
    return Math.max(0, this.settleAfterMs - this.listened.between(now - ageMs, now));
  }

  private ageAsOf(moment: number): number {
    const since = this.listened.since(this.settleAfterMs, moment);
    return since === null ? Number.POSITIVE_INFINITY : this.clock() - since;
  }
}
