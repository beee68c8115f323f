import { describe, expect, it } from '@jest/globals';
import {
  notified,
  bindingsSeen,
  FRESH_PACE,
  type IdlePace,
  idlePause as pauseOf,
  type IdleSettings,
  roundEnded,
} from './idle-pace.js';

/** Such that groups of portals end at it. */
const NOW = 1_721_296_800_000;
const settings = { DRAIN_INTERVAL_MS: 5000, DRAIN_MAX_INTERVAL_MS: 60_000 };
const NOTIFIED = bindingsSeen(FRESH_PACE, 'yes', NOW);

/** The pause of a process at rest. */
const idlePause = (pace: IdlePace, given: IdleSettings, now: number, random: number) =>
  pauseOf(pace, given, now, random).groupedMs;
/** A round that looks at `at`; `age` of the oldest new change, ms. */
const round = (pace: IdlePace, at: number, age: number | null = null, part: { queueRead?: boolean } = {}) =>
  roundEnded(pace, { queueRead: true, busy: age !== null, oldestAgeMs: age, sentAt: at, ...part }, at);
const empty = (pace: IdlePace, rounds: number, at = NOW + 100_000) =>
  Array.from({ length: rounds }).reduce<IdlePace>((before) => round(before, at), pace);
const pauses = (pace: IdlePace, rounds: number, random: number) =>
  Array.from({ length: rounds }, (_, index) =>
    idlePause(empty(pace, index + 1), settings, NOW + 210_000, random),
  );

describe('the pause of an idle portal', () => {
  it('is the interval, at the least, where nobody notifies us', () => {
    expect(pauses(FRESH_PACE, 4, 0)).toEqual([5000, 5000, 5000, 5000]);
    expect(pauses(FRESH_PACE, 2, 1)).toEqual([5500, 5500]);
  });

  it('doubles with every empty round while notifications can be relied on, up to the longest', () => {
    expect(pauses(NOTIFIED, 8, 0)).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000, 60_000]);
    // Those that come to rest together are spread; once at rest, they hardly differ any more.
    expect(pauses(NOTIFIED, 6, 1)).toEqual([5500, 5000, 10_000, 20_000, 30_000, 54_000]);
    expect(idlePause(empty(NOTIFIED, 5000), settings, NOW + 210_000, 0)).toBe(60_000);
  });

  it('ends together with those of other portals, and never later than it would by itself', () => {
    const ends = (emptyRounds: number) =>
      Array.from({ length: 1000 }, (_, index) => {
        const at = NOW + 210_000 + index;
        const pause = idlePause(empty(NOTIFIED, emptyRounds), settings, at, index / 1000);
        expect(pause).toBeGreaterThanOrEqual(5000);
        expect(pause).toBeLessThanOrEqual(60_000);
        return at + pause;
      });
    // At rest they are spread over a tenth of their pause, before over half of it.
    for (const [emptyRounds, group, from, to] of [
      [6, 1000, 6, 7],
      [5, 1000, 30, 32],
      [2, 500, 9, 12],
    ] as const) {
      const groups = [...new Set(ends(emptyRounds))];
      expect(groups.filter((end) => end % group !== 0)).toEqual([]);
      expect(groups.length).toBeGreaterThanOrEqual(from);
      expect(groups.length).toBeLessThanOrEqual(to);
    }
  });

  it('has an end of its own as well, less than a group later and no later than the longest', () => {
    for (let index = 0; index < 1000; index += 1) {
      const { groupedMs, aloneMs } = pauseOf(
        empty(NOTIFIED, 6),
        settings,
        NOW + 210_000 + index,
        index / 1000,
      );
      expect(aloneMs).toBe(60_000 - 6 * index);
      expect(aloneMs - groupedMs).toBeGreaterThanOrEqual(0);
      expect(aloneMs - groupedMs).toBeLessThan(1000);
    }
    const { groupedMs, aloneMs } = pauseOf(empty(FRESH_PACE, 3), settings, NOW + 210_000, 0.3);
    expect([groupedMs, aloneMs]).toEqual([5150, 5150]);
  });

  it('is the interval at the least where the groups are wider', () => {
    const close = { DRAIN_INTERVAL_MS: 59_000, DRAIN_MAX_INTERVAL_MS: 60_000 };
    for (const at of [NOW, NOW + 500, NOW + 999]) {
      expect(idlePause(empty(NOTIFIED, 9), close, at, 0.5)).toBeGreaterThanOrEqual(59_000);
    }
  });

  it('does not stretch where the longest is the interval', () => {
    const same = { DRAIN_INTERVAL_MS: 5000, DRAIN_MAX_INTERVAL_MS: 5000 };
    for (const random of [0, 0.5, 1]) {
      const pause = idlePause(empty(NOTIFIED, 9), same, NOW + 210_000, random);
      expect(pause).toBeGreaterThanOrEqual(5000);
      expect(pause).toBeLessThanOrEqual(5500);
    }
  });

  it.each([
    ['a round found something to do', (pace: IdlePace) => round(pace, NOW + 150_000, 0)],
    [
      'the queue could not be read',
      (pace: IdlePace) => round(pace, NOW + 150_000, null, { queueRead: false }),
    ],
    ['a notification came', (pace: IdlePace) => notified(pace, NOW + 150_000)],
    ['the bindings may be gone', (pace: IdlePace) => bindingsSeen(pace, 'no', NOW + 150_000)],
    ['the bindings were gone', (pace: IdlePace) => bindingsSeen(pace, 'anew', NOW + 150_000)],
  ])('is the interval again when %s', (_name, happens) => {
    expect(idlePause(happens(empty(NOTIFIED, 5)), settings, NOW + 210_000, 0)).toBe(5000);
  });

  it('stays as long as it was when the bindings are still there', () => {
    expect(idlePause(bindingsSeen(empty(NOTIFIED, 5), 'yes', NOW), settings, NOW + 210_000, 0)).toBe(60_000);
  });
});

