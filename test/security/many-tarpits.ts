import { setTimeout as pause } from 'node:timers/promises';
import { type Fault } from '../../emulator/index.js';
import { ManyPortals } from '../outages/many-portals.js';
import { type BridgeProcess } from '../support/bridge-process.js';
import { until } from '../support/until.js';

const EVENT = 'ONCRMDEALUPDATE';
const PUSH_EVERY_MS = 150;

/** How long events took from the change to the consumer, ms. */
export interface Latencies {
  readonly median: number;
  readonly p75: number;
  readonly p95: number;
  readonly longest: number;
}

/**
 * Whether the portals that answer are about as quick as they were: far from waiting for one that does not. On a machine on
 * which a few took long without that, most are still to be quicker than those.
 * @param of which of them are to be quick: of two dozen events, three are those of one portal that a busy machine kept waiting
 */
export function aboutAsQuick(latencies: Latencies, usual: Latencies, of: 'p75' | 'p95'): boolean {
  const median = Math.max(4000, usual.median * 2, usual.p95);
  return latencies.median < median && latencies[of] < Math.max(8000, usual[of] * 2);
}

/** Ten portals that answer as they should, and fifty others in one process, with few places for rounds. */
export class ManyTarpits {
  readonly good = names('good', 10);
  readonly bad: readonly string[];
  private nextId = 1;

  private constructor(
    readonly many: ManyPortals<BridgeProcess>,
    bad: readonly string[],
  ) {
    this.bad = bad;
  }

  static async open(count = 50, settings: Record<string, string> = {}): Promise<ManyTarpits> {
    const bad = names('bad', count);
    const many = await ManyPortals.open(
      [...names('good', 10), ...bad],
      { DRAIN_CONCURRENCY: '10', ...settings },
      { process: true },
    );
    return new ManyTarpits(many, bad);
  }

  /** From now on each of these portals answers in the ways given here, in turn. */
  spoil(faults: readonly Omit<Fault, 'method'>[]): void {
    this.bad.forEach((name, index) => {
      const fault = faults[index % faults.length];
      if (fault !== undefined)
        this.many.portal(name).inject({ times: Infinity, commit: false, ...fault, method: '*' });
    });
  }

  /** Changes one object of a good portal after the other for so long; resolves when every event has arrived. */
  async measure(ms: number, patienceMs = 100_000): Promise<Latencies> {
    const { downstream } = this.many;
    const changedAt = new Map<string, number>();
    const took: number[] = [];
    let seen = downstream.received.length;
    const look = () => {
      for (const { objectId } of downstream.received.slice(seen)) {
        const at = changedAt.get(objectId);
        if (at !== undefined) took.push(performance.now() - at);
        changedAt.delete(objectId);
      }
      seen = downstream.received.length;
    };
    const watching = setInterval(look, 10);
    try {
      const end = performance.now() + ms;
      for (let turn = 0; performance.now() < end; turn += 1) {
        const id = String(this.nextId);
        this.nextId += 1;
        changedAt.set(id, performance.now());
        const name = this.good[turn % this.good.length] ?? '';
        this.many.portal(name).push({ event: EVENT, data: { FIELDS: { ID: id } } });
        await pause(PUSH_EVERY_MS);
      }
      await until('every event of the portals that answer', () => changedAt.size === 0, patienceMs);
    } finally {
      clearInterval(watching);
    }
    return summary(took);
  }
}

function names(kind: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${kind}${index}`);
}

function summary(took: readonly number[]): Latencies {
  const sorted = [...took].sort((a, b) => a - b);
  const at = (part: number) => Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN);
  return { median: at(0.5), p75: at(0.75), p95: at(0.95), longest: at(1) };
}
