import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import amqp, { type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { type PrivateRabbitmq } from '../../scripts/rabbitmq.mjs';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';

const QUEUES = 4;
const OBJECTS = 40;
const ROUNDS = 6;

/** The recipe of docs/consumers.md; `node` is a broker with the plugin for it. */
export function orderByObject(node: () => PrivateRabbitmq): void {
  describe('events spread over queues by their subject', () => {
    let broker: PrivateRabbitmq;
    let connection: ChannelModel;
    let system: TestSystem | undefined;
    beforeAll(async () => {
      broker = node();
      connection = await amqp.connect(broker.url);
    });
    afterEach(async () => {
      await system?.close();
      system = undefined;
    });
    afterAll(() => connection.close());

    it('come to one queue an object, to one consumer at a time, in the order of its changes; those without one to one queue', async () => {
      const opened = (system = await TestSystem.open({
        broker: broker.url,
        consume: false,
        settings: { B24_EVENTS: 'ONCRMDEALUPDATE,ONCRMCONTACTUPDATE,ONCRMLEADADD' },
      }));
      const setUp = await connection.createChannel();
      const spread = 'billing.by-object';
      await setUp.assertExchange(spread, 'x-consistent-hash', {
        durable: true,
        arguments: { 'hash-header': 'x-subject' },
      });
      const seen: { queue: string; consumer: string; subject: string; row: number }[] = [];
      const consumers: Channel[] = [];
      for (let number = 1; number <= QUEUES; number += 1) {
        const queue = `billing.${number}`;
        await setUp.assertQueue(queue, { durable: true, arguments: { 'x-single-active-consumer': true } });
        await setUp.bindQueue(queue, spread, '1');
        // Two processes of the service: of each queue one consumes, and the other stands by.
        for (const process of ['one', 'two']) {
          const channel = await connection.createChannel();
          consumers.push(channel);
          await channel.prefetch(1);
          await channel.consume(queue, (message) => {
            if (message === null) return;
            seen.push({ queue, consumer: `${process} of ${queue}`, ...factsOf(message) });
            channel.ack(message);
          });
        }
      }
      await setUp.bindExchange(spread, opened.downstream.names.events, '#');

      for (let round = 1; round <= ROUNDS; round += 1) {
        for (const event of ['ONCRMDEALUPDATE', 'ONCRMCONTACTUPDATE']) opened.push(1, OBJECTS, event);
        await until(`round ${round}`, () => seen.length === round * OBJECTS * 2);
      }

      const bySubject = groupedBySubject(seen);
      expect(bySubject.size).toBe(OBJECTS * 2);
      for (const events of bySubject.values()) {
        expect(new Set(events.map(({ consumer }) => consumer)).size).toBe(1);
        const rows = events.map(({ row }) => row);
        expect(rows).toEqual([...rows].sort((a, b) => a - b));
      }
      // Each queue has some: consumers share the work.
      expect(new Set(seen.map(({ queue }) => queue)).size).toBe(QUEUES);

      // The first process of each pair ends: the others go on.
      for (const first of consumers.filter((_, index) => index % 2 === 0)) await first.close();
      seen.length = 0;
      opened.push(1, OBJECTS);
      await until('the next round', () => seen.length === OBJECTS);
      expect(seen.filter(({ consumer }) => consumer.startsWith('one'))).toEqual([]);

      seen.length = 0;
      for (const number of [1, 2, 3]) {
        opened.portal.push({ event: 'ONCRMLEADADD', data: { FIELDS: { NUMBER: number } } });
      }
      await until('events without an object', () => seen.length === 3);
      expect(new Set(seen.map(({ queue }) => queue)).size).toBe(1);
    }, 120_000);
  });
}

function groupedBySubject<T extends { subject: string }>(all: readonly T[]): Map<string, T[]> {
  const grouped = new Map<string, T[]>();
  for (const one of all) grouped.set(one.subject, [...(grouped.get(one.subject) ?? []), one]);
  return grouped;
}

function factsOf(message: ConsumeMessage): { subject: string; row: number } {
  const body = JSON.parse(message.content.toString()) as { id: string; subject: string };
  return { subject: body.subject, row: Number(body.id.split('-')[1]) };
}
