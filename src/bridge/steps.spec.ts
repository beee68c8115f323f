import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type LogFields } from '../logging/log.js';
import { doSteps, type Step } from './steps.js';

const hangs = () => new Promise<void>(() => undefined);

describe('steps', () => {
  let done: string[];
  let lines: LogFields[];
  const write = (fields: LogFields) => void lines.push(fields);
  const log = { debug: write, info: write, warn: write, error: write };
  const step = (name: string, more: Partial<Step> = {}): Step => ({
    name,
    run: () => void done.push(name),
    ...more,
  });
  const failed = (name: string, reason: string, when = 'stop') => ({
    event: 'bridge.step_failed',
    when,
    step: name,
    reason,
  });

  beforeEach(() => {
    jest.useFakeTimers();
    done = [];
    lines = [];
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('are done one after another', async () => {
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      done.push('slow');
    };
    const all = doSteps('start', [step('slow', { run: slow }), step('next')], log);
    await jest.advanceTimersByTimeAsync(999);
    expect(done).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    await all;
    expect(done).toEqual(['slow', 'next']);
    expect(lines).toEqual([]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('that %s are told of and skip none after them', async (_, run) => {
    await doSteps('stop', [step('bad', { run }), step('next')], log);
    expect(done).toEqual(['next']);
    expect(lines).toEqual([failed('bad', 'broken')]);
  });

  it('that hang are waited for as long as their limit says, and what becomes of them later is of no matter', async () => {
    let fail: (error: Error) => void = () => undefined;
    const run = () => new Promise<void>((_resolve, reject) => (fail = reject));
    const all = doSteps('stop', [step('bad', { run, limitMs: 1500 }), step('next')], log);
    await jest.advanceTimersByTimeAsync(1499);
    expect(done).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    await all;
    expect(done).toEqual(['next']);
    expect(lines).toEqual([failed('bad', 'not done within 1500 ms')]);
    fail(new Error('much too late'));
    await jest.advanceTimersByTimeAsync(1);
    expect(lines).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('that are required end the rest with their own error', async () => {
    const error = new Error('no key');
    const bad = step('bad', { required: true, run: () => Promise.reject(error) });
    await expect(doSteps('start', [step('first'), bad, step('next')], log)).rejects.toBe(error);
    expect(done).toEqual(['first']);
    expect(lines).toEqual([]);
  });

  it('have all together no more time than the limit of all, but each is begun', async () => {
    const steps = [step('one', { run: hangs, limitMs: 6000 }), step('two', { run: hangs }), step('three')];
    const all = doSteps('stop', [...steps, step('four', { run: hangs })], log, { withinMs: 9000 });
    await jest.advanceTimersByTimeAsync(6000);
    expect(lines).toEqual([failed('one', 'not done within 6000 ms')]);
    await jest.advanceTimersByTimeAsync(3000);
    expect(lines[1]).toEqual(failed('two', 'not done within 3000 ms'));
    expect(done).toEqual(['three']);
    await jest.advanceTimersByTimeAsync(100);
    await all;
    expect(lines[2]).toEqual(failed('four', 'not done within 100 ms'));
    expect(jest.getTimerCount()).toBe(0);
  });

  it('are not begun any more once a stop is wanted', async () => {
    let wanted = true;
    const ends = step('ends', { run: () => void (wanted = false) });
    await doSteps('start', [step('first'), ends, step('next')], log, { goesOn: () => wanted });
    expect(done).toEqual(['first']);
  });
});
