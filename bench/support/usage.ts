import { readFileSync } from 'node:fs';
import { median } from './statistics.js';

/** What a process has used so far, as the system counts it. */
export interface Usage {
  /** Milliseconds of `performance.now()`. */
  readonly at: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** Linux counts CPU time in hundredths of a second for every program, whatever its own clock. */
const TICKS_PER_SECOND = 100;

/**
 * Reads it from outside: asking the process itself, through its metrics, would add to what is measured.
 * @throws Error without /proc, or when the process is gone
 */
export function usageOf(pid: number): Usage {
  // The name in parentheses may hold spaces; what follows it does not.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    at: performance.now(),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    rssBytes: statusBytes(pid, 'VmRSS'),
  };
}

/** The most memory that a process has had resident, bytes. @throws Error as {@link usageOf} */
export function peakRssOf(pid: number): number {
  return statusBytes(pid, 'VmHWM');
}

function statusBytes(pid: number, field: string): number {
  const [, kib] =
    new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  if (kib === undefined) throw new Error(`process ${pid} has no ${field}`);
  return Number(kib) * 1024;
}

/** Looks at a process at a steady pace until it is stopped. */
export class UsageWatch {
  readonly samples: Usage[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly pid: number,
    everyMs = 1000,
  ) {
    this.look();
    this.timer = setInterval(() => this.look(), everyMs);
  }

  /** Looks once more, and no further. */
  stop(): this {
    clearInterval(this.timer);
    this.look();
    return this;
  }

  /** CPU time over elapsed time, percent of one core. */
  get cpuPercent(): number {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    if (first === undefined || last === undefined || last.at === first.at) return Number.NaN;
    return ((last.cpuSeconds - first.cpuSeconds) / ((last.at - first.at) / 1000)) * 100;
  }

  /** The middle of what was seen, MB (10⁶ bytes). */
  get medianRssMb(): number {
    return median(this.samples.map(({ rssBytes }) => rssBytes)) / 1e6;
  }

  private look(): void {
    try {
      this.samples.push(usageOf(this.pid));
    } catch (error) {
      // The process has ended; whoever started it says why.
      clearInterval(this.timer);
      if (this.samples.length === 0) throw error;
    }
  }
}
