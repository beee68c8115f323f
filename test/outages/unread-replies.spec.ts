import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type BridgeProcess } from '../support/bridge-process.js';
import { openBeforeInstall } from '../support/before-install.js';
import { RABBITMQ_URL } from '../support/test-bridge.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { startProxyTo, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { seconds } from './outage.js';

const EVENTS = 20;
const SETTLE_AFTER_MS = 4000;
const LONGER = SETTLE_AFTER_MS / 1000 + 2;
/** Where a test says nothing else. */
const DEFAULTS = {
  SETTLE_MODE: 'timeout',
  RETRY_MAX_ATTEMPTS: '5',
  RETRY_BASE_DELAY_MS: '1000',
  FAILURE_BATCH_WAIT_MS: '0',
  FAILURE_BATCH_SIZE: '500',
};
/** Fewer silent events than all are not marked, and nothing that is marked comes again. */
const MARKING_ALL_AT_ONCE = {
  SETTLE_MODE: 'ack',
  RETRY_BASE_DELAY_MS: '600000',
  FAILURE_BATCH_WAIT_MS: '600000',
  FAILURE_BATCH_SIZE: String(EVENTS),
};

type Settings = typeof DEFAULTS;
type Outcomes = Record<'processed' | 'failed' | 'dead', number>;

/**
 * One service for all, with a portal for each test. Tests that kill it start it again with what matters from then on,
 * and those that follow take it as it is: a start costs more than most of them do.
 */
