import { setMaxListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AnswerMemory, type AnswerShare } from './answer-memory.js';

const KIB = 1024;
/** What every answer has beside the shared memory. */
const OWN = 64 * KIB;
const never = new AbortController().signal;
setMaxListeners(0, never);

/** Whether it is settled after everything that can happen has. */
async function state(promise: Promise<void>): Promise<'taken' | 'waits'> {
  const turn = new Promise<'waits'>((resolve) => setImmediate(() => resolve('waits')));
  return Promise.race([promise.then(() => 'taken' as const), turn]);
}

describe('memory for answers', () => {
  it('asks nothing of small answers, however many there are', async () => {
    const memory = new AnswerMemory(0);
    for (let n = 0; n < 1000; n += 1) await memory.open().grow(OWN, never);
    expect(memory.inHand).toBe(0);
  });

  it('is given in the order in which it was asked for, when others give theirs back', async () => {
    const memory = new AnswerMemory(100 * KIB);
    const [one, two, three, four] = [memory.open(), memory.open(), memory.open(), memory.open()] as const;
    await one.grow(OWN + 100 * KIB, never);
    // The first goes on alone, whatever there is.
    await two.grow(OWN + 50 * KIB, never);
    const third = three.grow(OWN + 80 * KIB, never);
    const fourth = four.grow(OWN + 1, never);
    expect(await state(third)).toBe('waits');
    expect(await state(fourth)).toBe('waits');
    await two.grow(50 * KIB, never);
    one.close();
    one.close();
    expect(await state(fourth)).toBe('waits');
    two.close();
    expect([await state(third), await state(fourth)]).toEqual(['taken', 'taken']);
    three.close();
    four.close();
    expect(memory.inHand).toBe(0);
  });

  it('is not waited for by who has given up', async () => {
    const memory = new AnswerMemory(10 * KIB);
    const [one, two, three] = [memory.open(), memory.open(), memory.open()] as const;
    await one.grow(OWN + 10 * KIB, never);
    await two.grow(OWN + 10 * KIB, never);
    const stop = new AbortController();
    const gone = memory.open().grow(OWN + 10 * KIB, stop.signal);
    const third = three.grow(OWN + 10 * KIB, never);
    stop.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    two.close();
    expect(await state(third)).toBe('taken');
    await expect(memory.open().grow(OWN + 10 * KIB, stop.signal)).rejects.toThrow('gone');
  });

  it('never ends in everybody waiting, and never holds more than its own and one answer', async () => {
    const largest = 60 * KIB;
    const total = 100 * KIB;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 1, max: 20 * KIB }), { minLength: 1, maxLength: 12 }), {
          minLength: 1,
          maxLength: 12,
        }),
        async (answers) => {
          const memory = new AnswerMemory(total);
          const read = async (share: AnswerShare, pieces: readonly number[]) => {
            await share.grow(OWN, never);
            let bytes = 0;
            for (const piece of pieces) {
              if ((bytes += piece) > largest) break;
              await share.grow(piece, never);
              expect(memory.inHand).toBeLessThanOrEqual(total + largest);
            }
            await Promise.resolve();
            share.close();
          };
          await Promise.all(answers.map((pieces) => read(memory.open(), pieces)));
          expect(memory.inHand).toBe(0);
        },
      ),
    );
  });
});
