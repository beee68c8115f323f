import { describe, expect, it } from '@jest/globals';
import { restFor } from './execution-time.js';

/** Seconds used within ten one-minute buckets, as a portal counts them. */
class Portal {
  private readonly minutes = new Map<number, number>();
  operating(now: number): number {
    const oldest = Math.floor(now / 60) - 9;
    let sum = 0;
    for (const [minute, used] of this.minutes) if (minute >= oldest) sum += used;
    return sum;
  }
  use(seconds: number, now: number): void {
    const minute = Math.floor(now / 60);
    this.minutes.set(minute, (this.minutes.get(minute) ?? 0) + seconds);
  }
}

describe("a method's execution time", () => {
  it('costs no pause while little of it is used, or none is said', () => {
    expect(restFor({ operating: 180, seconds: 4 })).toBe(0);
    expect(restFor({ operating: null, seconds: 4 })).toBe(0);
  });

  it('costs longer pauses the more is used, a minute at most', () => {
    expect(restFor({ operating: 270, seconds: 4 })).toBe(4000);
    expect(restFor({ operating: 315, seconds: 4 })).toBe(12_000);
    expect(restFor({ operating: 350, seconds: 4 })).toBe(60_000);
    expect(restFor({ operating: 479, seconds: 1 })).toBe(19_000);
  });

  it('may be held to less', () => {
    const half = { free: 60, most: 180 };
    expect(restFor({ operating: 60, seconds: 4 }, half)).toBe(0);
    expect(restFor({ operating: 120, seconds: 4 }, half)).toBe(4000);
    expect(restFor({ operating: 180, seconds: 1 }, half)).toBe(19_000);
  });

  it.each([0.5, 4, 30])(
    'is never used up by answers of %d s one after another, and never left unused',
    (seconds) => {
      const portal = new Portal();
      let [now, highest, worked] = [0, 0, 0];
      while (now < 7200) {
        now += seconds;
        worked += seconds;
        portal.use(seconds, now);
        const operating = portal.operating(now);
        highest = Math.max(highest, operating);
        now += restFor({ operating, seconds }) / 1000;
      }
      // The portal refuses beyond 480; some stop at 420.
      expect(highest).toBeLessThan(420);
      expect(worked / now).toBeGreaterThan(0.4);
    },
  );
});
