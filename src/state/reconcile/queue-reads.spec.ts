import { expect, it } from '@jest/globals';
import { QueueReads } from './queue-reads.js';
import { lastSweepTime } from './sweep-time.js';

it('is read to its end where that is so under every source key', () => {
  const queue = new QueueReads(() => ['new', 'old']);
  queue.read('new', { sentAt: 5000, portalTime: 5, toItsEnd: true });
  expect(queue.readToItsEndAt()).toBeNull();
  queue.read('old', { sentAt: 4000, portalTime: 4, toItsEnd: true });
  expect(queue.readToItsEndAt()).toBe(4000);
  queue.read('new', { sentAt: 6000, portalTime: 6, toItsEnd: false });
  expect(queue.readToItsEndAt()).toBe(4000);
});

it('knows the time of a portal whose clock is off', () => {
  const queue = new QueueReads(() => ['']);
  expect(queue.portalTime(0)).toBeNull();
  queue.read('', { sentAt: 1_000_000, portalTime: 1000 - 7200, toItsEnd: false });
  expect(queue.portalTime(1_060_000)).toBe(1060 - 7200);
  expect(queue.ourTime(1060 - 7200)).toBe(1_060_000);
});

it('is swept at a time of the day', () => {
  const at = (day: number, hours: number, minutes: number) =>
    new Date(2026, 5, day, hours, minutes).getTime();
  expect(lastSweepTime('03:00', at(10, 3, 0))).toBe(at(10, 3, 0));
  expect(lastSweepTime('03:00', at(10, 2, 59))).toBe(at(9, 3, 0));
  expect(lastSweepTime('23:30', at(10, 12, 0))).toBe(at(9, 23, 30));
});
