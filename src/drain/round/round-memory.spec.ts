import { describe, expect, it } from '@jest/globals';
import {
  addDoubt,
  distrust,
  type Doubt,
  followClock,
  freshMemory,
  type RoundMemory,
  markedAgain,
  markSeen,
  marksInDoubt,
  rowKey,
  suspectFormer,
  ZOMBIE_MS,
} from './round-memory.js';

import { markInDoubt } from './round-command.js';

const NOW = 1_721_296_800_000;
/** @param marked the one message that is to be marked, of batch p1 */
const doubt = (marked: string | null, ...clears: string[]): Doubt => ({
  marks: new Map(marked === null ? [] : [[marked, markInDoubt('p1')]]),
  clears: new Set(clears),
});
const calm = (): RoundMemory => ({
  ...freshMemory(NOW),
  suspectUntil: NOW - 1,
  scanFirst: false,
  scanCursor: 'p5',
  journalFresh: true,
  contentsSeen: new Map([['p1', { at: NOW - 5, round: 3 }]]),
});

describe('what a loop remembers', () => {
  it('is nothing that could be trusted, at first', () => {
    expect(freshMemory(NOW)).toMatchObject({
      suspectUntil: NOW + ZOMBIE_MS,
      scanFirst: true,
      journalFresh: false,
      doubt: doubt(null),
    });
  });

  it('proves nothing after a lost answer, and what that request may still do is kept in mind', () => {
    const memory = calm();
    distrust(memory, NOW, doubt('m', 'p1/1'));
    expect(memory).toMatchObject({
      suspectUntil: NOW + ZOMBIE_MS,
      scanFirst: true,
      scanCursor: '',
      journalFresh: false,
      doubt: doubt('m', 'p1/1'),
    });
    expect(memory.contentsSeen.size).toBe(0);
  });

  it('adds the doubts of lost answers up while the earlier ones last', () => {
    const memory = calm();
    distrust(memory, NOW, doubt('m', 'p1/1'));
    distrust(memory, NOW + ZOMBIE_MS, doubt(null, 'p1/2'));
    expect(memory.doubt).toEqual(doubt('m', 'p1/1', 'p1/2'));
    distrust(memory, NOW + 2 * ZOMBIE_MS + 1, doubt(null, 'p1/3'));
    expect(memory.doubt).toEqual(doubt(null, 'p1/3'));
  });

  it('takes a doubt on without distrusting the rest', () => {
    const memory = calm();
    addDoubt(memory, NOW, doubt('m'));
    expect(memory).toMatchObject({ doubt: doubt('m'), scanFirst: false });
    expect(memory.contentsSeen.size).toBe(1);
  });

  it('is doubted no longer than usual when the clock was set back', () => {
    const memory = { ...calm(), suspectUntil: NOW + ZOMBIE_MS + 1 };
    followClock(memory, NOW);
    expect(memory.suspectUntil).toBe(NOW + ZOMBIE_MS);
    expect(memory.contentsSeen.size).toBe(0);
  });

  it('stays as it is while the clock goes on', () => {
    const memory = { ...calm(), suspectUntil: NOW + ZOMBIE_MS };
    followClock(memory, NOW);
    expect(memory.suspectUntil).toBe(NOW + ZOMBIE_MS);
    expect(memory.contentsSeen.size).toBe(1);
  });

  describe('of a mark whose answer was lost', () => {
    const pending = { processId: '', errored: true };
    const lost = () => {
      const memory = calm();
      distrust(memory, NOW, doubt('m'));
      return memory;
    };
    const doubted = (memory: RoundMemory, at = NOW) => [...marksInDoubt(memory, at)];

    it('is that it may still be made, for as long as the portal lets a request run', () => {
      const memory = lost();
      expect(doubted(memory, NOW + ZOMBIE_MS)).toEqual([['m', markInDoubt('p1')]]);
      expect(doubted(memory, NOW + ZOMBIE_MS + 1)).toEqual([]);
    });

    it('ends when the row is seen to be marked', () => {
      const memory = lost();
      markSeen(memory, 'm', [pending], NOW);
      expect(doubted(memory)).toEqual([]);
      expect(memory.doubt.clears).toEqual(new Set());
    });

    it.each([
      ['its batch still holds it', [{ processId: 'p1', errored: false }]],
      ['its batch still holds it, beside a marked row', [{ processId: 'p1', errored: false }, pending]],
      ['a newer change is pending', [{ processId: '', errored: false }]],
      ['somebody has fetched it', [{ processId: 'p2', errored: true }]],
      ['it is gone', []],
    ])('stays where %s', (_name, rows) => {
      const memory = lost();
      markSeen(memory, 'm', rows, NOW + 5);
      expect(doubted(memory)).toEqual([['m', { ...markInDoubt('p1'), lookedAt: NOW + 5 }]]);
    });

    it('stays where it was sent again, whatever is seen', () => {
      const memory = lost();
      markedAgain(memory, ['other', 'm']);
      markSeen(memory, 'm', [pending], NOW);
      expect(doubted(memory)).toMatchObject([['m', { repeated: true }]]);
      const twice = lost();
      distrust(twice, NOW, doubt('m'));
      markSeen(twice, 'm', [pending], NOW);
      expect(doubted(twice)).toMatchObject([['m', { repeated: true }]]);
    });

    it('is supposed once of what a process before may have been doing, however often the first round fails', () => {
      const memory = { ...calm(), suspectUntil: NOW + ZOMBIE_MS };
      suspectFormer(memory, NOW, doubt('m', 'p1/1'));
      suspectFormer(memory, NOW + 1, doubt('m', 'p1/2'));
      expect(memory.doubt).toEqual(doubt('m', 'p1/1', 'p1/2'));
      markSeen(memory, 'm', [pending], NOW);
      expect(doubted(memory)).toEqual([]);
    });
  });

  it('tells a row in one batch from the same number in another', () => {
    expect(rowKey({ processId: 'p1', rowId: '1' })).not.toBe(rowKey({ processId: 'p', rowId: '11' }));
  });
});
