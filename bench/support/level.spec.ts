import { describe, expect, it } from '@jest/globals';
import { courseOf } from './level.js';

const over = (valueAt: (minute: number) => number) =>
  Array.from({ length: 100 }, (_, minute) => ({ at: minute, value: valueAt(minute) }));

describe('what is looked at over a long run', () => {
  it('is level where it only warms up, or swings', () => {
    expect(
      courseOf(
        over((minute) => Math.min(minute, 10)),
        100,
        0,
      ),
    ).toMatchObject({
      early: 10,
      late: 10,
      highest: 10,
      level: true,
    });
    expect(
      courseOf(
        over((minute) => 100 + (minute % 2) * 50),
        100,
        0,
      ).level,
    ).toBe(true);
  });

  it('is not where it grows', () => {
    expect(
      courseOf(
        over((minute) => 100 + minute),
        100,
        10,
      ),
    ).toMatchObject({ early: 137, late: 187, level: false });
  });

  it('may grow by what does not matter', () => {
    expect(
      courseOf(
        over((minute) => 10 + minute / 25),
        100,
        5,
      ).level,
    ).toBe(true);
  });
});
