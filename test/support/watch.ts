import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';

const EVERY_MS = 20;
const MS_PER_TICK = 10;
const MEMORY_EVERY_MS = 100;

/** What was seen of a process from outside. */
export interface Seen {
  /** Latencies of `/health/live`, ms. */
  readonly p99: number;
  readonly longest: number;
  /** Most that the process computed while somebody waited, ms: a busy machine lengthens a wait, and not this. */
  readonly mostComputed: number;
  readonly asked: number;
  /** Most memory that it had, MB. */
  readonly rssMb: number;
}

/** Asks a service for a sign of life all the time, and looks at its memory. */
export class Watch {
  private readonly latencies: number[] = [];
  private mostComputed = 0;
  private rss = 0;
  private readonly timers: NodeJS.Timeout[];

  constructor(
    url: string,
    private readonly pid: number,
    everyMs = EVERY_MS,
  ) {
    const live = new URL('/health/live', url);
    this.timers = [
      setInterval(() => this.ask(live), everyMs),
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
      mostComputed: this.mostComputed,
      asked: sorted.length,
      rssMb: Math.round(this.rss),
    };
  }

  private ask(url: URL): void {
    const askedAt = performance.now();
    const before = computedMs(this.pid);
    const answered = () => {
      this.latencies.push(performance.now() - askedAt);
      this.mostComputed = Math.max(this.mostComputed, computedMs(this.pid) - before);
    };
    request(url, { agent: false }, (response) => response.resume().on('end', answered))
      .on('error', answered)
      .end();
  }
}

/** Processor time that a process has taken so far, ms; where the system does not tell, time as such. */
export function computedMs(pid: number): number {
  const stat = `/proc/${pid}/stat`;
  if (!existsSync(stat)) return performance.now();
  const fields = readFileSync(stat, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return MS_PER_TICK * (Number(fields[11]) + Number(fields[12]));
}

/** @param sorted ascending */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Infinity;
}
