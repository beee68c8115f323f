import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { linesOf, openBeforeInstall } from './support/before-install.js';
import { RABBITMQ_URL } from './support/test-bridge.js';
import { inForm } from './support/form.js';
import { type Downstream, type Received } from './support/downstream.js';
import { OwnPortal } from './support/own-portal.js';
import { TestSystem } from './support/test-system.js';
import { startProxyTo } from './support/tcp-proxy.js';
import { until } from './support/until.js';

const LIMIT = inForm({ full: 500, small: 100 });
const INTERVAL_MS = 400;
const BURST = 8;

describe("the portal's request budget", () => {
  let system: TestSystem;
  /** What the test's consumer answers; it acknowledges every event. */
  let answer: ((event: Received, downstream: Downstream) => void) | null = null;
  beforeAll(async () => {
    system = await openBeforeInstall({
      settings: {
        B24_RATE_BURST: String(BURST),
        DRAIN_INTERVAL_MS: String(INTERVAL_MS),
        DRAIN_LIMIT: String(LIMIT),
        RETRY_BASE_DELAY_MS: '1000',
        SETTLE_AFTER_MS: '1000',
        // Each round has something to mark where events fail.
        FAILURE_BATCH_WAIT_MS: '100',
      },
      onEvent: (event, downstream) => {
        downstream.channel.ack(event.message);
        answer?.(event, downstream);
      },
    });
  });
  afterEach(() => {
    answer = null;
  });
  afterAll(() => system?.close());

  it('drains a backlog in at most 1.1 requests per DRAIN_LIMIT events and is never exceeded', async () => {
    const own = await OwnPortal.installed(system, { ratePerSecond: 2, burst: BURST });
    const events = inForm({ full: 30, small: 10 }) * LIMIT;
    // A backlog stands before the first request that counts.
    own.push(1, events);
    const { portal } = own;
    const handle = portal.handle.bind(portal);
    let requests = 0;
    let drained = false;
    // Once the portal has handed over all, how often it is asked is a matter of how long the events take from there.
    portal.handle = async (request) => {
      if (!drained) requests += 1;
      const answer = await handle(request);
      drained ||= portal.rows().every((row) => row.PROCESS_ID !== '');
      return answer;
    };
    await until('every event', () => own.delivered().size === events, 60_000);
    expect(drained).toBe(true);
    expect(requests).toBeGreaterThanOrEqual(events / LIMIT - 1);
    expect(requests).toBeLessThanOrEqual(Math.ceil((events / LIMIT) * 1.1));
    expect(portal.counters.refusals).toEqual({});
    await until('an empty queue', () => portal.rows().length === 0, 60_000);
    expect(portal.counters.refusals).toEqual({});
  }, 240_000);

  it('carries marks, clears, retries and the next reservation in one request', async () => {
    const failed = new Set<string>();
    const own = await OwnPortal.installed(system, { ratePerSecond: 2, burst: BURST, serviceTimeMs: 100 });
    const { portal } = own;
    answer = (event, downstream) => {
      if (Number(event.objectId) % 3 !== 0 || failed.has(event.objectId)) return;
      failed.add(event.objectId);
      downstream.reply({ status: 'failed' }, event);
    };
    let pushed = 0;
    const all = () =>
      own
        .lines('round')
        .some(({ message }) =>
          ['reserved', 'marked', 'cleared', 'errorRows'].every((count) => Number(message[count]) > 0),
        );
    const startedAt = performance.now();
    const before = portal.counters.requests;
    await until('a round that does all of it', () => {
      // Three each time that the condition is looked at, one of which fails: every round has something of everything.
      own.push(pushed + 1, (pushed += 3));
      return all();
    });
    const seconds = (performance.now() - startedAt) / 1000;
    expect(portal.counters.requests - before).toBeLessThanOrEqual(BURST + seconds * 2);
    await until(
      'every retry',
      () => own.received.filter(({ attempt }) => attempt > 1).length >= Math.floor(pushed / 3),
      40_000,
    );
    // The last ones may be reserved by a later round than the retries were.
    await until('every event', () => own.delivered().size === pushed);
    expect(portal.counters.refusals).toEqual({});
    // Beside the batches there is nothing.
    expect(portal.counters.perMethod['batch']).toBe(portal.counters.requests);
  }, 180_000);

  it('is hardly touched by an idle portal', async () => {
    const own = await OwnPortal.installed(system);
    own.push(1, 1);
    await until('an empty queue', () => own.portal.rows().length === 0 && own.delivered().size === 1);
    const before = own.portal.counters.requests;
    const startedAt = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const intervals = (performance.now() - startedAt) / INTERVAL_MS;
    const requests = own.portal.counters.requests - before;
    expect(requests).toBeLessThanOrEqual(Math.ceil(intervals));
    expect(requests).toBeGreaterThan(0);
  });
});

describe("the portal's request budget", () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it('is not spent on clears while publishing is slow: they travel with the next reservation', async () => {
    const { proxy, url } = await startProxyTo(RABBITMQ_URL);
    try {
      system = await TestSystem.open({
        // Neither the portal nor its budget is what is slow.
        portal: { ratePerSecond: 100, burst: 1000 },
        settings: {
          DRAIN_LIMIT: '50',
          B24_RATE_PER_SECOND: '100',
          // Events settle long before the last ones are published.
          SETTLE_AFTER_MS: '300',
          RABBITMQ_URL: url,
        },
      });
      proxy.delayAnswers(700);
      const events = 1500;
      system.push(1, events);
      const { portal } = system;
      await until('a portal that is held back', () => portal.rows().some((row) => row.PROCESS_ID !== ''));
      const before = portal.counters.requests;
      await until(
        'every event to be reserved',
        () => portal.rows().every((row) => row.PROCESS_ID !== ''),
        60_000,
      );
      expect(linesOf(system.bridge, 'round').some(({ message }) => Number(message['cleared']) > 0)).toBe(
        true,
      );
      expect(portal.counters.requests - before).toBeLessThanOrEqual((events / 50) * 1.1);
      proxy.delayAnswers(0);
      await until('an empty queue', () => portal.rows().length === 0, 60_000);
      expect(portal.counters.refusals).toEqual({});
    } finally {
      await proxy.close();
    }
  }, 240_000);
});
