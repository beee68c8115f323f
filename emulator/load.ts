import { type EmulatedPortal } from './portal.js';

interface LoadOptions {
  /** Changes a second. */
  ratePerSecond: number;
  /** Number of objects that change: the fewer, the more changes merge. */
  objects: number;
  events: readonly string[];
  connector?: string;
  force?: boolean;
}

const TICK_MS = 50;

/** Changes random objects of a portal at a steady rate. */
export class LoadGenerator {
  private pushed = 0;
  private entered = 0;
  private owed = 0;
  private last = 0;
  private timer: NodeJS.Timeout | null = null;

  /** @throws Error for a rate or a number of objects that is not positive, or without events */
  constructor(
    private readonly portal: EmulatedPortal,
    private readonly options: LoadOptions,
    private readonly random: () => number = Math.random,
  ) {
    if (!(options.ratePerSecond > 0)) throw new Error('ratePerSecond must be above 0');
    if (!(options.objects >= 1)) throw new Error('objects must be at least 1');
    if (options.events.length === 0) throw new Error('events must not be empty');
  }

  get counts(): { pushed: number; entered: number } {
    return { pushed: this.pushed, entered: this.entered };
  }

  start(): void {
    if (this.timer) return;
    this.last = performance.now();
    this.timer = setInterval(() => this.tick(performance.now()), TICK_MS);
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  /** Makes `count` changes at once. */
  change(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const event = this.options.events[Math.floor(this.random() * this.options.events.length)] ?? '';
      const id = String(1 + Math.floor(this.random() * this.options.objects));
      const { connector = '', force = false } = this.options;
      const outcome = this.portal.push({ event, data: { FIELDS: { ID: id } }, connector, force });
      this.pushed += 1;
      if (outcome) this.entered += 1;
    }
  }

  private tick(now: number): void {
    // Owed by elapsed time, not by ticks: a busy machine delays changes and drops none.
    this.owed += ((now - this.last) / 1000) * this.options.ratePerSecond;
    this.last = now;
    const whole = Math.floor(this.owed);
    this.owed -= whole;
    this.change(whole);
  }
}
