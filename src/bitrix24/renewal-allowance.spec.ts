import { beforeEach, describe, expect, it } from '@jest/globals';
import { RenewalAllowance } from './renewal-allowance.js';

const MINUTE = 60_000;

describe('the allowance for renewals of refused tokens', () => {
  let now: number;
  let allowance: RenewalAllowance;
  beforeEach(() => {
    now = 1000;
    allowance = new RenewalAllowance(() => now);
  });

  it('gives few in a long time of refusals: about one in ten minutes', () => {
    const renewedAt: number[] = [];
    // A portal that is asked every minute for two hours, and refuses each token.
    for (let minute = 0; minute < 120; minute += 1, now += MINUTE) {
      if (!allowance.take(false)) continue;
      renewedAt.push(minute);
      allowance.didNotHelp();
    }
    expect(renewedAt.slice(0, 6)).toEqual([0, 1, 3, 7, 15, 25]);
    expect(renewedAt.length).toBeLessThanOrEqual(15);
  });

  it('begins anew once a token was taken', () => {
    expect(allowance.take(false)).toBe(true);
    allowance.didNotHelp();
    expect(allowance.take(true)).toBe(false);
    allowance.accepted();
    expect(allowance.take(false)).toBe(true);
  });

  it('bounds renewals that do help, too, if for anything but expired tokens', () => {
    const taken = (expired: boolean) =>
      Array.from({ length: 50 }, () => allowance.take(expired)).filter(Boolean).length;
    expect(taken(false)).toBe(10);
    expect(taken(true)).toBe(50);
    now += 10 * MINUTE;
    expect(taken(false)).toBe(2);
  });
});
