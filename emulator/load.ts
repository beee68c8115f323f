import { type EmulatedPortal } from './portal.js';
import { SteadyPace } from './steady-pace.js';

interface LoadOptions {
  /** Changes a second. */
  ratePerSecond: number;
  /** Number of objects that change: the fewer, the more changes merge. */
  objects: number;
  events: readonly string[];
  connector?: string;
  force?: boolean;
}

/** Changes random objects of a portal at a steady rate. */
export class LoadGenerator {
  private pushed = 0;
  private entered = 0;
  private readonly pace: SteadyPace;

  /** @throws Error for a rate or a number of objects that is not positive, or without events */
  constructor(
    private readonly portal: EmulatedPortal,
    private readonly options: LoadOptions,
    private readonly random: () => number = Math.random,
  ) {
    this.pace = new SteadyPace(options.ratePerSecond, (count) => this.change(count));
    if (!(options.objects >= 1)) throw new Error('objects must be at least 1');
    if (options.events.length === 0) throw new Error('events must not be empty');
  }

  get counts(): { pushed: number; entered: number } {
    return { pushed: this.pushed, entered: this.entered };
  }

  start(): void {
    this.pace.start();
  }

  stop(): void {
    this.pace.stop();
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
}