describe('replies that wait in RabbitMQ while nobody reads them are no silence', () => {
  let system: TestSystem<BridgeProcess>;
  let proxy: TcpProxy;
  /** Of the process that runs; the first test's at the start. */
  let running: Settings = { ...DEFAULTS, SETTLE_MODE: 'ack', RETRY_MAX_ATTEMPTS: '1' };
  let own: OwnPortal;
  /** Events of its portal. */
  let count = EVENTS;
  beforeAll(async () => {
    const through = await startProxyTo(RABBITMQ_URL);
    ({ proxy } = through);
    system = await openBeforeInstall({
      process: true,
      settings: {
        SETTLE_AFTER_MS: String(SETTLE_AFTER_MS),
        // Most of the time nothing is there to be fetched.
        DRAIN_INTERVAL_MS: '1000',
        RABBITMQ_URL: through.url,
        ...running,
      },
    });
  });
  afterEach(() => own.leave());
  afterAll(async () => {
    await system.close();
    await proxy.close();
  });

  const startAgain = async (settings: Partial<Settings>) => {
    running = { ...DEFAULTS, ...settings };
    system.bridge.start(running);
    await system.bridge.logged('http.listening');
  };
  /** With a process of these settings, which is the one that runs unless tests were left out. */
  const open = async (settings: Partial<Settings>, events = EVENTS) => {
    if (JSON.stringify({ ...DEFAULTS, ...settings }) !== JSON.stringify(running)) {
      expect(await system.bridge.stop()).toBe(0);
      await startAgain(settings);
    }
    await system.bridge.logged('http.listening');
    await system.bridge.logged('replies.consuming');
    own = await OwnPortal.installed(system);
    count = events;
    own.push(1, count);
  };
  const published = async () => {
    await until('every event', () => own.delivered().size === count);
    await until('their record', () =>
      own.lines('dispatch').some(({ message }) => message['confirmed'] === count),
    );
  };
  const answerAll = (status: 'processed' | 'failed') => {
    for (const event of own.received.slice(0, count)) system.downstream.reply({ status }, event);
  };
  const outcomes = async (): Promise<Outcomes> => {
    const { body } = await system.get('/metrics');
    const of = (outcome: string) =>
      Number(
        new RegExp(
          `bridge_events_settled_total\\{portal="${own.portal.name}",outcome="${outcome}"\\} (\\d+)`,
        ).exec(body)?.[1] ?? 0,
      );
    return { processed: of('processed'), failed: of('failed'), dead: of('dead') };
  };
  /** Metrics are made once for all who ask within a moment. */
  const outcomesToBe = async (wanted: Outcomes) => {
    let seen: unknown;
    const same = async () => JSON.stringify((seen = await outcomes())) === JSON.stringify(wanted);
    await until(`the outcomes ${JSON.stringify(wanted)}`, same, 10_000).catch(() => undefined);
    expect(seen).toEqual(wanted);
  };
  const allSettledByReply = async () => {
    await until('an empty queue', () => own.portal.rows().length === 0);
    // Whoever had been marked or judged silent would come again within this.
    await seconds(LONGER);
    expect(own.received).toHaveLength(count);
    expect(own.portal.counters.perMethod['event.offline.error'] ?? 0).toBe(0);
    expect(await system.downstream.depth(system.downstream.names.dead)).toBe(0);
    await outcomesToBe({ processed: count, failed: 0, dead: 0 });
  };

  // How many attempts there are matters to the process that finds the replies.
  it.each(['1', '5'])('while the bridge is killed, with %s attempts', async (attempts) => {
    await open({ SETTLE_MODE: 'ack', RETRY_MAX_ATTEMPTS: '1' });
    await published();
    await system.bridge.stop('SIGKILL');
    answerAll('processed');
    await seconds(LONGER);
    await startAgain({ SETTLE_MODE: 'ack', RETRY_MAX_ATTEMPTS: attempts });
    await allSettledByReply();
  });

  it.each(['stalled', 'refused'])('while the connection to the broker is %s', async (how) => {
    await open({ SETTLE_MODE: 'ack' });
    await published();
    if (how === 'stalled') proxy.stall();
    else {
      await proxy.refuse();
      proxy.cut();
    }
    answerAll('processed');
    await seconds(LONGER);
    if (how === 'stalled') proxy.resume();
    else await proxy.accept();
    await allSettledByReply();
  });

  it('while real silence still counts, before and after', async () => {
    await open({ SETTLE_MODE: 'ack' });
    await published();
    await system.bridge.stop('SIGKILL');
    await startAgain(MARKING_ALL_AT_ONCE);
    await until('every row to be marked', () => {
      const rows = own.portal.rows();
      return rows.length === EVENTS && rows.every((row) => row.ERROR === 1);
    });
    await until('their outcomes', async () => (await outcomes()).failed === EVENTS);
  });

  it.each([
    ['before its row is marked', EVENTS - 1],
    ['when its row is marked', EVENTS],
  ])('and one that comes after its time, %s, still settles its event', async (_when, events) => {
    await open(MARKING_ALL_AT_ONCE, events);
    await published();
    await seconds(SETTLE_AFTER_MS / 1000);
    await until('silence', async () => (await outcomes()).failed === events);
    const marked = () => own.portal.rows().filter((row) => row.ERROR === 1).length;
    if (events === EVENTS) await until('the marks', () => marked() === EVENTS);
    else expect(marked()).toBe(0);
    answerAll('processed');
    await until('an empty queue', () => own.portal.rows().length === 0, 60_000);
    await outcomesToBe({ processed: events, failed: events, dead: 0 });
    expect(own.received).toHaveLength(events);
  });

  it('and a failure among them is heard before its event settles', async () => {
    await open(MARKING_ALL_AT_ONCE);
    await published();
    await system.bridge.stop('SIGKILL');
    answerAll('failed');
    await seconds(LONGER);
    // Silence is success here.
    await startAgain({ SETTLE_MODE: 'timeout', RETRY_BASE_DELAY_MS: '600000' });
    await until('every row to be marked', () => {
      const rows = own.portal.rows();
      return rows.length === EVENTS && rows.every((row) => row.ERROR === 1);
    });
    await outcomesToBe({ processed: 0, failed: EVENTS, dead: 0 });
  });
});
