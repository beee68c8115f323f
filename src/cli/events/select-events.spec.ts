import { describe, expect, it } from '@jest/globals';
import { CommandFailed } from '../command/command-result.js';
import { parseReference } from './describe-event.js';
import { commaList, statesOf } from './select-events.js';

const POSSIBLE = ['dead', 'waiting', 'marked'] as const;

describe('--state', () => {
  it('takes several, in any order, and has a default', () => {
    expect(statesOf(commaList('waiting, dead,'), POSSIBLE, ['dead'])).toEqual(['dead', 'waiting']);
    expect(statesOf(undefined, POSSIBLE, ['dead'])).toEqual(['dead']);
  });

  it.each([['published'], ['dead,published'], [''], [',']])('refuses %j as wrong usage', (text) => {
    expect(() => statesOf(commaList(text), POSSIBLE, ['dead'])).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: expect.stringContaining('dead, waiting, marked') as unknown,
      }),
    );
  });
});

describe('what names an event', () => {
  it.each([
    ['17', { seq: 17 }],
    [
      'a223c6b3710f85df22e9377d6c4f7553-17-1721298751',
      { memberId: 'a223c6b3710f85df22e9377d6c4f7553', rowId: '17', changedAt: 1_721_298_751 },
    ],
  ])('is %s', (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
  });

  it.each(['', 'what', 'a-b-c', '-17-1', '17-', 'm-17-1-1'])('is not %j', (text) => {
    expect(() => parseReference(text)).toThrow(CommandFailed);
  });
});
