import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type PrivateRabbitmq, provideRabbitmq } from '../../scripts/rabbitmq.mjs';
import Libsql from 'libsql';
import { TestSystem } from '../support/test-system.js';
import { startProxyTo, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { memoryLimit, publisherOutage } from './publisher-outage.js';
import { Meter, nothingLost, notReady, readyAgain, seconds, slowestLiveAnswer } from './outage.js';

/** A node of RabbitMQ that starts anew on a busy machine. */
const NODE_MS = 120_000;
const DRAIN_LIMIT = 50;

// One node for both: each start costs four seconds of CPU.
let broker: PrivateRabbitmq;
beforeAll(async () => {
  broker = await provideRabbitmq({ private: true });
}, NODE_MS);
afterAll(() => broker.stop(), NODE_MS);

describe('a broker that goes away', () => {
  let system: TestSystem;
  let proxy: TcpProxy | undefined;
  afterEach(async () => {
    await system.close();
    await proxy?.close();
  });

  /** Drains, takes the broker away, changes more while it is gone, brings it back. */
  const outage = async (away: () => Promise<unknown>, back: () => Promise<unknown>, reason: RegExp) => {
    system = await TestSystem.open({ broker: broker.url, settings: { DRAIN_LIMIT: String(DRAIN_LIMIT) } });
    const { replies, unrouted, dead, rejected } = system.downstream.names;
    await broker.untilOnDisk(replies, unrouted, dead, rejected);
    // A node writes the rest of what was declared (the downstream queue and its binding) within two seconds or so;
    // killed before, it comes back without, and events are unrouted.
    await seconds(3);
    system.push(1, 400);
    await until('deliveries', () => system.delivered().size > 0);
    try {
      await away();
      // RabbitMQ tells a publisher of an alarm when it publishes.
      system.push(401, 440);
      await notReady(system, 'broker', reason);
      const reserved = () => system.portal.rows().filter((row) => row.PROCESS_ID !== '').length;
      const before = reserved();
      const meter = new Meter(system);
      system.push(441, 600);
      const slowest = await slowestLiveAnswer(system, () => seconds(2));
      expect(slowest).toBeLessThan(2000);
      // One round may have been under way when the broker went.
      expect(reserved()).toBeLessThanOrEqual(before + DRAIN_LIMIT);
      const pending = system.portal.rows().filter((row) => row.PROCESS_ID === '').length;
      expect(pending).toBeGreaterThanOrEqual(160 - DRAIN_LIMIT);
      const cost = meter.read();
      expect(cost.requests).toBeLessThan(5);
      expect(cost.lines).toBeLessThan(10);
    } finally {
      await back();
    }
  };

  it(
    'is stopped and started: nothing is reserved meanwhile, nothing lost',
    async () => {
      await outage(
        () => broker.eval('rabbit:stop().'),
        () => broker.eval('rabbit:start().'),
        /ECONNREFUSED|ECONNRESET|close|SHUTDOWN|CONNECTION_FORCED|socket/i,
      );
      expect(system.bridge.find('broker.down')?.message['reason']).toEqual(expect.any(String));
      await readyAgain(system);
      await system.downstream.start();
      await nothingLost(system, 600);
    },
    NODE_MS,
  );

  it(
    'is killed and comes back on the same data: nothing is reserved meanwhile, nothing lost',
    async () => {
      await outage(
        () => broker.kill(),
        () => broker.restart(),
        /ECONNREFUSED|close|ECONNRESET|socket/i,
      );
      await readyAgain(system);
      await system.downstream.start();
      await nothingLost(system, 600);
    },
    NODE_MS,
  );

  it(
    'is out of memory: nothing is reserved meanwhile, nothing lost',
    async () => {
      await outage(
        () => broker.eval(memoryLimit(0.000001)),
        () => broker.eval(memoryLimit(0.4)),
        /memory/,
      );
      expect(system.bridge.find('broker.blocked')?.message['reason']).toMatch(/memory/);
      await readyAgain(system);
      await nothingLost(system, 600);
      expect(system.bridge.find('broker.down')).toBeUndefined();
    },
    NODE_MS,
  );

  it(
    'closes the reply channel because the database keeps replies waiting: they count all the same',
    async () => {
      const timeouts = (milliseconds: string, tick: string) =>
        broker.eval(
          `application:set_env(rabbit, consumer_timeout, ${milliseconds}), application:set_env(rabbit, channel_tick_interval, ${tick}).`,
        );
      await timeouts('3000', '300');
      const holding = { SETTLE_MODE: 'ack', SETTLE_AFTER_MS: '600000' };
      system = await TestSystem.open({ broker: broker.url, settings: holding });
      const { bridge, downstream } = system;
      await bridge.logged('replies.consuming');
      system.push(1, 30);
      await until('every event', () => system.delivered().size === 30);
      const other = new Libsql(bridge.databaseFile);
      other.exec('pragma busy_timeout = 5000');
      other.exec('begin immediate');
      for (const event of downstream.received) downstream.reply({ status: 'processed' }, event);
      const interrupted = await bridge.logged('replies.interrupted');
      expect(interrupted.message['reason']).toMatch(/timed? ?out/i);
      expect((await bridge.logged('replies.not_recorded')).message['reason']).toBe('database is locked');
      other.exec('rollback');
      other.close();
      await timeouts('1800000', '60000');
      await nothingLost(system, 30);
      await until(
        'every reply to be acknowledged',
        async () => (await downstream.depth(downstream.names.replies)) === 0,
      );
    },
    NODE_MS,
  );

  it(
    'answers no binding because a node of its cluster hangs: the service goes on without that answer',
    async () => {
      const through = await startProxyTo(broker.url);
      ({ proxy } = through);
      system = await TestSystem.open({
        broker: broker.url,
        settings: { RABBITMQ_URL: through.url },
      });
      const { bridge } = system;
      await bridge.logged('replies.consuming');
      // What every binding waits for while a node hangs; the command ends when it is held.
      await broker.eval(
        `Asker = self(), spawn(fun() -> register(holder, self()), mnesia:transaction(fun() ->
          mnesia:lock({table, rabbit_route}, write), Asker ! held, receive done -> ok end end) end),
          receive held -> ok end.`,
      );
      try {
        proxy.cut();
        await bridge.logged('broker.bindings_pending');
        await readyAgain(system);
        system.push(1, 20);
        await nothingLost(system, 20);
      } finally {
        await broker.eval('holder ! done.');
      }
      expect(bridge.find('broker.conflict')).toBeUndefined();
    },
    NODE_MS,
  );
});

publisherOutage(() => broker);
