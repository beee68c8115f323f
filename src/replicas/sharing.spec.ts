import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nextMove } from './sharing.js';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

describe('equal shares', () => {
  it('are taken from what is free, and given to who has less than the least', () => {
    const survey = { replicas: ['a', 'b', 'c', 'd'], portals: 6, owned: { a: 2, b: 2, c: 2 } };
    expect(nextMove('a', 2, survey)).toEqual({ take: 0, give: 1 });
    expect(nextMove('b', 2, survey)).toEqual({ take: 0, give: 0 });
    // Nothing is free before it is given.
    expect(nextMove('d', 0, survey)).toEqual({ take: 0, give: 0 });
    const given = { ...survey, owned: { a: 1, b: 2, c: 2 } };
    expect(nextMove('d', 0, given)).toEqual({ take: 1, give: 0 });
  });

  it('move nothing while what was given is not taken yet', () => {
    const survey = { replicas: ['a', 'b', 'c', 'd'], portals: 6, owned: { a: 1, b: 2, c: 2 } };
    expect(nextMove('b', 2, survey)).toEqual({ take: 0, give: 0 });
  });

  it('leave a single portal where it is, whoever comes', () => {
    expect(nextMove('b', 1, { replicas: ['a', 'b'], portals: 1, owned: { b: 1 } })).toEqual({
      take: 0,
      give: 0,
    });
  });

  it('move nothing for who is not known to be alive', () => {
    expect(nextMove('z', 3, { replicas: ['a'], portals: 6, owned: { z: 3 } })).toEqual({ take: 0, give: 0 });
  });

  it('are reached from anywhere within a few looks, by looks in any order, and then nothing moves', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: NAMES.length }),
        fc.array(fc.nat(40), { minLength: NAMES.length, maxLength: NAMES.length }),
        fc.nat(40),
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 30 }),
        (alive, counts, free, order) => {
          const replicas = NAMES.slice(0, alive);
          const owned: Record<string, number> = {};
          replicas.forEach((name, index) => (owned[name] = counts[index] ?? 0));
          let left = free;
          const portals = Object.values(owned).reduce((sum, each) => sum + each, free);
          const look = (name: string) => {
            const { take, give } = nextMove(name, owned[name] ?? 0, { replicas, portals, owned });
            const taken = Math.min(take, left);
            owned[name] = (owned[name] ?? 0) + taken - give;
            left += give - taken;
            return taken + give;
          };
          for (const pick of order) look(NAMES[pick % alive] ?? 'a');
          for (let turn = 0; turn < 6; turn += 1) replicas.forEach(look);
          expect(left).toBe(0);
          const shares = replicas.map((name) => owned[name] ?? 0);
          expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
          expect(replicas.map(look)).toEqual(replicas.map(() => 0));
        },
      ),
      { numRuns: 500 },
    );
  });
});
