import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { SharedAnswer } from './shared-answer.js';

describe('an answer that is shared', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is asked for once while it is in hand and a moment after, and anew later', async () => {
    let asked = 0;
    const answer = new SharedAnswer(() => Promise.resolve(++asked), 'waiting');
    const all = await Promise.all(Array.from({ length: 100 }, () => answer.read()));
    expect(new Set(all)).toEqual(new Set([1]));
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await answer.read()).toBe(2);
  });

  it('may be a failure, for everybody who asked, and is asked for again later', async () => {
    let asked = 0;
    const answer = new SharedAnswer(
      () => (++asked === 1 ? Promise.reject(new Error('not now')) : Promise.resolve(asked)),
      'waiting',
    );
    const outcomes = await Promise.allSettled([answer.read(), answer.read()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await answer.read()).toBe(2);
  });

  it.each([
    ['work', 1, 2],
    ['waiting', 2, 3],
  ] as const)('that took long is good for longer where it was work: %s', async (kind, soon, later) => {
    jest.useFakeTimers();
    let asked = 0;
    const answer = new SharedAnswer(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return ++asked;
    }, kind);
    const read = async () => {
      const reading = answer.read();
      await jest.advanceTimersByTimeAsync(1500);
      return reading;
    };
    expect(await read()).toBe(1);
    await jest.advanceTimersByTimeAsync(300);
    expect(await read()).toBe(soon);
    await jest.advanceTimersByTimeAsync(5000);
    expect(await read()).toBe(later);
  });
});
