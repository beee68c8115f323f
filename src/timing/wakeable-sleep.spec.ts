import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { WakeableSleep } from './wakeable-sleep.js';

describe('the alarm clock', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  /** Milliseconds that a sleep took, seen from outside. */
  const sleeper = (alarm: WakeableSleep, ms: number) => {
    const sleep = { awake: false, done: Promise.resolve() };
    sleep.done = alarm.sleep(ms).then(() => void (sleep.awake = true));
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
    const alarm = new WakeableSleep();
    const sleep = sleeper(alarm, 1000);
    alarm.wakeIn(0);
    await sleep.done;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('wakes earlier, never later, than it was told', async () => {
    const alarm = new WakeableSleep();
    const sleep = sleeper(alarm, 1000);
    alarm.wakeIn(300);
    alarm.wakeIn(5000);
    await pass(299);
    expect(sleep.awake).toBe(false);
    await pass(1);
    expect(sleep.awake).toBe(true);
  });

  it('remembers a ring that came before the sleep, once', async () => {
    const alarm = new WakeableSleep();
    alarm.wakeIn(0);
    await alarm.sleep(1000);
    const second = sleeper(alarm, 1000);
    await pass(999);
    expect(second.awake).toBe(false);
    await pass(1);
    expect(second.awake).toBe(true);
  });

  it('remembers a time that was set before the sleep', async () => {
    const alarm = new WakeableSleep();
    alarm.wakeIn(800);
    alarm.wakeIn(500);
    await pass(100);
    const sleep = sleeper(alarm, 5000);
    await pass(399);
    expect(sleep.awake).toBe(false);
    await pass(1);
    expect(sleep.awake).toBe(true);
  });

  it('wakes at once where that time has passed', async () => {
    const alarm = new WakeableSleep();
    alarm.wakeIn(50);
    await pass(100);
    const sleep = sleeper(alarm, 5000);
    await pass(0);
    expect(sleep.awake).toBe(true);
  });

  it('forgets the time once it has rung', async () => {
    const alarm = new WakeableSleep();
    const first = sleeper(alarm, 10);
    await pass(10);
    await first.done;
    const second = sleeper(alarm, 1000);
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
