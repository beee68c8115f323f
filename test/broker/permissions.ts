import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import amqp from 'amqplib';
import { type PrivateRabbitmq } from '../../scripts/rabbitmq.mjs';
import { type TopologyNames, topologyNames, topologyObjects } from '../../src/broker/topology.js';
import { nothingLost, notReady, readyAgain, seconds } from '../outages/outage.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { importDefinitions } from './import-definitions.js';

/** A command to a node of RabbitMQ on a busy machine. */
const COMMAND_MS = 120_000;
/** Users who may configure nothing, one a test; the last two lack another right as well. */
const NARROW = ['närrow€', 'plain', 'empty-handed', 'mute', 'deaf'];
/** What no address could have as it is, and letters of one to four bytes. */
const passwordOf = (user: string) => (user === NARROW[0] ? 'p@ß/?#€😀 %2F:[' : `${user}-secret`);
const DEFINITIONS = join(import.meta.dirname, '../../deploy/rabbitmq/definitions.json');

const RIGHTS: Readonly<Record<string, { write?: string; read?: string }>> = {
  mute: { write: '^$' },
  deaf: { read: '^$' },
};
const rights = (user: string, { write = '.*', read = '.*' } = {}) => ({
  user,
  vhost: '/',
  configure: '^$',
  write,
  read,
});

/** Of `rabbit_password_hashing_sha256`: a salt of four bytes, and what it and the password come to. */
function hashOf(password: string): string {
  const salt = randomBytes(4);
  return Buffer.concat([salt, createHash('sha256').update(salt).update(password).digest()]).toString(
    'base64',
  );
}

interface Definitions {
  readonly users: readonly { name: string; password_hash: string }[];
  readonly exchanges: readonly { name: string; type: string; arguments: Record<string, unknown> }[];
  readonly queues: readonly { name: string; arguments: Record<string, unknown> }[];
  readonly bindings: readonly { source: string; destination: string; routing_key: string }[];
}

