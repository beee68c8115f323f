import { median } from './statistics.js';

/** One thing that is looked at again and again; `at` in minutes since the start. */
export interface Look {
  readonly at: number;
  readonly value: number;
}

/** How something went over a long run. */
export interface Course {
  /** Median of the second quarter of the time: the first is there to warm up. */
  readonly early: number;
  /** Median of the last quarter. */
  readonly late: number;
  readonly highest: number;
  /** Whether it stays as it is. */
  readonly level: boolean;
}

/**
 * Tells whether something keeps its level: the last quarter of the time may lie a tenth above the second, or `slack`,
 * whichever is more.
 */
export function courseOf(looks: readonly Look[], minutes: number, slack: number): Course {
  const within = (from: number, to: number) =>
    median(looks.filter(({ at }) => at >= minutes * from && at < minutes * to).map(({ value }) => value));
  const early = within(0.25, 0.5);
  const late = within(0.75, 1);
  return {
    early,
    late,
    highest: Math.max(...looks.map(({ value }) => value)),
    level: late <= Math.max(early * 1.1, early + slack),
  };
}
