import { Duplex } from 'node:stream';
import { expect, it } from '@jest/globals';
import { type ChannelModel } from 'amqplib';
import { gatherWrites } from './amqp-handles.js';

/** A connection whose socket notes what leaves together. */
function connection() {
  const sent: string[][] = [];
  const stream = new Duplex({
    read: () => undefined,
    writev: (chunks, done) => {
      sent.push(chunks.map(({ chunk }) => String(chunk)));
      done();
    },
  });
  return { stream, sent, model: { connection: { stream } } as unknown as ChannelModel };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('lets what is written in one go leave together, in its order and without waiting for more', async () => {
  const { stream, sent, model } = connection();
  gatherWrites(model);
  for (const message of ['a', 'b', 'c']) stream.write(message);
  expect(sent).toEqual([]);
  await turn();
  expect(sent).toEqual([['a', 'b', 'c']]);
  stream.write('d');
  await turn();
  expect(sent.slice(1)).toEqual([['d']]);
});

it('still says when there is too much, and when there is room again', async () => {
  const { stream, sent, model } = connection();
  gatherWrites(model);
  const drained = new Promise<void>((resolve) => stream.once('drain', resolve));
  expect(stream.write('x'.repeat(stream.writableHighWaterMark))).toBe(false);
  await drained;
  expect(sent).toHaveLength(1);
  // The end does not lose what was written before it.
  stream.write('last');
  stream.end();
  await turn();
  expect(sent.at(-1)).toEqual(['last']);
});
