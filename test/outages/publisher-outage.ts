import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type PrivateRabbitmq } from '../../scripts/rabbitmq.mjs';
import { BrokerConnection } from '../../src/broker/connection.js';
import { type BrokerLogger, silentBrokerLogger } from '../../src/broker/logger.js';
import { type OutgoingMessage, type PublishResult } from '../../src/broker/outgoing.js';
import { Publisher } from '../../src/broker/publisher.js';
import { topologyNames } from '../../src/broker/topology.js';

/** In Erlang what `rabbitmqctl set_vm_memory_high_watermark` does: the share of the machine's memory a broker may take. */
export const memoryLimit = (share: number) =>
  `ok = vm_memory_monitor:set_vm_memory_high_watermark(${share.toFixed(6)}).`;

/** What a publisher does of which the broker, `node`, dies, runs out of memory, lowers its limits. */
export function publisherOutage(node: () => PrivateRabbitmq): void {
  describe('broker outage', () => {
    const names = topologyNames('outage');
    let broker: PrivateRabbitmq;
    let connection: BrokerConnection;
    let publisher: Publisher;

    const message = (body: string): OutgoingMessage => ({
      exchange: names.dead,
      routingKey: 'acme.crm.deal.update',
      body: Buffer.from(body),
      properties: {},
    });
    const statuses = (results: PublishResult[]) => results.map(({ status }) => status);
    const reach = async (state: string) => {
      while (connection.status().state !== state) await pause(20);
    };
    const dead = async (): Promise<string[]> => {
      const channel = await connection.openChannel();
      const bodies: string[] = [];
      for (;;) {
        const got = await channel.get(names.dead, { noAck: true });
        if (got === false) break;
        bodies.push(got.content.toString());
      }
      await channel.close();
      return bodies;
    };

    beforeAll(async () => {
      broker = node();
      const first = new BrokerConnection({ urls: [broker.url], names });
      first.start();
      await first.whenUp();
      await broker.untilOnDisk(names.unrouted, names.replies, names.rejected, names.dead);
      await first.close();
    }, 240_000);

    beforeEach(async () => {
      connection = new BrokerConnection({ urls: [broker.url], names });
      publisher = new Publisher(connection);
      connection.start();
      await connection.whenUp();
    });

    afterEach(async () => {
      await publisher.close(1000);
      await connection.close();
    });

    it('loses nothing that was confirmed when the broker is killed, and is back by itself', async () => {
      const bodies: string[] = [];
      const results: PublishResult[] = [];
      let killed: Promise<void> | null = null;
      while (results.every(({ status }) => status === 'confirmed')) {
        const list = Array.from({ length: 3000 }, (_, n) => `${bodies.length + n}`);
        bodies.push(...list);
        const publishing = publisher.publish(list.map(message));
        killed ??= broker.kill();
        results.push(...(await publishing));
      }
      await killed;
      await reach('connecting');
      await broker.restart();
      await connection.whenUp();
      expect(statuses(await publisher.publish([message('after')]))).toEqual(['confirmed']);
      const kept = new Set<string>();
      while (!kept.has('after')) (await dead()).forEach((body) => kept.add(body));
      const missing = bodies.filter((body, n) => results[n]?.status === 'confirmed' && !kept.has(body));
      expect(missing).toEqual([]);
    }, 240_000);

    it('waits while the broker is out of memory, and publishes when it is not', async () => {
      await broker.eval(memoryLimit(0.000001));
      const stop = new AbortController();
      const waiting = publisher.publish([message('waiting')]);
      const given = publisher.publish([message('given up')], { signal: stop.signal });
      await reach('blocked');
      expect(connection.status().reason).toMatch(/memory/);
      const later = publisher.publish([message('later')]);
      stop.abort();
      expect(statuses(await given)).toEqual(['unconfirmed']);
      await broker.eval(memoryLimit(0.4));
      expect(statuses(await waiting)).toEqual(['confirmed']);
      expect(statuses(await later)).toEqual(['confirmed']);
      expect(connection.status().state).toBe('up');
    }, 180_000);

    it('learns the size limit of the broker, refuses what exceeds it and publishes the rest', async () => {
      await dead();
      const limit = async (bytes: number) => {
        await broker.eval(
          `application:set_env(rabbit, max_message_size, ${bytes}), persistent_term:put(max_message_size, ${bytes}).`,
        );
      };
      await limit(100_000);
      // A channel takes the limit when it is opened.
      const warnings: object[] = [];
      const logger: BrokerLogger = { ...silentBrokerLogger, warn: (line) => void warnings.push(line) };
      const fresh = new Publisher(connection, { logger });
      const bodies = Array.from({ length: 30 }, (_, n) => `${n}:`.padEnd(n % 10 === 5 ? 200_000 : 1000, 'x'));
      try {
        const results = await fresh.publish(bodies.map(message));
        expect(results.flatMap(({ status }, n) => (status === 'unsendable' ? [n] : []))).toEqual([5, 15, 25]);
        expect(results[5]).toEqual({
          status: 'unsendable',
          reason: 'the body has 200000 bytes, the limit is 100000',
        });
        expect(results.filter(({ status }) => status === 'confirmed')).toHaveLength(27);
        expect(warnings).toContainEqual({ event: 'publisher.size_limit_learned', bytes: 100_000 });
        const kept = new Set<string>();
        while (kept.size < 27) (await dead()).forEach((body) => kept.add(body));
      } finally {
        await limit(134_217_728);
        await fresh.close();
      }
    }, 180_000);
  });
}
