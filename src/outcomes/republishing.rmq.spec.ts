import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { type AuditEntry, type AuditLog } from '../audit/audit-log.js';
import { destroySocket, onThrowAway, withErrorListener } from '../broker/amqp-handles.js';
import { declareTopology, deleteTopology, topologyNames } from '../broker/topology.js';
import { Republishing } from './republishing.js';

const RABBITMQ_URL = process.env['RABBITMQ_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672';
const MESSAGES = 1200;
/** RabbitMQ 4 drops what is given back much more often. */
const LOOKS = 8;

describe('the queues of events that no consumer has processed', () => {
  const names = topologyNames(`test-${randomUUID()}`);
  const recorded: AuditEntry[] = [];
  let model: ChannelModel;
  beforeAll(async () => {
    model = await connect(RABBITMQ_URL);
    await onThrowAway(model, (channel) => declareTopology(channel, names));
  });
  const republishingOver = (openChannel: () => Promise<ConfirmChannel>) =>
    new Republishing({
      openChannel,
      ours: () => true,
      names,
      books: { revive: () => Promise.reject(new Error('no letter is republished')) },
      installed: () => true,
      due: () => undefined,
      maxBytes: 1_000_000,
      audit: {
        record: (entry: AuditEntry) => Promise.resolve(void recorded.push(entry)),
      } as unknown as AuditLog,
    });
  const fill = async (put: (channel: ConfirmChannel, number: number) => void) => {
    const channel = await model.createConfirmChannel();
    for (let number = 0; number < MESSAGES; number += 1) put(channel, number);
    await channel.waitForConfirms();
    await channel.close();
  };
  afterAll(async () => {
    await onThrowAway(model, (channel) => deleteTopology(channel, names));
    await model.close();
  });

  it('have back all that somebody has looked at when he is answered', async () => {
    await fill((channel) => channel.sendToQueue(names.dead, Buffer.from('{}'), { persistent: true }));
    const republishing = republishingOver(async () => withErrorListener(await model.createConfirmChannel()));
    const seen: number[][] = [];
    for (let time = 0; time < LOOKS; time += 1) {
      const { seen: messages, there } = await republishing.look('dead');
      seen.push([messages, there]);
    }
    expect(seen).toEqual(Array.from({ length: LOOKS }, () => [MESSAGES, MESSAGES]));
  });

  it('have what was republished before the connection broke written down', async () => {
    await fill((channel, number) =>
      channel.publish(names.events, 'acme.crm.lead.add', Buffer.from('{}'), { messageId: String(number) }),
    );
    const { queue } = await onThrowAway(model, async (channel) => {
      const made = await channel.assertQueue(`${names.events}.test`, { autoDelete: false, durable: false });
      await channel.bindQueue(made.queue, names.events, 'acme.crm.lead.add');
      return made;
    });
    const breaking = await connect(RABBITMQ_URL);
    breaking.on('error', () => undefined);
    const republishing = republishingOver(async () => {
      const channel = withErrorListener(await breaking.createConfirmChannel());
      let left = 250;
      const acknowledge = channel.ack.bind(channel);
      channel.ack = (message) => {
        acknowledge(message);
        left -= 1;
        if (left === 0) destroySocket(breaking);
      };
      return channel;
    });
    const order = { key: null, count: MESSAGES };
    const actor = { kind: 'cli', name: 'a test' } as const;
    await expect(republishing.republish('unrouted', order, actor)).rejects.toThrow();
    expect(recorded).toMatchObject([{ actor, action: 'republished', target: 'unrouted: every key' }]);
    const { count = 0 } = recorded[0] ?? {};
    expect(count).toBeGreaterThan(100);
    await onThrowAway(model, async (channel) => {
      expect((await channel.checkQueue(queue)).messageCount).toBeGreaterThanOrEqual(count);
      await channel.deleteQueue(queue);
    });
  });
});
