import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type Channel, type ConsumeMessage } from 'amqplib';
import { confirmed, type PublishResult, refused, unconfirmed, unsendable } from '../broker/outgoing.js';
import { RepliesInHand } from './replies-in-hand.js';
import { SetAside } from './set-aside.js';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** What becomes of messages while publishing answers `results`, the last one for ever. */
function scene(results: PublishResult[], deadLetters: boolean) {
  const answers: string[] = [];
  let published = 0;
  const hand = new RepliesInHand({ fullBytes: 1e6, mostBytes: 1e6 });
  const channel = {
    ack: () => answers.push('acknowledged'),
    nack: (_message: unknown, _all: boolean, requeue: boolean) =>
      answers.push(requeue ? 'back' : 'dead-lettered'),
  } as unknown as Channel;
  const aside = new SetAside({
    reject: () => {
      published += 1;
      return Promise.resolve((results.length > 1 ? results.shift() : results[0]) ?? confirmed);
    },
    deadLetters: () => deadLetters,
    log: quiet,
  });
  const message = () => hand.take({ content: Buffer.from('x'), properties: {} } as ConsumeMessage, channel);
  return { aside, answers, message, published: () => published };
}

describe('what is set aside', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it.each<[string, PublishResult[], boolean, string[], number]>([
    ['is acknowledged once it is published', [confirmed], true, ['acknowledged'], 1],
    [
      'is published again after a lost connection',
      [unconfirmed('gone'), confirmed],
      true,
      ['acknowledged'],
      2,
    ],
    ['is led aside by RabbitMQ where its queue refuses', [refused], true, ['dead-lettered'], 1],
    ['is led aside by RabbitMQ where nobody answers', [unconfirmed('gone')], true, ['dead-lettered'], 4],
    ['is led aside by RabbitMQ where it cannot be sent', [unsendable('large')], true, ['dead-lettered'], 1],
    [
      'waits where RabbitMQ may lead it nowhere',
      [refused, refused, refused, confirmed],
      false,
      ['acknowledged'],
      4,
    ],
  ])('%s', async (_, results, deadLetters, answers, tries) => {
    const { aside, message, published, ...seen } = scene(results, deadLetters);
    aside.put(message(), 'why');
    await jest.advanceTimersByTimeAsync(10_000);
    expect(seen.answers).toEqual(answers);
    expect(published()).toBe(tries);
  });

  it('does not wait for a queue that did not take the one before', async () => {
    const { aside, answers, message, published } = scene([refused, confirmed], true);
    aside.put(message(), 'why');
    await jest.advanceTimersByTimeAsync(10);
    aside.put(message(), 'why');
    await jest.advanceTimersByTimeAsync(10);
    expect([published(), answers]).toEqual([1, ['dead-lettered', 'dead-lettered']]);
    await jest.advanceTimersByTimeAsync(30_000);
    aside.put(message(), 'why');
    await jest.advanceTimersByTimeAsync(10);
    expect([published(), answers.at(-1)]).toEqual([2, 'acknowledged']);
  });

  it('is not copied where it is large, unless RabbitMQ may lead it nowhere', async () => {
    for (const deadLetters of [true, false]) {
      const { aside, answers, message, published } = scene([confirmed], deadLetters);
      aside.putUnread(message(), 'large');
      await jest.advanceTimersByTimeAsync(10);
      expect([published(), answers]).toEqual(deadLetters ? [0, ['dead-lettered']] : [1, ['acknowledged']]);
    }
  });
});
