import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';

const EVERY_MS = 20;
const MEMORY_EVERY_MS = 100;

/** What was seen of a process from outside. */
export interface Seen {
  /** Latencies of `/health/live`, ms. */
  readonly p99: number;
  readonly longest: number;
  readonly asked: number;
  /** Most memory that it had, MB. */
  readonly rssMb: number;
}

/** Asks a service for a sign of life all the time, and looks at its memory. */
export class Watch {
  private readonly latencies: number[] = [];
  private rss = 0;
  private readonly timers: NodeJS.Timeout[];

  constructor(url: string, pid: number) {
    const live = new URL('/health/live', url);
    this.timers = [
      setInterval(() => this.ask(live), EVERY_MS),
      setInterval(() => {
        const status = `/proc/${pid}/status`;
        if (!existsSync(status)) return;
        const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(status, 'utf8')) ?? [];
        this.rss = Math.max(this.rss, Number(kib ?? 0) / 1024);
      }, MEMORY_EVERY_MS),
    ];
  }

  stop(): Seen {
    for (const timer of this.timers) clearInterval(timer);
    const sorted = [...this.latencies].sort((a, b) => a - b);
    return {
      p99: Math.round(quantile(sorted, 0.99)),
      longest: Math.round(sorted.at(-1) ?? Infinity),
      asked: sorted.length,
      rssMb: Math.round(this.rss),
    };
  }

  private ask(url: URL): void {
    const askedAt = performance.now();
    const answered = () => this.latencies.push(performance.now() - askedAt);
    request(url, { agent: false }, (response) => response.resume().on('end', answered))
      .on('error', answered)
      .end();
  }
}

/** @param sorted ascending */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Infinity;
}
