import { reasonOf } from '../logging/reason.js';
import { type Log } from '../logging/log.js';
import { within } from '../timing/within.js';

/** One thing that is done at the start, or at the stop. */
export interface Step {
  /** As log lines name it. */
  readonly name: string;
  readonly run: () => unknown;
  /** How long it is waited for, ms; for ever where it is left out. It is not cut off, and others follow all the same. */
  readonly limitMs?: number;
  /** Nothing after it makes sense without it: what it throws ends the steps. */
  readonly required?: boolean;
}

/** A step did not end in time. */
class StepTimeout extends Error {
  constructor(ms: number) {
    super(`not done within ${ms} ms`);
    this.name = 'StepTimeout';
  }
}

/** The least that a step gets, when all the time is used up, ms. */
const LEAST_MS = 100;

/**
 * Does one step after another. One that fails, or takes too long, is told of in the log and skips none after it.
 * @param when `start` or `stop`, for the log
 * @param withinMs for all of them together, ms; for ever where it is left out
 * @param goesOn asked before each step
 * @throws what a required step throws
 */
export async function doSteps(
  when: 'start' | 'stop',
  steps: readonly Step[],
  log: Log,
  { withinMs = Infinity, goesOn = () => true }: { withinMs?: number; goesOn?: () => boolean } = {},
): Promise<void> {
  const until = performance.now() + withinMs;
  for (const { name, run, limitMs = Infinity, required = false } of steps) {
    if (!goesOn()) return;
    try {
      await inTime(run, Math.min(limitMs, Math.max(LEAST_MS, until - performance.now())));
    } catch (error) {
      if (required) throw error;
      log.error({ event: 'bridge.step_failed', when, step: name, reason: reasonOf(error) });
    }
  }
}

function inTime(run: () => unknown, ms: number): Promise<unknown> {
  const work = Promise.resolve().then(run);
  return ms === Infinity ? work : within(ms, work, (limit) => new StepTimeout(Math.round(limit)));
}