describe('after a notification', () => {
  const told = notified(NOTIFIED, NOW + 10_000);

  it('one more look follows once the portal may notify again: what changed meanwhile had none', () => {
    const first = round(told, NOW + 10_010, 500);
    expect(idlePause(first, settings, NOW + 10_200, 0)).toBe(1050);
    expect(idlePause(round(first, NOW + 11_260), settings, NOW + 11_400, 0)).toBe(5000);
  });

  it('not where the next look is as soon anyway', () => {
    const often = { DRAIN_INTERVAL_MS: 300, DRAIN_MAX_INTERVAL_MS: 60_000 };
    expect(idlePause(round(told, NOW + 10_010, 500), often, NOW + 10_200, 0)).toBe(300);
  });

  it('not because of a time before the clock was set back', () => {
    expect(idlePause(round(told, NOW - 3_600_000), settings, NOW - 3_600_000, 0)).toBe(5000);
  });
});

describe('notifications are no longer relied on', () => {
  const HOUR = NOW + 3_600_000;
  const relied = (pace: IdlePace) => idlePause(empty(pace, 5, HOUR), settings, HOUR + 60_000, 0) === 60_000;

  it('when a change was found of which none had come', () => {
    expect(relied(round(NOTIFIED, HOUR, 12_000))).toBe(false);
    expect(relied(round(notified(NOTIFIED, HOUR - 60_000), HOUR, 12_000))).toBe(false);
  });

  it('until the next one comes, or until they are bound anew', () => {
    const missed = round(NOTIFIED, HOUR, 12_000);
    expect(relied(notified(missed, HOUR + 1000))).toBe(true);
    expect(relied(bindingsSeen(missed, 'anew', HOUR + 1000))).toBe(true);
    expect(relied(bindingsSeen(missed, 'yes', HOUR + 1000))).toBe(false);
  });

  it.each([
    ['is so young that its notification may still come', NOTIFIED, 4000],
    ['had its notification after it happened', notified(NOTIFIED, HOUR - 11_000), 12_000],
    ['had its notification long ago and waited for room', notified(NOTIFIED, HOUR - 900_000), 900_500],
    ["fell into the portal's pause after a notification", notified(NOTIFIED, HOUR - 13_000), 12_000],
    ['is older than the binding', bindingsSeen(FRESH_PACE, 'anew', HOUR - 60_000), 90_000],
    ['no notification was promised for', FRESH_PACE, 90_000],
  ])('but not for a change that %s', (_name, pace, age) => {
    const after = round(pace, HOUR, age);
    expect(after.missed).toBe(false);
  });

  it('while the binding is gone', () => {
    expect(relied(bindingsSeen(NOTIFIED, 'no', HOUR))).toBe(false);
    expect(relied(bindingsSeen(bindingsSeen(NOTIFIED, 'no', HOUR), 'anew', HOUR))).toBe(true);
  });
});
