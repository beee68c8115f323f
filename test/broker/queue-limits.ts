import { copyFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import amqp, { type ChannelModel } from 'amqplib';
import { type PrivateRabbitmq } from '../../scripts/rabbitmq.mjs';
import { declareObject, formerOf, topologyNames, topologyObjects } from '../../src/broker/topology.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { importDefinitions } from './import-definitions.js';

const LIMITS = join(import.meta.dirname, '../../deploy/rabbitmq/limits.json');
const QUEUES = ['replies', 'rejected', 'unrouted', 'dead'] as const;

/** Limits of every queue of the default names, by `rabbitmqctl list_queues`. */
interface Limits {
  readonly bytes: unknown;
  readonly overflow: unknown;
}

/** What queues do when they are full; `node` is a broker of its own. */
export function queueLimits(node: () => PrivateRabbitmq): void {
  describe('queues with a limit', () => {
    let broker: PrivateRabbitmq;
    let administrator: ChannelModel;
    let system: TestSystem | undefined;
    beforeAll(async () => {
      broker = node();
      administrator = await amqp.connect(broker.url);
    });
    afterAll(() => administrator.close());
    afterEach(async () => {
      await system?.close();
      system = undefined;
    });

    const limited = (name: string, pattern: string, bytes: number) => ({
      name,
      pattern,
      vhost: '/',
      'apply-to': 'queues',
      definition: { 'max-length-bytes': bytes },
      priority: 0,
    });
    const fromFile = async (): Promise<Map<string, Limits>> => {
      const readable = join(broker.folder, 'limits.json');
      copyFileSync(LIMITS, readable);
      chmodSync(readable, 0o644);
      await broker.ctl('import_definitions', readable);
      const policies = JSON.parse(await broker.ctl('-q', 'list_policies', '--formatter', 'json')) as {
        pattern: string;
        definition: string;
      }[];
      return new Map(
        Object.values<string>({ ...topologyNames('bitrix24') }).flatMap((name) => {
          const policy = policies.find(({ pattern }) => new RegExp(pattern).test(name));
          if (policy === undefined) return [];
          const definition = JSON.parse(policy.definition) as Record<string, unknown>;
          return [[name, { bytes: definition['max-length-bytes'], overflow: definition['overflow'] }]];
        }),
      );
    };

    it('get it as arguments, the same as the file of policies sets', async () => {
      const names = topologyNames('bitrix24');
      const declared = topologyObjects(names).flatMap((object) => {
        if (object.kind !== 'queue') return [];
        const given = object.options.arguments as Record<string, unknown>;
        return [
          [object.name, { bytes: given['x-max-length-bytes'], overflow: given['x-overflow'] }] as const,
        ];
      });
      expect(declared).toHaveLength(QUEUES.length);
      expect(await fromFile()).toEqual(new Map(declared));
      for (const [, { bytes }] of declared) expect(bytes).toBeGreaterThan(100 * 1024 * 1024);
    });

    it('that an earlier version declared without one are used as they are, and told of', async () => {
      system = await TestSystem.prepare({
        broker: broker.url,
        settings: { SETTLE_AFTER_MS: '20000' },
        onEvent: (event, downstream) => downstream.replyAndAcknowledge({ status: 'failed' }, event),
      });
      const { names } = system.downstream;
      const channel = await administrator.createChannel();
      for (const object of topologyObjects(names))
        await declareObject(channel, object.kind === 'queue' ? formerOf(object) : object);
      await channel.assertQueue('earlier', { durable: true });
      await channel.bindQueue('earlier', names.events, '#');
      system.bridge.start();
      await system.bridge.logged('portal.installed');
      const told = await system.bridge.logged('broker.queues_without_limit');
      expect([...(told.message['queues'] as string[])].sort()).toEqual(
        QUEUES.map((queue) => `queue ${names[queue]}`).sort(),
      );
      const { portal } = system;
      await until('bindings', () => portal.bindings().length === 3);
      await channel.consume('earlier', (message) => {
        if (message === null) return;
        channel.sendToQueue(names.replies, Buffer.from('{"status":"failed"}'), {
          correlationId: message.properties.correlationId as string,
        });
        channel.ack(message);
      });
      system.push(1, 3);
      await until('the marks', () => portal.rows().filter(({ ERROR }) => ERROR === 1).length === 3);
      // Its own dead-lettering is what it was: too large ones go there, too.
      channel.sendToQueue(names.replies, Buffer.alloc(1_000_000, 'x'));
      await until('set aside', async () => (await channel.checkQueue(names.rejected)).messageCount === 1);
      expect(system.bridge.find('broker.conflict')).toBeUndefined();
      await system.bridge.stop();
      // What is left is declared anew by whoever ends the test.
      for (const queue of QUEUES) await channel.deleteQueue(names[queue]);
      await channel.deleteQueue('earlier');
      await channel.close();
    });

    it('refuse replies when full, keep those that they have, and make room for rejected ones', async () => {
      system = await TestSystem.open({
        broker: broker.url,
        settings: { SETTLE_AFTER_MS: '60000' },
        onEvent: () => {},
      });
      const { names, channel } = system.downstream;
      const pattern = `^${names.replies.replaceAll('.', '\\.')}`;
      await importDefinitions(broker, {
        policies: [
          limited('small', `${pattern}$`, 20_000),
          limited('smaller', `${pattern}\\.rejected$`, 20_000),
        ],
      });
      system.push(1, 10);
      await until('the events', () => system?.delivered().size === 10);

      // Nobody reads: whoever replies is told so, and nothing of what was taken is lost.
      await system.bridge.stop();
      const answered: boolean[] = [];
      const reply = (content: Buffer, correlationId?: string) =>
        new Promise<void>((resolve) => {
          const properties = correlationId === undefined ? {} : { correlationId };
          channel.sendToQueue(
            names.replies,
            content,
            { persistent: true, ...properties },
            (error: unknown) => {
              answered.push(error === null);
              resolve();
            },
          );
        });
      const events = system.downstream.received;
      for (const { message } of events)
        await reply(Buffer.from('{"status":"failed"}'), String(message.properties.correlationId));
      expect(answered).not.toContain(false);
      for (let i = 0; i < 10; i += 1) await reply(Buffer.alloc(5000, String(i)));
      expect(answered).toContain(false);
      const taken = answered.filter((each) => each).length - events.length;

      const { portal, downstream } = system;
      system.bridge.start();
      await until('the marks', () => portal.rows().filter(({ ERROR }) => ERROR === 1).length === 10);
      await until('nothing is left', async () => (await downstream.depth(names.replies)) === 0);
      for (let i = 0; i < 20; i += 1) {
        await reply(Buffer.alloc(5000, String.fromCharCode(97 + i)));
        await until('it is read', async () => (await downstream.depth(names.replies)) === 0);
      }
      const malformed = async () =>
        Number(
          /replies_total\{kind="malformed"\} (\d+)/.exec((await system?.get('/metrics'))?.body ?? '')?.[1],
        );
      await until('all counted', async () => (await malformed()) === taken + 20);
      await until('the newest stay', async () => (await downstream.depth(names.rejected)) <= 5);
      const bodies: string[] = [];
      for (;;) {
        const message = await channel.get(names.rejected, { noAck: true });
        if (message === false) break;
        bodies.push(message.content.toString('utf8', 0, 1));
      }
      expect(bodies.at(-1)).toBe('t');
      for (const { message } of events) channel.ack(message);
    });
  });
}
