import { setTimeout as rest } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import amqp from 'amqplib';
import { provideRabbitmq } from '../../scripts/rabbitmq.mjs';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { inForm } from '../support/form.js';

const NODE_MS = 120_000;
const LIMIT_MS = 300_000;
const MIB = 1024 * 1024;
const LARGE = 15 * MIB;
const RSS_LIMIT = 400 * MIB;
/** A busy machine is slow; who waits for gigabytes of replies to be read and published again waits for minutes. */
const FLOWS_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 200;
/** One of each kind in the small form: a single one is enough to hold up a service that reads it. */
const MALFORMED = inForm({ full: 60, small: 4 });
const HEAVY = inForm({ full: 100, small: 5 });

/** No reply, in as many ways: no JSON, JSON that is deep, wide, and a reply but for what it says. */
const malformed = [
  Buffer.alloc(LARGE, 'x'),
  Buffer.alloc(LARGE, '['),
  Buffer.from(`[${'{},'.repeat(LARGE / 3 - 2)}{}]`),
  Buffer.from(`{"status":"maybe","reason":"${'x'.repeat(LARGE - 64)}"}`),
];
/** Of a size that is read: as much as fits, plain and packed, and names that nobody knows, of one batch or of many. */
const heavy = (portal: string) => {
  const ids = Array.from({ length: 6000 }, (_, index) => index.toString(16).padStart(32, '0'));
  const group = { portal, process_id: 'c'.repeat(32), message_id: ids, status: 'processed' };
  const batches = Array.from({ length: 10_000 }, (_, index) => ({
    portal,
    process_id: `p${index}`,
    message_id: 'm',
    status: 'processed',
  }));
  return [
    Buffer.from(`[${'{},'.repeat(80_000)}{}]`),
    gzipSync(`[${'{},'.repeat(300_000)}{}]`),
    Buffer.from(JSON.stringify(group)),
    gzipSync(JSON.stringify({ ...group, message_id: ids.map((id) => `${id}${'x'.repeat(100)}`) })),
    gzipSync(JSON.stringify(batches)),
  ];
};

/** A node of their own for gigabytes; tens of megabytes are none of others' business. */
const ONE_OF_ITS_OWN = inForm({ full: true, small: false });

describe('replies by the gigabyte', () => {
  let broker: { readonly url: string; stop(): Promise<void> };
  let system: TestSystem;
  /** Of the last event, and when which came. */
  let id = 0;
  const received = new Map<string, number>();
  beforeAll(async () => {
    broker = await provideRabbitmq({ private: ONE_OF_ITS_OWN });
    system = await TestSystem.open({
      process: true,
      broker: broker.url,
      settings: { SETTLE_AFTER_MS: '600000' },
      onEvent: (event, downstream) => {
        if (!received.has(event.objectId)) received.set(event.objectId, performance.now());
        downstream.replyAndAcknowledge({ status: 'failed', reason: 'genuine' }, event);
      },
    });
  }, NODE_MS);
  afterAll(async () => {
    await system?.close();
    await broker.stop();
  }, NODE_MS);

  /** Zero where the process does not answer, which `stalled` tells of. */
  const metric = async (name: string) => {
    const { body } = await system.get('/metrics').catch(() => ({ body: '' }));
    const line = body.split('\n').find((text) => text.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1) ?? 0);
  };

  /** What the process came to while `count` of them were sent and read, and genuine events and replies went on. */
  const underAttack = async (bodies: readonly Buffer[], count: number) => {
    const { names } = system.downstream;
    const attacker = await amqp.connect(broker.url);
    attacker.on('error', () => undefined);
    const channel = await attacker.createConfirmChannel();
    let read = false;
    const attack = (async () => {
      for (let sent = 0; sent < count; sent += 1) {
        channel.sendToQueue(names.replies, bodies[sent % bodies.length] as Buffer, { persistent: true });
        if (sent % 10 === 9) await channel.waitForConfirms();
      }
      await channel.waitForConfirms();
      await until(
        'every reply read',
        async () => (await channel.checkQueue(names.replies)).messageCount === 0,
        120_000,
      );
      read = true;
    })();
    let resident = 0;
    let stalled = 0;
    const pushed = new Map<string, number>();
    while (!read) {
      id += 1;
      pushed.set(String(id), performance.now());
      system.push(id, id);
      const asked = performance.now();
      resident = Math.max(resident, await metric('process_resident_memory_bytes'));
      stalled = Math.max(stalled, performance.now() - asked);
      await rest(LOOK_EVERY_MS);
    }
    await attack;
    await until('every event', () => system.delivered().size === id, 60_000);
    const slowest = Math.max(
      ...[...pushed].map(([objectId, at]) => (received.get(objectId) ?? Number.POSITIVE_INFINITY) - at),
    );
    // One more where an event, or its reply, came twice.
    const heard = () => metric('bridge_replies_total{kind="single"}');
    await until('genuine ones heard', async () => (await heard()) >= id, 60_000).catch(async (error) => {
      const { output } = system.bridge;
      throw new Error(`${String(error)}: ${await heard()} of ${id}\n${output.slice(-4000)}`);
    });
    await attacker.close();
    return { resident, stalled, slowest };
  };

  it(
    'that are no replies, 15 MiB each, fill no memory and hold up neither events nor genuine replies',
    async () => {
      const { resident, stalled, slowest } = await underAttack(malformed, MALFORMED);
      expect(resident).toBeLessThan(RSS_LIMIT);
      expect(slowest).toBeLessThan(FLOWS_WITHIN_MS);
      expect(stalled).toBeLessThan(FLOWS_WITHIN_MS);
      expect(await metric('bridge_replies_total{kind="too_large"}')).toBeGreaterThanOrEqual(MALFORMED);
      // The newest of them, as many as that queue holds.
      expect(await system.downstream.depth(system.downstream.names.rejected)).toBeGreaterThan(MALFORMED / 3);
    },
    LIMIT_MS,
  );

  it(
    'that are as large as they may be do not either',
    async () => {
      const malformedBefore = await metric('bridge_replies_total{kind="malformed"}');
      const { resident, stalled, slowest } = await underAttack(heavy('acme'), HEAVY);
      expect(resident).toBeLessThan(RSS_LIMIT);
      expect(slowest).toBeLessThan(FLOWS_WITHIN_MS);
      expect(stalled).toBeLessThan(FLOWS_WITHIN_MS);
      const malformedNow = await metric('bridge_replies_total{kind="malformed"}');
      expect(malformedNow - malformedBefore).toBe((HEAVY / 5) * 2);
      expect(await metric('bridge_replies_total{kind="group"}')).toBe((HEAVY / 5) * (2 + 10_000));
    },
    LIMIT_MS,
  );
});
