import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BatchSize, TARGET_SECONDS } from './batch-size.js';

/** Asks a portal again and again; returns the sizes asked for. A request beyond 60 s is lost. */
function drain(size: BatchSize, portal: (events: number) => number, rounds: number, waiting = Infinity) {
  const asked: { size: number; seconds: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const events = Math.min(size.limit, waiting);
    const seconds = portal(events);
    asked.push({ size: size.limit, seconds });
    if (seconds > 60) size.lost();
    else size.answered({ asked: size.limit, events, seconds });
  }
  return asked;
}
const last = <T>(list: readonly T[]) => list[list.length - 1] as T;

describe('how many events are asked for', () => {
  it('is DRAIN_LIMIT, and stays so while answers are fast', () => {
    const asked = drain(new BatchSize(500), (events) => 0.2 + events * 0.005, 20);
    expect(new Set(asked.map(({ size }) => size))).toEqual(new Set([500]));
  });

  it('grows beyond 500 while answers are quick, and is 500 again when the queue is nearly empty', () => {
    const size = new BatchSize(2000);
    const portal = (events: number) => 0.15 + events * 0.0001;
    expect(drain(size, portal, 6).map((round) => round.size)).toEqual([500, 750, 1125, 1688, 2000, 2000]);
    drain(size, portal, 1, 300);
    expect(size.limit).toBe(500);
  });

  it('tries a larger answer once, and does not grow beyond 500 where it takes more than half a second', () => {
    const asked = drain(new BatchSize(2000), (events) => 0.1 + events * 0.001, 20).map(({ size }) => size);
    expect(asked.slice(0, 3)).toEqual([500, 750, 500]);
    expect(new Set(asked.slice(2))).toEqual(new Set([500]));
    const slow = drain(new BatchSize(2000), (events) => 1 + events * 0.003, 20).map(({ size }) => size);
    expect(new Set(slow)).toEqual(new Set([500]));
  });

  it('grows up to what half a second is enough for, and to what takes as long as the smallest answer', () => {
    const asked = (fixed: number, each: number) => {
      const seen = drain(new BatchSize(10_000), (events) => fixed + events * each, 30);
      return { size: last(seen).size, seconds: last(seen).seconds };
    };
    const half = asked(0.1, 0.0004);
    expect(half.seconds).toBeLessThanOrEqual(0.51);
    expect(half.size).toBeGreaterThan(900);
    const slowToBegin = asked(1, 0.0004);
    expect(slowToBegin.seconds).toBeLessThanOrEqual(2.05);
    expect(slowToBegin.size).toBeGreaterThan(2300);
  });

  it('is no worse than 500 on a slow portal', () => {
    const rate = (largest: number) => {
      const seen = drain(new BatchSize(largest), (events) => 0.2 + events * 0.006, 60);
      return (
        seen.reduce((sum, { size }) => sum + size, 0) / seen.reduce((sum, { seconds }) => sum + seconds, 0)
      );
    };
    expect(rate(2000)).toBeGreaterThanOrEqual(rate(500));
  });

  it('is what fits into the target where every event costs time, from the second answer on', () => {
    const [first, ...others] = drain(new BatchSize(500), (events) => 0.1 + events * 0.04, 30);
    expect(first?.seconds).toBeGreaterThan(20);
    for (const { seconds } of others) expect(seconds).toBeLessThanOrEqual(TARGET_SECONDS * 1.05);
    expect(last(others).seconds).toBeGreaterThan(TARGET_SECONDS * 0.85);
  });

  it('is halved by lost answers until one arrives', () => {
    const asked = drain(new BatchSize(500), (events) => events * 0.3, 10);
    expect(asked.slice(0, 3).map(({ size }) => size)).toEqual([500, 250, 125]);
    expect(asked.filter(({ seconds }) => seconds > 60)).toHaveLength(2);
    expect(last(asked).size).toBe(13);
  });

  it('grows back step by step when the portal is fast again', () => {
    const size = new BatchSize(500);
    drain(size, (events) => events * 0.04, 3);
    const asked = drain(size, (events) => events * 0.001, 6).map((round) => round.size);
    expect(asked).toEqual([100, 150, 225, 338, 500, 500]);
  });

  it('grows back after one lost answer', () => {
    const size = new BatchSize(500);
    size.lost();
    expect(drain(size, () => 0.2, 4).map((round) => round.size)).toEqual([250, 375, 500, 500]);
  });

  it('does not try again and again what was lost twice', () => {
    // Fast up to 300 events, never answered beyond.
    const portal = (events: number) => (events > 300 ? 61 : 0.5);
    const asked = drain(new BatchSize(500), portal, 30);
    expect(asked.filter(({ seconds }) => seconds > 60).length).toBeLessThanOrEqual(3);
    expect(last(asked).size).toBeGreaterThanOrEqual(200);
  });

  it('does not shrink for what fewer events do not mend', () => {
    const asked = drain(new BatchSize(500), () => 6, 40);
    expect(asked.slice(10).reduce((sum, { size }) => sum + size, 0) / 30).toBeGreaterThan(350);
  });

  it('learns nothing from a queue that is nearly empty, unless even that was slow', () => {
    const size = new BatchSize(500);
    size.lost();
    drain(size, () => 0.1, 50, 3);
    expect(size.limit).toBe(250);
    size.answered({ asked: 250, events: 100, seconds: 12 });
    expect(size.limit).toBe(33);
  });

  it('is never above DRAIN_LIMIT and never below the smaller of it and ten', () => {
    const happening = fc.oneof(
      fc.constant(null),
      fc.record({
        part: fc.double({ min: 0, max: 1, noNaN: true }),
        seconds: fc.double({ min: 0, max: 60, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.array(happening), (limit, happenings) => {
        const size = new BatchSize(limit);
        for (const one of happenings) {
          if (one === null) size.lost();
          else {
            const asked = size.limit;
            size.answered({ asked, events: Math.round(asked * one.part), seconds: one.seconds });
          }
          expect(Number.isInteger(size.limit)).toBe(true);
          expect(size.limit).toBeLessThanOrEqual(limit);
          expect(size.limit).toBeGreaterThanOrEqual(Math.min(10, limit));
        }
      }),
    );
  });
});
