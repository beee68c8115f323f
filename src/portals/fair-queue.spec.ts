import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FairQueue } from './fair-queue.js';

const drain = (queue: FairQueue<string>) => {
  const taken: string[] = [];
  for (let item = queue.next(); item !== undefined; item = queue.next()) taken.push(item);
  return taken;
};

describe('the fair queue', () => {
  it('takes turns at every fork, whoever has more', () => {
    const queue = new FairQueue<string>([100]);
    for (let n = 1; n <= 4; n += 1) queue.push(['a', 'x'], `ax${n}`);
    queue.push(['a', 'y'], 'ay1');
    queue.push(['b', 'z'], 'bz1');
    expect(drain(queue)).toEqual(['ax1', 'bz1', 'ay1', 'ax2', 'ax3', 'ax4']);
    expect(queue.size).toBe(0);
  });

  it('has whoever has the most make room, his newest first', () => {
    const queue = new FairQueue<string>([4]);
    for (let n = 1; n <= 4; n += 1) expect(queue.push(['a', `${n}`], `a${n}`)).toBeNull();
    expect(queue.push(['a', '5'], 'a5')).toBe('a5');
    expect(queue.push(['b'], 'b1')).toMatch(/^a/);
    expect(queue.push(['b'], 'b2')).toMatch(/^a/);
    expect(queue.push(['b'], 'b3')).toBe('b3');
    expect(queue.size).toBe(4);
    expect(drain(queue).filter((item) => item.startsWith('b'))).toEqual(['b1', 'b2']);
  });

  it('bounds a branch as well as the whole', () => {
    const queue = new FairQueue<string>([100, 3, 2]);
    expect(queue.push(['a', 'x'], '1')).toBeNull();
    expect(queue.push(['a', 'x'], '2')).toBeNull();
    expect(queue.push(['a', 'x'], '3')).toBe('3');
    expect(queue.push(['a', 'y'], '4')).toBeNull();
    // The network is full: of its addresses the heavier one gives way.
    expect(queue.push(['a', 'y'], '5')).toBe('5');
    expect(queue.push(['a', 'z'], '6')).toBe('2');
    expect(queue.push(['b', 'x'], '7')).toBeNull();
    expect(queue.size).toBe(4);
  });

  it('passes over who may not go, and comes back to him', () => {
    const queue = new FairQueue<string>([10]);
    queue.push(['a'], 'a1');
    queue.push(['b'], 'b1');
    expect(queue.next((item) => item !== 'a1')).toBe('b1');
    expect(queue.next((item) => item !== 'a1')).toBeUndefined();
    expect(queue.next()).toBe('a1');
  });

  it('never loses an item, nor holds more than it may', () => {
    const paths = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(fc.option(paths, { freq: 3 })), (steps) => {
        const limits = [6, 4, 3, 2];
        const queue = new FairQueue<string>(limits);
        const there = new Map<string, readonly string[]>();
        steps.forEach((path, index) => {
          const left = path === null ? queue.next() : queue.push(path, `${index}`);
          if (path !== null) there.set(`${index}`, path);
          if (left !== null && left !== undefined) expect(there.delete(left)).toBe(true);
          expect(queue.size).toBe(there.size);
          for (let depth = 0; depth <= 3; depth += 1) {
            const counts = new Map<string, number>();
            for (const each of there.values()) {
              const key = each.slice(0, depth).join('/');
              counts.set(key, (counts.get(key) ?? 0) + 1);
            }
            for (const count of counts.values()) expect(count).toBeLessThanOrEqual(limits[depth] ?? 0);
          }
        });
        expect(drain(queue).sort()).toEqual([...there.keys()].sort());
      }),
    );
  });
});
