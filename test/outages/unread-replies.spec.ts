import { afterEach, describe, expect, it } from '@jest/globals';
import { RABBITMQ_URL } from '../support/bridge-process.js';
import { type Received } from '../support/downstream.js';
import { TestSystem } from '../support/test-system.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { seconds } from './outage.js';

const EVENTS = 50;
const SETTLE_AFTER_MS = 4000;
const LONGER = SETTLE_AFTER_MS / 1000 + 2;

describe('replies that wait in RabbitMQ while nobody reads them are no silence', () => {
  let system: TestSystem;
  let proxy: TcpProxy | null = null;
  afterEach(async () => {
    await system.close();
    await proxy?.close();
    proxy = null;
  });

  const open = async (settings: Record<string, string>) => {
    system = await TestSystem.open({
      settings: {
        SETTLE_AFTER_MS: String(SETTLE_AFTER_MS),
        RETRY_BASE_DELAY_MS: '1000',
        FAILURE_BATCH_WAIT_MS: '0',
        ...settings,
      },
    });
    await system.bridge.logged('replies.consuming');
    system.push(1, EVENTS);
  };
  const published = async () => {
    await until('every event', () => system.delivered().size === EVENTS);
    await until('their record', () => system.bridge.output.includes(`"confirmed":${EVENTS}`));
  };
  const answerAll = (status: 'processed' | 'failed') => {
    for (const event of first()) system.downstream.reply({ status }, event);
  };
  const first = (): Received[] => system.downstream.received.slice(0, EVENTS);
  const outcomes = async () => {
    const { body } = await system.get('/metrics');
    const of = (outcome: string) =>
      Number(
        new RegExp(`bridge_events_settled_total\\{[^}]*outcome="${outcome}"\\} (\\d+)`).exec(body)?.[1] ?? 0,
      );
    return { processed: of('processed'), failed: of('failed'), dead: of('dead') };
  };
  /** Metrics are made once for all who ask within a moment. */
  const outcomesToBe = async (wanted: Awaited<ReturnType<typeof outcomes>>) => {
    let seen: unknown;
    const same = async () => JSON.stringify((seen = await outcomes())) === JSON.stringify(wanted);
    await until(`the outcomes ${JSON.stringify(wanted)}`, same, 10_000).catch(() => undefined);
    expect(seen).toEqual(wanted);
  };
  const allSettledByReply = async () => {
    await until('an empty queue', () => system.portal.rows().length === 0);
    // Whoever had been marked or judged silent would come again within this.
    await seconds(LONGER);
    expect(system.downstream.received).toHaveLength(EVENTS);
    expect(system.portal.counters.perMethod['event.offline.error'] ?? 0).toBe(0);
    expect(await system.downstream.depth(system.downstream.names.dead)).toBe(0);
    await outcomesToBe({ processed: EVENTS, failed: 0, dead: 0 });
  };

  it.each(['5', '1'])('while the bridge is killed, with %s attempts', async (attempts) => {
    await open({ SETTLE_MODE: 'ack', RETRY_MAX_ATTEMPTS: attempts });
    await published();
    await system.bridge.stop('SIGKILL');
    answerAll('processed');
    await seconds(LONGER);
    system.bridge.start();
    await allSettledByReply();
  });

  it.each(['stalled', 'refused'])('while the connection to the broker is %s', async (how) => {
    const broker = new URL(RABBITMQ_URL);
    proxy = await startTcpProxy(broker.hostname, Number(broker.port === '' ? 5672 : broker.port));
    broker.hostname = '127.0.0.1';
    broker.port = String(proxy.port);
    await open({ SETTLE_MODE: 'ack', RABBITMQ_URL: broker.href });
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

  it('and a failure among them is heard before its event settles', async () => {
    await open({ RETRY_BASE_DELAY_MS: '600000' });
    await published();
    await system.bridge.stop('SIGKILL');
    answerAll('failed');
    await seconds(LONGER);
    system.bridge.start();
    await until('every row to be marked', () => {
      const rows = system.portal.rows();
      return rows.length === EVENTS && rows.every((row) => row.ERROR === 1);
    });
    await outcomesToBe({ processed: 0, failed: EVENTS, dead: 0 });
  });

  it.each([
    ['before its row is marked', '600000'],
    ['when its row is marked', '0'],
  ])('and one that comes after its time, %s, still settles its event', async (_when, wait) => {
    await open({ SETTLE_MODE: 'ack', RETRY_BASE_DELAY_MS: '600000', FAILURE_BATCH_WAIT_MS: wait });
    await published();
    await until('silence', async () => (await outcomes()).failed === EVENTS);
    const marked = () => system.portal.rows().filter((row) => row.ERROR === 1).length;
    if (wait === '0') await until('the marks', () => marked() === EVENTS);
    answerAll('processed');
    await until('an empty queue', () => system.portal.rows().length === 0, 60_000);
    await outcomesToBe({ processed: EVENTS, failed: EVENTS, dead: 0 });
    expect(system.downstream.received).toHaveLength(EVENTS);
  });

  it('while real silence still counts, before and after', async () => {
    await open({ SETTLE_MODE: 'ack', RETRY_BASE_DELAY_MS: '600000' });
    await published();
    await system.bridge.stop('SIGKILL');
    system.bridge.start();
    await until('every row to be marked', () => {
      const rows = system.portal.rows();
      return rows.length === EVENTS && rows.every((row) => row.ERROR === 1);
    });
    await until('their outcomes', async () => (await outcomes()).failed === EVENTS);
  });
});
