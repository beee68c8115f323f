import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { MessageQueue } from './message-queue.js';
import { confirmed, QueuedMessage } from './outgoing.js';

const message = (body: string, flow?: string) =>
  new QueuedMessage(
    {
      exchange: 'e',
      routingKey: 'k',
      body: Buffer.from(body),
      properties: {},
      ...(flow === undefined ? {} : { flow }),
    },
    () => undefined,
  );
const bodyOf = (item: QueuedMessage | undefined) => item?.message.body.toString();

/** Takes so many out; all of them without a number. */
function take(queue: MessageQueue, count = Number.POSITIVE_INFINITY): string[] {
  const taken: string[] = [];
  for (let next = queue.peek(); next !== undefined && taken.length < count; next = queue.peek()) {
    taken.push(bodyOf(next) ?? '');
    queue.shift();
  }
  return taken;
}

/** How many of them somebody still holds. */
async function alive(refs: readonly WeakRef<QueuedMessage>[]): Promise<number> {
  // What a WeakRef was made of lives to the end of its turn.
  await turn();
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

describe('the queue in front of the channel', () => {
  it('lets go of what has left it, although it is never empty', async () => {
    const queue = new MessageQueue();
    const refs: WeakRef<QueuedMessage>[] = [];
    const push = (body: string) => {
      const item = message(body);
      refs.push(new WeakRef(item));
      queue.push(item);
    };
    push('0');
    const out: (string | undefined)[] = [];
    for (let count = 1; count <= 10_000; count += 1) {
      push(String(count));
      out.push(bodyOf(queue.peek()));
      queue.shift();
    }
    expect(out.join()).toBe(Array.from({ length: 10_000 }, (_, count) => count).join());
    const held = await alive(refs);
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(2100);
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
    expect(queue.takeAll()).toEqual([]);
  });

  it('lets a short flow by a long one, whenever it comes', () => {
    const queue = new MessageQueue();
    for (let count = 0; count < 1000; count += 1) queue.push(message(`long ${count}`, 'long'));
    expect(take(queue, 3)).toEqual(['long 0', 'long 1', 'long 2']);
    queue.push(message('short 0', 'short'));
    queue.push(message('short 1', 'short'));
    expect(take(queue, 5)).toEqual(['short 0', 'long 3', 'short 1', 'long 4', 'long 5']);
  });

  it('sends the messages of each flow in their order, and every one of them', () => {
    const queue = new MessageQueue();
    const [flows, taken] = [['a', 'b', 'c', undefined], [] as string[]];
    const next = new Map<string, number>();
    for (let step = 0; step < 3000; step += 1) {
      // As if at random, and the same every time.
      const flow = flows[(step * 7 + Math.floor(step / 5)) % flows.length];
      const count = next.get(flow ?? '') ?? 0;
      next.set(flow ?? '', count + 1);
      queue.push(message(`${flow ?? ''} ${count}`, flow));
      if (step % 3 !== 0) taken.push(...take(queue, 1));
    }
    taken.push(...take(queue));
    for (const [flow, count] of next) {
      const own = taken.filter((body) => body.startsWith(`${flow} `));
      expect(own).toEqual(Array.from({ length: count }, (_, index) => `${flow} ${index}`));
    }
    expect(taken).toHaveLength(3000);
    expect(queue.takeAll()).toEqual([]);
  });

  it('sends what came back before all others, in the order in which it was sent', () => {
    const queue = new MessageQueue();
    for (const name of ['a1', 'a2', 'a3', 'b1', 'b2']) queue.push(message(name, name.slice(0, 1)));
    const sent: QueuedMessage[] = [];
    for (let count = 0; count < 3; count += 1) {
      const item = queue.peek();
      if (item !== undefined) sent.push(item);
      queue.shift();
    }
    queue.putBack(sent);
    expect(take(queue).slice(0, 3)).toEqual(sent.map(bodyOf));
    expect(take(queue)).toEqual([]);
  });

  it('gives up everything at once, what came back included', () => {
    const queue = new MessageQueue();
    for (const name of ['a1', 'b1', 'b2']) queue.push(message(name, name.slice(0, 1)));
    queue.putBack([message('a0', 'a')]);
    expect(queue.takeAll().map(bodyOf).sort()).toEqual(['a0', 'a1', 'b1', 'b2']);
    expect(queue.peek()).toBeUndefined();
    queue.push(message('a2', 'a'));
    expect(take(queue)).toEqual(['a2']);
  });
});
