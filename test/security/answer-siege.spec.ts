import { afterEach, describe, expect, it } from '@jest/globals';
import { type Fault, packBadAnswers } from '../../emulator/index.js';
import { ManyPortals } from '../outages/many-portals.js';
import { type BridgeProcess } from '../support/bridge-process.js';
import { until } from '../support/until.js';
import { quantile, Watch } from '../support/watch.js';

const EVENT = 'ONCRMDEALUPDATE';
const OTHERS = ['one', 'two', 'three', 'four'];
const EVERY_MS = 100;
const SPELL_MS = 4000;

const KINDS: readonly Omit<Fault, 'method'>[] = [
  { kind: 'gzip-bomb' },
  { kind: 'brotli-bomb' },
  { kind: 'deflate-bomb' },
  { kind: 'empty-parts' },
  // As much as may be, and nothing that is too much.
  { kind: 'empty-parts', bytes: 500_000 },
  { kind: 'exact-numbers', bytes: 3_000_000 },
  { kind: 'huge-text', bytes: 10_000_000 },
  { kind: 'brackets' },
  { kind: 'huge-text' },
  { kind: 'huge-number' },
  { kind: 'exact-numbers' },
  { kind: 'endless' },
  { kind: 'empty-blocks' },
  { kind: 'drip' },
];

/** Gives the other portals events all the time, and tells how long they took. */
class Traffic {
  private readonly sentAt = new Map<string, number>();
  private latencies: number[] = [];
  private seen = 0;
  private next = 0;
  private readonly timers: NodeJS.Timeout[];

  constructor(private readonly many: ManyPortals) {
    this.timers = [setInterval(() => this.push(), EVERY_MS), setInterval(() => this.look(), 10)];
  }

  /** Of what arrived since the last time, ms. */
  p95(): number {
    const sorted = this.latencies.sort((a, b) => a - b);
    this.latencies = [];
    return Math.round(quantile(sorted, 0.95));
  }

  async stop(): Promise<void> {
    clearInterval(this.timers[0]);
    await until('the last events', () => this.sentAt.size === 0, 20_000);
    this.end();
  }

  end(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  private push(): void {
    for (const name of OTHERS) {
      const id = `t${(this.next += 1)}`;
      this.many.portal(name).push({ event: EVENT, data: { FIELDS: { ID: id } } });
      this.sentAt.set(id, performance.now());
    }
  }

  private look(): void {
    const { received } = this.many.downstream;
    for (; this.seen < received.length; this.seen += 1) {
      const id = received[this.seen]?.objectId ?? '';
      const sentAt = this.sentAt.get(id);
      if (sentAt !== undefined) this.latencies.push(performance.now() - sentAt);
      this.sentAt.delete(id);
    }
  }
}

describe('a portal that answers as badly as it can', () => {
  let many: ManyPortals<BridgeProcess>;
  let traffic: Traffic | null = null;
  let watch: Watch | null = null;
  afterEach(async () => {
    watch?.stop();
    traffic?.end();
    await many.close();
  });

  it('is felt by nobody else', async () => {
    many = await ManyPortals.open(['bad', ...OTHERS], { PORTAL_RECHECK_MS: '1000' }, { process: true });
    packBadAnswers();
    traffic = new Traffic(many);
    const spell = () => new Promise((resolve) => setTimeout(resolve, SPELL_MS));
    await spell();
    traffic.p95();
    watch = new Watch(many.bridge.url, many.bridge.pid);
    await spell();
    const usual = { ...watch.stop(), p95: traffic.p95() };
    process.stdout.write(`usual: ${JSON.stringify(usual)}\n`);
    for (const [index, fault] of KINDS.entries()) {
      watch = new Watch(many.bridge.url, many.bridge.pid);
      const endAt = Date.now() + SPELL_MS;
      let hits = 0;
      while (Date.now() < endAt) {
        // A good answer in between: it is not left alone, and goes on.
        const handle = many
          .portal('bad')
          .inject({ method: 'batch', ...fault, times: 2, commit: index % 2 === 0 });
        many.portal('bad').push({ event: EVENT, data: { FIELDS: { ID: `b${index}-${hits}` } } });
        await until('two answers', () => handle.hits === 2 || Date.now() > endAt, 60_000);
        hits += handle.hits;
        handle.remove();
        await until('its recovery', () => many.portal('bad').rows().length === 0, 90_000);
      }
      const seen = { ...watch.stop(), p95: traffic.p95() };
      process.stdout.write(`${JSON.stringify(fault)} ${hits} times: ${JSON.stringify(seen)}\n`);
      // What holds beside five other suites on two cores, too: unbounded it is 25 seconds. The figures are printed above.
      expect(seen.p99).toBeLessThan(Math.max(5000, usual.p99 * 3));
      expect(seen.rssMb).toBeLessThan(400);
      expect(seen.p95).toBeLessThan(Math.max(10_000, usual.p95 * 3));
    }
    await traffic.stop();
    expect(many.bridge.find('process.signal')).toBeUndefined();
    expect(many.bridge.lines.filter(({ message }) => message?.event === 'replies.consuming')).toHaveLength(1);
  }, 900_000);
});
