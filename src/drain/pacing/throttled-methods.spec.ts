import { describe, expect, it } from '@jest/globals';
import { type RoundCommand } from '../round/round-command.js';
import { ThrottledMethods } from './throttled-methods.js';

const NOW = 1_000_000;
const reserve: RoundCommand = { kind: 'reserve', limit: 10 };
const mark: RoundCommand = { kind: 'mark', processId: 'p', messageIds: ['m'] };
const clear: RoundCommand = { kind: 'clear', processId: 'p', rowIds: ['1'] };
const plan = { commands: [reserve, mark, clear], more: true };

describe('methods without execution time', () => {
  it('are left out until they have some, and the round is not repeated at once for them', () => {
    const throttledMethods = new ThrottledMethods();
    expect(throttledMethods.leaveOut(plan, NOW)).toBe(plan);
    throttledMethods.throttle('event.offline.clear', NOW + 5000);
    expect(throttledMethods.leaveOut(plan, NOW)).toEqual({ commands: [reserve, mark], more: false });
    expect(throttledMethods.any(NOW + 4999)).toBe(true);
    expect(throttledMethods.leaveOut(plan, NOW + 5000)).toBe(plan);
  });

  it('take marks along when nothing can be reserved before them', () => {
    const throttledMethods = new ThrottledMethods();
    throttledMethods.throttle('event.offline.get', NOW + 5000);
    expect(throttledMethods.leaveOut(plan, NOW).commands).toEqual([clear]);
    expect(throttledMethods.leaveOut(plan, NOW + 5000)).toBe(plan);
  });

  it('do not rest for as long as the clock was set back', () => {
    const throttledMethods = new ThrottledMethods();
    throttledMethods.throttle('event.offline.clear', NOW + 600_000);
    expect(throttledMethods.leaveOut(plan, NOW - 1)).toBe(plan);
  });
});
