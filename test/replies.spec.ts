import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { linesOf } from './support/before-install.js';
import { faultsOfRejectedReply } from './support/contract.js';
import { type Downstream, type Received } from './support/downstream.js';
import { OwnPortal } from './support/own-portal.js';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

/** Ways to say that an event failed, each for an event of its own. */
const WAYS: readonly ((event: Received, downstream: Downstream) => void)[] = [
  (event, downstream) => downstream.reply({ status: 'FAILED', reason: 'x' }, event),
  (event, downstream) => downstream.reply({ status: 'failed', reason: { code: 42, text: 'x' } }, event),
  (event, downstream) => downstream.reply({ status: 'error', message: 'x' }, event),
  (event, downstream) => downstream.reply({ status: 'failed', process_id: event.processId }, event),
  (event, downstream) => downstream.reply([{ status: 'failed' }], event),
  (event, downstream) => downstream.reply(`\ufeff{"status":"failed"}`, event),
  (event, { channel, names }) => {
    const correlationId = String(event.message.properties.correlationId);
    const packed = gzipSync('{"status":"failed"}');
    channel.sendToQueue(names.replies, packed, { correlationId, contentEncoding: 'gzip' });
  },
  (event, { channel, names }) => {
    const correlationId = String(event.message.properties.correlationId);
    channel.publish(names.failures, '', event.message.content, { correlationId });
  },
  (event, { channel, names }) => {
    channel.publish(names.failures, event.routingKey, event.message.content);
  },
  (event, downstream) =>
    downstream.reply({
      portal: new URL(String(event.body['source'])).host,
      processId: event.processId,
      messageId: [event.messageId],
      error: 'x',
    }),
  (event, downstream) =>
    downstream.reply([
      {
        portal: String(event.body['portal']).toUpperCase(),
        process_id: event.processId,
        message_id: event.messageId,
      },
    ]),
  (event, downstream) =>
    downstream.reply({
      pattern: 'failed',
      data: { memberid: event.body['memberid'], processid: event.processId, messageid: [event.messageId] },
    }),
];

