import { describe, expect, it } from '@jest/globals';
import {
  addDoubt,
  distrust,
  type Doubt,
  followClock,
  freshMemory,
  type RoundMemory,
  rowKey,
  ZOMBIE_MS,
} from './round-memory.js';

const NOW = 1_721_296_800_000;
const doubt = (marks: boolean, ...clears: string[]): Doubt => ({ marks, clears: new Set(clears) });
const calm = (): RoundMemory => ({
  ...freshMemory(NOW),
  suspectUntil: NOW - 1,
  scanFirst: false,
  scanCursor: 'p5',
  journalFresh: true,
  sightings: new Map([['p1', { at: NOW - 5, round: 3 }]]),
});

describe('what a loop remembers', () => {
  it('is nothing that could be trusted, at first', () => {
    expect(freshMemory(NOW)).toMatchObject({
      suspectUntil: NOW + ZOMBIE_MS,
      scanFirst: true,
      journalFresh: false,
      doubt: doubt(false),
    });
  });

  it('proves nothing after a lost answer, and what that request may still do is kept in mind', () => {
    const memory = calm();
    distrust(memory, NOW, doubt(true, 'p1/1'));
    expect(memory).toMatchObject({
      suspectUntil: NOW + ZOMBIE_MS,
      scanFirst: true,
      scanCursor: '',
      journalFresh: false,
      doubt: doubt(true, 'p1/1'),
    });
    expect(memory.sightings.size).toBe(0);
  });

  it('adds the doubts of lost answers up while the earlier ones last', () => {
    const memory = calm();
    distrust(memory, NOW, doubt(true, 'p1/1'));
    distrust(memory, NOW + ZOMBIE_MS, doubt(false, 'p1/2'));
    expect(memory.doubt).toEqual(doubt(true, 'p1/1', 'p1/2'));
    distrust(memory, NOW + 2 * ZOMBIE_MS + 1, doubt(false, 'p1/3'));
    expect(memory.doubt).toEqual(doubt(false, 'p1/3'));
  });

  it('takes a doubt on without distrusting the rest', () => {
    const memory = calm();
    addDoubt(memory, NOW, doubt(true));
    expect(memory).toMatchObject({ doubt: doubt(true), scanFirst: false });
    expect(memory.sightings.size).toBe(1);
  });

  it('is doubted no longer than usual when the clock was set back', () => {
    const memory = { ...calm(), suspectUntil: NOW + ZOMBIE_MS + 1 };
    followClock(memory, NOW);
    expect(memory.suspectUntil).toBe(NOW + ZOMBIE_MS);
    expect(memory.sightings.size).toBe(0);
  });

  it('stays as it is while the clock goes on', () => {
    const memory = { ...calm(), suspectUntil: NOW + ZOMBIE_MS };
    followClock(memory, NOW);
    expect(memory.suspectUntil).toBe(NOW + ZOMBIE_MS);
    expect(memory.sightings.size).toBe(1);
  });

  it('tells a row in one batch from the same number in another', () => {
    expect(rowKey({ processId: 'p1', rowId: '1' })).not.toBe(rowKey({ processId: 'p', rowId: '11' }));
  });
});
