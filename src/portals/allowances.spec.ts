import { describe, expect, it } from '@jest/globals';
import { Allowance, Allowances } from './allowances.js';

describe('allowances', () => {
  it('are so much for everybody in his period', () => {
    let now = 0;
    const allowances = new Allowances(3, 1000, () => now);
    const taken = () => [1, 2, 3, 4].map(() => allowances.take('a'));
    expect(taken()).toEqual([true, true, true, false]);
    now = 999;
    expect(allowances.take('a')).toBe(false);
    expect(allowances.take('b')).toBe(true);
    now = 1000;
    expect(taken()).toEqual([true, true, true, false]);
  });

  it('of any number of accounts take so much memory and no more', () => {
    const allowances = new Allowances(1, 1000, () => 0, 100);
    let allowed = 0;
    for (let n = 0; n < 10_000; n += 1) if (allowances.take(`a${n}`)) allowed += 1;
    expect(allowed).toBe(10_000);
    // Of the last hundred it knows that they have had theirs, of who came before nothing.
    for (let n = 9900; n < 10_000; n += 1) expect(allowances.take(`a${n}`)).toBe(false);
    expect(allowances.take('a9899')).toBe(true);
  });
});

describe('an allowance', () => {
  it('is so much at once, comes back with time, and tells when', () => {
    let now = 0;
    const allowance = new Allowance({ atOnce: 2, perSecond: 5 }, () => now);
    allowance.take();
    expect(allowance.readyInMs()).toBe(0);
    allowance.take();
    expect(allowance.readyInMs()).toBe(200);
    now = 150;
    expect(allowance.readyInMs()).toBe(50);
    allowance.giveBack();
    expect(allowance.readyInMs()).toBe(0);
    now = 60_000;
    for (let n = 0; n < 2; n += 1) allowance.take();
    expect(allowance.readyInMs()).toBe(200);
  });
});