describe('replies to one service', () => {
  let system: TestSystem;
  /** What the test's consumer answers to an event that it sees first; it acknowledges all that it does not refuse. */
  let answer: ((event: Received, downstream: Downstream) => void) | null = null;
  let refuses: (event: Received) => boolean = () => false;
  beforeAll(async () => {
    system = await TestSystem.open({
      // Long enough for every failure to be heard while its row is held.
      settings: { SETTLE_AFTER_MS: '20000', RETRY_BASE_DELAY_MS: '200', REPLY_MAX_BYTES: '1024' },
      consume: { deadLetterToFailures: true },
      onEvent: (event, downstream) => {
        const { channel } = downstream;
        if (refuses(event)) return channel.nack(event.message, false, false);
        if (event.attempt === 1) answer?.(event, downstream);
        channel.ack(event.message);
      },
    });
  }, 60_000);
  afterEach(() => {
    answer = null;
    refuses = () => false;
  });
  afterAll(() => system?.close());

  it('that cannot be understood go to the rejected queue, untouched, with the reason', async () => {
    const hostile = ['not json', '[]', '{"status":"maybe"}', '{"process_id":"x"}', ''];
    for (const body of hostile) system.downstream.reply(body);
    const { rejected, replies } = system.downstream.names;
    await until('all rejected', async () => (await system.downstream.depth(rejected)) === hostile.length);
    const bodies: string[] = [];
    for (let i = 0; i < hostile.length; i += 1) {
      const message = await system.downstream.channel.get(rejected, { noAck: true });
      if (message === false) throw new Error('the queue is shorter than it said');
      bodies.push(message.content.toString());
      expect(message.properties.headers?.['x-bridge-error']).toEqual(expect.stringMatching(/\S/));
    }
    expect(bodies.sort()).toEqual([...hostile].sort());
    expect(await system.downstream.depth(replies)).toBe(0);
    const metrics = await system.get('/metrics');
    expect(metrics.body).toContain('bridge_replies_total{kind="malformed"} 5');
  });

  it('that plainly say failed mark their events, whatever their form', async () => {
    const own = await OwnPortal.installed(system);
    answer = (event, downstream) => WAYS[Number(event.objectId) - 1]?.(event, downstream);
    own.push(1, WAYS.length);
    await until('every row to be marked', () => {
      const rows = own.portal.rows();
      return rows.length === WAYS.length && rows.every(({ ERROR }) => ERROR === 1);
    });
    expect(await system.downstream.depth(system.downstream.names.rejected)).toBe(0);
  });

  it('of an event that the ledger has forgotten bring it back from its own body, once', async () => {
    const own = await OwnPortal.installed(system);
    own.push(1, 1);
    await until('the event', () => own.received.length === 1);
    const [first] = own.received;
    if (first === undefined) throw new Error('no event');
    // As it looked when it was in a queue for longer than the ledger kept it: of another row, and of another batch.
    const forgotten = first.message.content
      .toString()
      .replaceAll(first.processId, 'f'.repeat(32))
      .replaceAll(first.messageId, 'e'.repeat(32))
      .replace(/("id":"[0-9a-z]+)-\d+-/, '$1-987654-')
      .replace('"ID":"1"', '"ID":9007199254740993');
    const { channel, names } = system.downstream;
    for (let i = 0; i < 2; i += 1) channel.publish(names.failures, first.routingKey, Buffer.from(forgotten));
    await until('its second attempt', () => own.received.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(own.received).toHaveLength(2);
    const text = own.received[1]?.message.content.toString() ?? '';
    expect(text).toContain('"ID":9007199254740993');
    expect(text).toContain('"attempt":2');
    expect(own.portal.counters.perMethod['event.offline.error']).toBeUndefined();
    expect(await system.downstream.depth(names.rejected)).toBe(0);
    // Without its body nobody can.
    system.downstream.reply({
      portal: own.portal.name,
      process_id: 'd'.repeat(32),
      message_id: ['c'.repeat(32)],
    });
    await until('set aside', async () => (await system.downstream.depth(names.rejected)) === 1);
    await channel.purgeQueue(names.rejected);
  });

  it('in a list take effect one by one; the list is set aside for what is wrong in it', async () => {
    const own = await OwnPortal.installed(system);
    answer = (event, downstream) => {
      const ids = { portal: own.portal.name, process_id: event.processId, message_id: event.messageId };
      downstream.reply([ids, { ...ids, status: 'maybe' }]);
    };
    own.push(1, 1);
    await until('the mark', () => own.portal.rows()[0]?.ERROR === 1);
    const { rejected } = system.downstream.names;
    await until('it is set aside', async () => (await system.downstream.depth(rejected)) === 1);
    const message = await system.downstream.channel.get(rejected, { noAck: true });
    expect(message === false ? null : message.properties.headers?.['x-bridge-error']).toBe(
      'reply 2 of 2: status "maybe" is neither "failed" nor "processed"',
    );
  });

  it('that cannot be understood are rejected once, though they ask to be copied to the reply queue', async () => {
    const { rejected, replies } = system.downstream.names;
    system.downstream.channel.sendToQueue(replies, Buffer.from('not json'), {
      CC: [replies],
      headers: { 'x-source': 'billing' },
    });
    await until('rejected', async () => (await system.downstream.depth(rejected)) > 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await system.downstream.depth(rejected)).toBe(1);
    const message = await system.downstream.channel.get(rejected, { noAck: true });
    expect(message === false ? null : message.properties.headers).toMatchObject({ 'x-source': 'billing' });
  });

  it('that are larger than a reply may be are set aside unread, whole, and others are heard', async () => {
    const { channel, names } = system.downstream;
    // RabbitMQ 4 takes no more.
    const largest = Buffer.alloc(16 * 1024 * 1024, 'x');
    const said = JSON.stringify({ status: 'failed', reason: 'y'.repeat(2000) });
    for (const body of [largest, Buffer.from(said)]) channel.sendToQueue(names.replies, body);
    await until('both set aside', async () => (await system.downstream.depth(names.rejected)) === 2);
    expect((await system.bridge.logged('replies.too_large')).message['reason']).toContain(
      'a reply 1024 at most',
    );
    const sizes: number[] = [];
    for (let i = 0; i < 2; i += 1) {
      const message = await channel.get(names.rejected, { noAck: true });
      if (message === false) throw new Error('the queue is shorter than it said');
      sizes.push(message.content.length);
      expect(message.properties.headers?.['x-death']?.[0]).toMatchObject({
        queue: names.replies,
        reason: 'rejected',
      });
    }
    expect(sizes).toEqual([largest.length, said.length]);
    const malformedBefore = linesOf(system.bridge, 'replies.malformed').length;
    const packed = gzipSync(JSON.stringify({ status: 'failed', reason: 'y'.repeat(3000) }));
    channel.sendToQueue(names.replies, packed, { contentEncoding: 'gzip' });
    await until('a packed one read', async () => (await system.downstream.depth(names.rejected)) === 1);
    expect((await system.get('/metrics')).body).toMatch(/bridge_replies_total\{kind="too_large"\} 2\n/);
    const malformed = () => linesOf(system.bridge, 'replies.malformed').slice(malformedBefore);
    await until('its line', () => malformed().length > 0);
    expect(malformed()[0]?.message['reason']).toBe('no correlation id');
    const aside = await channel.get(names.rejected, { noAck: true });
    expect(aside === false ? null : faultsOfRejectedReply(aside)).toEqual([]);
  });

  it('that are events that came back fail them, however large the event is', async () => {
    const rejected = new Set(['1', '2', '3']);
    const own = await OwnPortal.installed(system);
    refuses = ({ attempt, objectId }) => attempt === 1 && objectId === '1';
    answer = (event, { channel, names }) => {
      if (!rejected.has(event.objectId)) return;
      // As people publish it again: with what they have of it.
      const { correlationId } = event.message.properties as { correlationId: string };
      const properties = event.objectId === '2' ? { correlationId } : {};
      channel.publish(names.failures, '', event.message.content, properties);
    };
    const push = (ID: string, bytes: number) =>
      own.portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID, NOTE: 'n'.repeat(bytes) } } });
    for (const id of [...rejected, '4']) push(id, 10_000);
    await until('the second attempts', () => {
      const again = own.received.filter(({ attempt }) => attempt === 2);
      return again.length === rejected.size;
    });
    // One that the ledger has forgotten is taken back from its body, up to four times the size of a reply.
    push('5', 2000);
    await until('the fifth', () => own.delivered().has('5'));
    const fifth = own.received.find(({ objectId }) => objectId === '5');
    const forgotten = (fifth?.message.content.toString() ?? '')
      .replaceAll(fifth?.messageId ?? '', 'e'.repeat(32))
      .replaceAll(fifth?.processId ?? '', 'f'.repeat(32))
      .replace(/("id":"[0-9a-z]+)-\d+-/, '$1-987654-');
    const { channel, names } = system.downstream;
    channel.publish(names.failures, '', Buffer.from(forgotten));
    await until('it comes back', () =>
      own.received.some(({ messageId, attempt }) => messageId === 'e'.repeat(32) && attempt === 2),
    );
    expect(await system.downstream.depth(names.rejected)).toBe(0);
    channel.publish(
      names.failures,
      '',
      Buffer.from(forgotten.replaceAll('e'.repeat(32), 'd'.repeat(32)).replace('nnnn', 'n'.repeat(5000))),
    );
    await until('one too large to be taken back is kept', async () => {
      return (await system.downstream.depth(names.rejected)) === 1;
    });
    // By the schemas it is a failure, and was one: nobody is left to retry it.
    await channel.purgeQueue(names.rejected);
  });
});

describe('replies', () => {
  let system: TestSystem;
  /** What the test's consumer answers to an event, which it acknowledges. */
  let answer: (event: Received, downstream: Downstream) => void = () => undefined;
  beforeAll(async () => {
    system = await TestSystem.open({
      // Long enough for a failure to be heard while the row is still held: a later one would leave no mark.
      settings: { SETTLE_MODE: 'ack', SETTLE_AFTER_MS: '4000' },
      onEvent: (event, downstream) => {
        answer(event, downstream);
        downstream.channel.ack(event.message);
      },
    });
  });
  afterAll(() => system?.close());

  it('of strangers, and repeated ones, are acknowledged and have no effect', async () => {
    const own = await OwnPortal.installed(system);
    const { portal } = own;
    const failed: Received[] = [];
    answer = (event, downstream) => {
      if (event.objectId !== '3' || event.attempt > 1) {
        downstream.reply({ status: 'processed' }, event);
        return;
      }
      failed.push(event);
      for (let i = 0; i < 3; i += 1) downstream.reply({ status: 'failed', reason: 'again' }, event);
    };
    system.downstream.reply({ portal: 'nobody', process_id: 'x', message_id: ['y'] });
    system.downstream.reply({ status: 'failed', reason: 'z' }, {
      message: { properties: { correlationId: 'stranger:x:1:y' } },
    } as unknown as Received);
    system.downstream.reply({ member_id: portal.memberId, process_id: 'unknown', message_id: ['y'] });
    own.push(1, 5);
    await until('only the failed row to be left', () => portal.rows().length === 1 && failed.length === 1);
    await until('the mark', () => portal.rows()[0]?.ERROR === 1);
    expect(portal.counters.perMethod['event.offline.error']).toBe(1);
    await until('its line', () => own.lines('replies.unknown_delivery').length > 0);
    expect(own.lines('replies.unknown_delivery')[0]?.message).toMatchObject({
      portal: portal.name,
      deliveries: 1,
      ids: ['unknown/y'],
      kind: 'group',
      outcome: 'failed',
      reason: null,
    });
    const { names } = system.downstream;
    expect(await system.downstream.depth(names.replies)).toBe(0);
    const { body } = await system.get('/metrics');
    expect(body).toContain(`bridge_replies_unknown_total{portal="${portal.name}"} 1`);
    expect(body).toContain('bridge_replies_total{kind="unknown_portal"} 2');
    // Of a portal that this bridge does not know: perhaps it is another bridge's.
    expect(await system.downstream.depth(names.rejected)).toBe(2);
    const reasons: unknown[] = [];
    for (let count = 0; count < 2; count += 1) {
      const message = await system.downstream.channel.get(names.rejected, { noAck: true });
      reasons.push(message === false ? null : message.properties.headers?.['x-bridge-error']);
    }
    expect(reasons.sort()).toEqual([
      'member_id "stranger" is none that this bridge knows',
      'portal "nobody" is none that this bridge knows',
    ]);
  });

  it('are what settles an event with SETTLE_MODE=ack: silence is a failure', async () => {
    const own = await OwnPortal.installed(system);
    answer = (event, downstream) => {
      if (event.objectId !== '2') downstream.reply({ status: 'processed' }, event);
    };
    own.push(1, 4);
    await until('the silent one to be marked, the others cleared', () => {
      const rows = own.portal.rows();
      return rows.length === 1 && rows[0]?.ERROR === 1;
    });
    expect(own.portal.rows()[0]?.EVENT_DATA).toEqual({ FIELDS: { ID: '2' } });
  });
});
