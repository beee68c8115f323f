import { describe, expect, it } from '@jest/globals';
import { confirmed, MessageQueue, QueuedMessage } from './outgoing.js';

const message = (body: string) =>
  new QueuedMessage(
    { exchange: 'e', routingKey: 'k', body: Buffer.from(body), properties: {} },
    () => undefined,
  );

describe('the queue in front of the channel', () => {
  it('lets go of what has left it, although it is never empty', () => {
    const queue = new MessageQueue();
    queue.push(message('0'));
    for (let count = 1; count <= 10_000; count += 1) {
      queue.push(message(String(count)));
      expect(queue.peek()?.message.body.toString()).toBe(String(count - 1));
      queue.shift();
    }
    expect(queue.retained).toBeLessThan(2100);
    expect(queue.takeAll().map(({ message: { body } }) => body.toString())).toEqual(['10000']);
  });

  it('passes over what has been answered meanwhile', () => {
    const queue = new MessageQueue();
    const [first, second] = [message('1'), message('2')];
    queue.push(first);
    queue.push(second);
    first.answer(confirmed);
    expect(queue.peek()).toBe(second);
    queue.shift();
    expect(queue.peek()).toBeUndefined();
    expect(queue.retained).toBe(0);
  });
});