/** What users of the broker may do; `node` is the broker's own. */
export function permissions(node: () => PrivateRabbitmq): void {
  describe('a user of the broker without the right to configure', () => {
    let broker: PrivateRabbitmq;
    let system: TestSystem | undefined;
    beforeAll(async () => {
      broker = node();
      await importDefinitions(broker, {
        users: NARROW.map((name) => ({ name, password: passwordOf(name), tags: '' })),
        permissions: NARROW.map((user) => rights(user, RIGHTS[user])),
      });
    }, COMMAND_MS);
    afterEach(async () => {
      await system?.close();
      system = undefined;
    });

    const urlOf = (user: string) => broker.url.replace('guest:guest@', `${user}:${user}-secret@`);

    it('works on a topology that is there, retries included', async () => {
      const [user = ''] = NARROW;
      system = await TestSystem.prepare({
        broker: broker.url,
        settings: {
          RABBITMQ_URL: broker.url.replace('guest:guest@', ''),
          RABBITMQ_USER: user,
          RABBITMQ_PASSWORD: passwordOf(user),
          RETRY_BASE_DELAY_MS: '200',
        },
        onEvent: (event, downstream) => {
          if (event.objectId === '3' && event.attempt === 1)
            downstream.reply({ status: 'failed', reason: 'once' }, event);
          downstream.channel.ack(event.message);
        },
      });
      const { downstream, bridge, portal } = system;
      // As the administrator, who declares everything.
      await downstream.start();
      bridge.start();
      await bridge.logged('portal.installed');
      const given = (await bridge.logged('broker.topology_given')).message;
      expect(given['found']).toContain(`queue ${downstream.names.replies}`);
      await until('bindings', () => portal.bindings().length === 3);
      system.push(1, 10);
      await until('the retry', () => downstream.received.some(({ attempt }) => attempt === 2));
      expect(system.delivered().size).toBe(10);
      await until('an empty queue', () => portal.rows().length === 0);
      expect(bridge.find('broker.conflict')).toBeUndefined();
      expect(bridge.find('broker.prefix_unknown')?.message['advice']).toContain(downstream.names.owner);
    });

    it('loses no reply that is too large to a queue that dead-letters nothing', async () => {
      const url = urlOf('plain');
      system = await TestSystem.prepare({
        broker: broker.url,
        settings: { RABBITMQ_URL: url, REPLY_MAX_BYTES: '2000' },
      });
      const { bridge, downstream } = system;
      const { replies, rejected, failures } = downstream.names;
      await downstream.start();
      const { channel } = downstream;
      // As an administrator made it by hand.
      await channel.deleteQueue(replies);
      await channel.assertQueue(replies, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
      await channel.bindQueue(replies, failures, '');
      bridge.start();
      await bridge.logged('replies.consuming');
      const large = [Buffer.alloc(5000, 'x'), Buffer.alloc(3 * 1024 * 1024, 'y')];
      for (const body of large) channel.sendToQueue(replies, body, { persistent: true });
      await until('both set aside', async () => (await downstream.depth(rejected)) === large.length);
      for (const body of large) {
        const message = await channel.get(rejected, { noAck: true });
        if (message === false) throw new Error('the queue is shorter than it said');
        expect(message.content.equals(body)).toBe(true);
        expect(message.properties.headers?.['x-bridge-error']).toMatch(/a reply 2000 at most$/);
      }
      await until('an empty queue', async () => (await downstream.depth(replies)) === 0);
      // What is left is declared anew by whoever ends the test.
      await bridge.stop();
      await channel.deleteQueue(replies);
    });

    it('is told what is missing, and begins when an administrator has made it', async () => {
      const url = urlOf('empty-handed');
      system = await TestSystem.prepare({ broker: broker.url, settings: { RABBITMQ_URL: url } });
      const { downstream, bridge, portal } = system;
      bridge.start();
      await bridge.logged('broker.conflict');
      const reason = await notReady(system, 'broker');
      expect(reason).toContain(`exchange ${downstream.names.unrouted} does not exist`);
      expect(reason).toContain('deploy/rabbitmq/definitions.json');
      await downstream.start();
      await readyAgain(system);
      await until('bindings', () => portal.bindings().length === 3);
      system.push(1, 3);
      await until('every event', () => system?.delivered().size === 3);
    });

    it.each([
      ['mute', 'to publish', (names: TopologyNames) => `access to exchange '${names.events}'`],
      ['deaf', 'to read the replies', (names: TopologyNames) => `access to queue '${names.replies}'`],
    ])(
      '%s: without the right %s it is not ready, says so, and goes on when it has it',
      async (user, _what, words) => {
        system = await TestSystem.prepare({ broker: broker.url, settings: { RABBITMQ_URL: urlOf(user) } });
        const { downstream, bridge, portal } = system;
        await downstream.start();
        bridge.start();
        await bridge.logged('portal.installed');
        await until('bindings', () => portal.bindings().length === 3);
        system.push(1, 3);
        const reason = await notReady(system, 'broker');
        expect(reason).toContain(words(downstream.names));
        expect(reason).toContain('deploy/rabbitmq/definitions.json');
        expect((await bridge.logged('broker.right_missing')).message['reason']).toBe(reason);
        // What it has in hand it goes on trying; nothing more is taken from the portal.
        system.push(4, 6);
        await seconds(2);
        expect(portal.rows().filter((row) => row.PROCESS_ID !== '').length).toBeLessThanOrEqual(3);
        expect(await notReady(system, 'broker')).toBe(reason);
        await importDefinitions(broker, { permissions: [rights(user)] });
        await readyAgain(system);
        await nothingLost(system, 6);
        expect(bridge.lines.filter((line) => line.message.event === 'broker.right_missing')).toHaveLength(1);
      },
    );

    it('is enough for the bridge and for a consumer with the definitions file and its rights', async () => {
      const definitions = JSON.parse(readFileSync(DEFINITIONS, 'utf8')) as Definitions;
      // As they stand in the file, with the hash that whoever imports it has to fill in.
      const users = definitions.users.map((user) => ({
        ...user,
        password_hash: hashOf(passwordOf(user.name)),
      }));
      expect(users.map(({ name }) => name)).toEqual(['bitrix24-bridge', 'billing']);
      // The node's account may not read this checkout, which may lie in somebody's home.
      const readable = join(broker.folder, 'definitions.json');
      writeFileSync(readable, JSON.stringify({ ...definitions, users }));
      chmodSync(readable, 0o644);
      await broker.ctl('import_definitions', readable);
      system = await TestSystem.prepare({
        broker: broker.url,
        settings: {
          RABBITMQ_URL: urlOf('bitrix24-bridge'),
          AMQP_PREFIX: 'bitrix24',
          RETRY_MAX_ATTEMPTS: '2',
          RETRY_BASE_DELAY_MS: '100',
        },
      });
      const { bridge, portal } = system;
      const connection = await amqp.connect(urlOf('billing'));
      try {
        const channel = await connection.createConfirmChannel();
        await channel.assertQueue('billing', {
          durable: true,
          arguments: { 'x-queue-type': 'quorum', 'x-dead-letter-exchange': 'bitrix24.failures' },
        });
        await channel.bindQueue('billing', 'bitrix24.events', '*.crm.deal.update');
        const seen = new Map<string, number>();
        await channel.consume('billing', (message) => {
          if (message === null) return;
          const event = JSON.parse(message.content.toString()) as { subject: string; attempt: number };
          seen.set(event.subject, event.attempt);
          if (event.subject === 'crm.deal/1') return channel.nack(message, false, false);
          if (event.subject === 'crm.deal/2' && event.attempt === 1)
            channel.sendToQueue('bitrix24.replies', Buffer.from('{"status":"failed","reason":"once"}'), {
              correlationId: message.properties.correlationId as string,
            });
          channel.ack(message);
        });
        bridge.start();
        await bridge.logged('portal.installed');
        await until('bindings', () => portal.bindings().length === 3);
        system.push(1, 3);
        // One that nobody is bound to.
        system.push(4, 4, 'ONCRMDEALADD');
        await until('all there is to do', () => seen.size === 3 && portal.rows().length === 0, 60_000);
        expect(seen).toEqual(
          new Map([
            ['crm.deal/1', 2],
            ['crm.deal/2', 2],
            ['crm.deal/3', 1],
          ]),
        );
        expect(bridge.find('broker.prefix_owned')).toBeDefined();
        expect(bridge.find('broker.prefix_unknown')).toBeUndefined();
        channel.sendToQueue('bitrix24.replies', Buffer.from('nonsense'));
        const { names } = { names: topologyNames('bitrix24') };
        const admin = await amqp.connect(broker.url);
        const look = await admin.createChannel();
        for (const queue of [names.dead, names.unrouted, names.rejected])
          await until(
            `a message in ${queue}`,
            async () => (await look.checkQueue(queue)).messageCount === 1,
            20_000,
          );
        await admin.close();
      } finally {
        await connection.close();
      }
    });
  });

  describe('the definitions file for administrators', () => {
    it('has exactly what the bridge declares itself', () => {
      const { exchanges, queues, bindings } = JSON.parse(readFileSync(DEFINITIONS, 'utf8')) as Definitions;
      const wanted = topologyObjects(topologyNames('bitrix24'));
      expect(exchanges.map(({ name, type, arguments: given }) => [name, type, given]).sort()).toEqual(
        wanted
          .flatMap((object) =>
            object.kind === 'exchange'
              ? [
                  [
                    object.name,
                    object.type,
                    object.options.alternateExchange === undefined
                      ? {}
                      : { 'alternate-exchange': object.options.alternateExchange },
                  ],
                ]
              : [],
          )
          .sort(),
      );
      expect(queues.map(({ name, arguments: given }) => [name, given]).sort()).toEqual(
        wanted
          .flatMap((object) =>
            object.kind === 'queue'
              ? [[object.name, object.options.arguments as Record<string, unknown>]]
              : [],
          )
          .sort(),
      );
      expect(
        bindings.map(({ source, destination, routing_key: key }) => [source, destination, key]).sort(),
      ).toEqual(
        wanted
          .flatMap((object) =>
            object.kind === 'binding' ? [[object.exchange, object.queue, object.key]] : [],
          )
          .sort(),
      );
    });
  });
}
