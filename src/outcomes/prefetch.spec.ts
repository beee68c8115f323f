import { describe, expect, it } from '@jest/globals';
import { Prefetch } from './prefetch.js';

const MIB = 1024 * 1024;
const pace = () => new Prefetch({ bytes: 8 * MIB, messages: 1000 });
const come = (to: Prefetch, bytes: number, count: number) => {
  for (let i = 0; i < count; i += 1) to.came(bytes);
  return to.prefetch;
};

describe('how many replies are asked for at once', () => {
  it('is some at first, and a thousand soon, of small ones', () => {
    const reading = pace();
    expect(reading.prefetch).toBe(64);
    expect(come(reading, 300, 15)).toBe(64);
    expect(come(reading, 300, 40)).toBe(1000);
    expect(come(reading, 300, 10_000)).toBe(1000);
  });

  it('is one at a time of very large ones, and again a thousand once they are over', () => {
    const reading = pace();
    come(reading, 300, 100);
    expect(come(reading, 15 * MIB, 1)).toBeLessThanOrEqual(4);
    expect(come(reading, 15 * MIB, 20)).toBe(1);
    expect(come(reading, 300, 200)).toBe(1000);
  });

  it.each([4096, 65_536, 262_144, MIB, 7 * MIB])(
    'keeps what is on its way within bounds at %d bytes',
    (bytes) => {
      const reading = pace();
      come(reading, bytes, 1000);
      expect(reading.prefetch * bytes).toBeLessThanOrEqual(4 * 8 * MIB);
      expect(reading.prefetch * bytes).toBeGreaterThan(MIB);
    },
  );

  it('does not change for every large one among small ones', () => {
    const reading = pace();
    come(reading, 300, 100);
    let changes = 0;
    for (let i = 0; i < 1000; i += 1) {
      const before = reading.prefetch;
      reading.came(i % 50 === 0 ? 65_536 : 300);
      if (reading.prefetch !== before) changes += 1;
    }
    expect(changes).toBe(0);
  });
});
