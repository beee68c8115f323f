import { describe, expect, it } from '@jest/globals';
import { ListeningTime } from './listening-time.js';

describe('silence is counted while the reply queue is read', () => {
  const time = new ListeningTime();

  it('not before it is read at all', () => {
    expect(time.since(10, 100)).toBeNull();
    expect(time.between(0, 100)).toBe(0);
  });

  it('from the moment when it is, for as long as asked', () => {
    time.begins(100);
    expect(time.since(50, 149)).toBeNull();
    expect(time.since(50, 150)).toBe(100);
    expect(time.since(50, 170)).toBe(120);
    expect(time.between(0, 170)).toBe(70);
    expect(time.between(120, 170)).toBe(50);
  });

  it('without the gaps', () => {
    time.ends(200);
    expect(time.since(50, 999)).toBe(150);
    time.begins(1000);
    time.begins(1001);
    expect(time.since(50, 1030)).toBe(180);
    expect(time.since(150, 1030)).toBeNull();
    expect(time.between(190, 1030)).toBe(40);
    expect(time.between(300, 900)).toBe(0);
  });

  it('and a gap that is found out late reaches back, not beyond its beginning', () => {
    time.ends(1020);
    time.ends(1500);
    expect(time.between(1000, 2000)).toBe(20);
    time.begins(2000);
    time.ends(1990);
    expect(time.between(1500, 3000)).toBe(0);
  });
});
