import { describe, expect, it } from '@jest/globals';
import { type Channel, type ConsumeMessage } from 'amqplib';
import { RepliesInHand } from './replies-in-hand.js';

const answers: string[] = [];
const channel = {
  ack: () => answers.push('ack'),
  nack: (_message: unknown, _all: boolean, requeue: boolean) => answers.push(requeue ? 'back' : 'dead'),
} as unknown as Channel;
const message = (bytes: number, headers: unknown = {}) =>
  ({ content: Buffer.alloc(bytes), properties: { headers } }) as unknown as ConsumeMessage;

describe('the replies in hand', () => {
  it('are weighed until they are answered, once', () => {
    answers.length = 0;
    let relieved = 0;
    const hand = new RepliesInHand({ fullBytes: 20_000, mostBytes: 40_000 }, () => (relieved += 1));
    const first = hand.take(message(15_000), channel);
    expect([hand.full, hand.roomy]).toEqual([false, false]);
    const second = hand.take(message(15_000), channel);
    expect([hand.full, hand.count]).toEqual([true, 2]);
    first.acknowledge();
    first.giveBack();
    expect([hand.full, hand.roomy, hand.count]).toEqual([false, false, 1]);
    second.deadLetter();
    expect([hand.bytes, hand.count, relieved, hand.roomy]).toEqual([0, 0, 2, true]);
    expect(answers).toEqual(['ack', 'dead']);
    // What is read of it after that takes no room any more.
    second.weighs(1000);
    expect(hand.bytes).toBe(0);
  });

  it('are too much beside others, never alone', () => {
    const hand = new RepliesInHand({ fullBytes: 20_000, mostBytes: 40_000 });
    const large = hand.take(message(100_000), channel);
    expect(large.tooMuch).toBe(false);
    expect(hand.take(message(1), channel).tooMuch).toBe(true);
    large.acknowledge();
    const small = hand.take(message(10), channel);
    expect([small.tooMuch, small.weighs(50_000)]).toEqual([false, false]);
  });

  it('are weighed with their headers', () => {
    const hand = new RepliesInHand({ fullBytes: 1, mostBytes: 1 });
    hand.take(
      message(0, { 'x-a': 'x'.repeat(50_000), 'x-b': { list: [Buffer.alloc(50_000), 1, null, true] } }),
      channel,
    );
    expect(hand.bytes).toBeGreaterThan(100_000);
  });

  it('leave the hand though their channel has closed', () => {
    const closed = {
      ack: () => {
        throw new Error('Channel closed');
      },
    } as unknown as Channel;
    const hand = new RepliesInHand({ fullBytes: 1, mostBytes: 1 });
    hand.take(message(10), closed).acknowledge();
    expect([hand.bytes, hand.count]).toEqual([0, 0]);
  });
});
