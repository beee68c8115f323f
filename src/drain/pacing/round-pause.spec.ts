import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RoundPause } from './round-pause.js';

describe('the pause between two rounds', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  /** How long a pause takes while `during` happens in it. */
  const lasts = async (
    pause: RoundPause,
    ms: number,
    meant: boolean,
    during: () => unknown = () => undefined,
  ) => {
    const startedAt = performance.now();
    let passed: number | null = null;
    const done = pause.pass(ms, meant).then(() => void (passed = performance.now() - startedAt));
    await jest.advanceTimersByTimeAsync(100);
    during();
    await jest.advanceTimersByTimeAsync(ms);
    await done;
    return passed;
  };

  it('is as long as it was told, and shorter where it is woken', async () => {
    const pause = new RoundPause();
    expect(await lasts(pause, 5000, false)).toBe(5000);
    expect(await lasts(pause, 5000, false, () => pause.wake(0))).toBe(100);
    expect(await lasts(pause, 5000, false, () => pause.wake(1000))).toBe(1100);
    expect(await lasts(pause, 5000, false, () => pause.wake(9000))).toBe(5000);
  });

  it('may last longer where it ended by itself, and is woken then as before', async () => {
    const pause = new RoundPause();
    let asked = 0;
    const lasted = async (meant: boolean, during: () => unknown, after: () => unknown = () => undefined) => {
      const startedAt = performance.now();
      let passed: number | null = null;
      const later = () => {
        asked += 1;
        return 500;
      };
      const done = pause.pass(1000, meant, later).then(() => (passed = performance.now() - startedAt));
      await jest.advanceTimersByTimeAsync(100);
      during();
      await jest.advanceTimersByTimeAsync(1000);
      after();
      await jest.advanceTimersByTimeAsync(1000);
      await done;
      return passed;
    };
    const nothing = () => undefined;
    expect(await lasted(false, nothing)).toBe(1500);
    expect(await lasted(false, nothing, () => pause.wake(0))).toBe(1100);
    expect(asked).toBe(2);
    expect(await lasted(false, () => pause.wake(300))).toBe(400);
    expect(await lasted(false, () => pause.end())).toBe(100);
    expect(await lasted(true, nothing)).toBe(1000);
    pause.wake(700);
    expect(await lasted(false, nothing)).toBe(700);
    expect(asked).toBe(2);
  });

  it('that is meant is not shortened by a wake, neither in it nor in the round before', async () => {
    const pause = new RoundPause();
    pause.roundBegins();
    pause.wake(0);
    pause.wake(1000);
    expect(await lasts(pause, 5000, true, () => pause.wake(0))).toBe(5000);
    // The next one is another.
    pause.roundBegins();
    expect(await lasts(pause, 5000, false)).toBe(5000);
  });

  it('is shortened by a wake in the round before, once', async () => {
    const pause = new RoundPause();
    pause.roundBegins();
    pause.wake(2000);
    expect(await lasts(pause, 5000, false)).toBe(2000);
    pause.roundBegins();
    expect(await lasts(pause, 5000, false)).toBe(5000);
  });

  it('is left out after a round that was woken for another at once', async () => {
    const pause = new RoundPause();
    pause.roundBegins();
    pause.wake(0);
    expect(await lasts(pause, 5000, false)).toBe(0);
  });

  it('ends whatever it is for when its cause is gone', async () => {
    const pause = new RoundPause();
    expect(await lasts(pause, 5000, true, () => pause.end())).toBe(100);
    pause.end();
    expect(await lasts(pause, 5000, true)).toBe(0);
  });
});
