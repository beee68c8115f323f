import { expect, it } from '@jest/globals';
import { LongPast, unknownPast } from './long-past.js';

const MINUTE = 60_000;
const START = 30_000_000 * MINUTE;

it('the last hour is sixty minutes and the last day a hundred and forty-four times ten, however long it goes on', () => {
  const past = new LongPast(START);
  for (let minute = 0; minute < 3 * 1440; minute += 1) past.add(START + minute * MINUTE, minute, 1, minute);
  const now = START + (3 * 1440 - 1) * MINUTE;
  const hour = past.read('hour', now);
  expect(hour.spanMs).toBe(MINUTE);
  expect(past.read('day', now + MINUTE / 2).lastMs).toBe(9.5 * MINUTE);
  expect(hour.spans).toHaveLength(60);
  expect(hour.spans.at(-1)).toEqual({ published: 4319, failed: 1, lagMs: 4319 });
  expect(hour.spans[0]).toEqual({ published: 4260, failed: 1, lagMs: 4260 });
  const day = past.read('day', now);
  expect(day.spans).toHaveLength(144);
  expect(day.spans.at(-1)).toMatchObject({ failed: 10, lagMs: 4319 });
  expect(day.spans[0]).toMatchObject({ failed: 10, lagMs: 2889 });
});

it('says nothing of the time before it began to look, and zero of silence after that', () => {
  const past = new LongPast(START + 30 * MINUTE);
  past.add(START + 31 * MINUTE, 5, 0, null);
  const { spans } = past.read('hour', START + 59 * MINUTE);
  expect(spans.slice(0, 30)).toEqual(new Array(30).fill(null));
  expect(spans.slice(30, 33)).toEqual([
    { published: 0, failed: 0, lagMs: null },
    { published: 5, failed: 0, lagMs: null },
    { published: 0, failed: 0, lagMs: null },
  ]);
  expect(past.read('day', START + 31 * MINUTE).lastMs).toBe(MINUTE);
  expect(unknownPast('day').spans.every((span) => span === null)).toBe(true);
});

it('forgets what has left it, also where nothing took its place', () => {
  const past = new LongPast(START);
  past.add(START, 5, 2, 100);
  expect(past.read('hour', START + 60 * MINUTE).spans.every((span) => span?.published === 0)).toBe(true);
});
