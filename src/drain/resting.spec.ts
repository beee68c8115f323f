import { describe, expect, it } from '@jest/globals';
import { type RoundCommand } from './plan.js';
import { RestingMethods } from './resting.js';

const NOW = 1_000_000;
const reserve: RoundCommand = { kind: 'reserve', limit: 10 };
const mark: RoundCommand = { kind: 'mark', processId: 'p', messageIds: ['m'] };
const clear: RoundCommand = { kind: 'clear', processId: 'p', rowIds: ['1'] };
const plan = { commands: [reserve, mark, clear], more: true };

describe('methods without execution time', () => {
  it('are left out until they have some, and the round is not repeated at once for them', () => {
    const resting = new RestingMethods();
    expect(resting.leaveOut(plan, NOW)).toBe(plan);
    resting.rest('event.offline.clear', NOW + 5000);
    expect(resting.leaveOut(plan, NOW)).toEqual({ commands: [reserve, mark], more: false });
    expect(resting.any(NOW + 4999)).toBe(true);
    expect(resting.leaveOut(plan, NOW + 5000)).toBe(plan);
  });

  it('take marks along when nothing can be reserved before them', () => {
    const resting = new RestingMethods();
    resting.rest('event.offline.get', NOW + 5000);
    expect(resting.leaveOut(plan, NOW).commands).toEqual([clear]);
    expect(resting.leaveOut(plan, NOW + 5000)).toBe(plan);
  });

  it('do not rest for as long as the clock was set back', () => {
    const resting = new RestingMethods();
    resting.rest('event.offline.clear', NOW + 600_000);
    expect(resting.leaveOut(plan, NOW - 1)).toBe(plan);
  });
});
