import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { OnceAPeriod } from './once-a-period.js';

describe('what is done once a period', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('is done at once, and the last of what came meanwhile at the end, for each key by itself', async () => {
    const once = new OnceAPeriod(1000);
    const done: string[] = [];
    const ask = (key: string, what: string) =>
      once.run(key, () => {
        done.push(what);
        return Promise.resolve();
      });
    for (const what of ['a1', 'a2', 'a3']) await ask('a', what);
    await ask('b', 'b1');
    expect(done).toEqual(['a1', 'b1']);
    await jest.advanceTimersByTimeAsync(999);
    await ask('a', 'a4');
    expect(done).toEqual(['a1', 'b1']);
    await jest.advanceTimersByTimeAsync(1);
    expect(done).toEqual(['a1', 'b1', 'a4']);
    // What was done late begins a period of its own.
    await ask('a', 'a5');
    await jest.advanceTimersByTimeAsync(1000);
    expect(done).toEqual(['a1', 'b1', 'a4', 'a5']);
    await jest.advanceTimersByTimeAsync(5000);
    expect(jest.getTimerCount()).toBe(0);
    await ask('a', 'a6');
    expect(done.at(-1)).toBe('a6');
  });
});
