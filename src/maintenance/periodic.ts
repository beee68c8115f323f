import { type Log } from '../logging/log.js';
import { reasonOf } from '../logging/reason.js';

/** Runs one job again and again, never twice at a time; what it throws is logged and does not stop it. */
export class Periodic {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private stopped = false;

  constructor(
    private readonly name: string,
    private readonly everyMs: number,
    private readonly job: () => Promise<void>,
    private readonly log: Log,
  ) {}

  start(): void {
    this.next();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.running;
  }

  private next(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.job()
        .catch((error: unknown) => {
          const reason = reasonOf(error);
          this.log.warn({ event: 'maintenance.failed', job: this.name, reason });
        })
        .finally(() => this.next());
    }, this.everyMs);
  }
}
