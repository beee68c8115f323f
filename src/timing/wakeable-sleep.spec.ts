import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { WakeableSleep } from './wakeable-sleep.js';

describe('a sleep that can be cut short', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  /** Milliseconds that a sleep took, seen from outside. */
  const sleeper = (pause: WakeableSleep, ms: number) => {
    const sleep = { awake: false, done: Promise.resolve() };
    sleep.done = pause.sleep(ms).then(() => void (sleep.awake = true));
    return sleep;
  };
  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

  it('sleeps as long as it was told', async () => {
    const sleep = sleeper(new WakeableSleep(), 1000);
    await pass(999);
    expect(sleep.awake).toBe(false);
    await pass(1);
    expect(sleep.awake).toBe(true);
  });

  it('is woken at once', async () => {
    const pause = new WakeableSleep();
    const sleep = sleeper(pause, 1000);
    pause.wakeIn(0);
    await sleep.done;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('wakes earlier, never later, than it was told', async () => {
    const pause = new WakeableSleep();
    const sleep = sleeper(pause, 1000);
    pause.wakeIn(300);
    pause.wakeIn(5000);
    await pass(299);
    expect(sleep.awake).toBe(false);
    await pass(1);
    expect(sleep.awake).toBe(true);
  });

  it('remembers a wake that came before the sleep, once', async () => {
    const pause = new WakeableSleep();
    pause.wakeIn(0);
    await pause.sleep(1000);
    const second = sleeper(pause, 1000);
    await pass(999);
    expect(second.awake).toBe(false);
    await pass(1);
    expect(second.awake).toBe(true);
  });

  it('remembers a time that was set before the sleep', async () => {
    const pause = new WakeableSleep();
    pause.wakeIn(800);
    pause.wakeIn(500);
    await pass(100);
    const sleep = sleeper(pause, 5000);
    await pass(399);
    expect(sleep.awake).toBe(false);
    await pass(1);
    expect(sleep.awake).toBe(true);
  });

  it('wakes at once where that time has passed', async () => {
    const pause = new WakeableSleep();
    pause.wakeIn(50);
    await pass(100);
    const sleep = sleeper(pause, 5000);
    await pass(0);
    expect(sleep.awake).toBe(true);
  });

  it('forgets the time once it has woken', async () => {
    const pause = new WakeableSleep();
    const first = sleeper(pause, 10);
    await pass(10);
    await first.done;
    const second = sleeper(pause, 1000);
    await pass(999);
    expect(second.awake).toBe(false);
    await pass(1);
    expect(second.awake).toBe(true);
  });

  it('does not take a sleep of months for none', async () => {
    const sleep = sleeper(new WakeableSleep(), 60 * 86_400_000);
    await pass(86_400_000);
    expect(sleep.awake).toBe(false);
  });
});
