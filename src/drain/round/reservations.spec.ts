import { describe, expect, it } from '@jest/globals';
import { learnReservations } from './reservations.js';

const NOW = 1_721_298_751_000;
const HOUR = 3_600_000;
const GRANTED = { reservations: { process_id: 'p', events: [] } };

describe('whether a portal reserves for us', () => {
  it.each([
    ['a refused call', null, { features: { value: 'Y' } }, true, false],
    ['a refused call of one that had them', true, {}, true, false],
    ['a granted call', null, GRANTED, false, true],
    ['a granted call, whatever it says', null, { ...GRANTED, features: { value: 'N' } }, false, true],
    ['neither, where nothing is known', null, { features: { value: 'N' } }, false, true],
    ['a word against it, of one that reserves', true, { features: { value: 'N' } }, false, null],
    ['nonsense, of one that reserves', true, { features: 'nonsense' }, false, null],
    ['a granted call, of one that refused before', false, GRANTED, false, true],
    ['a word for it, where the call told nothing', false, { features: { value: 'Y' } }, false, true],
    ['a self-hosted one', false, { features: { value: 'ru_selfhosted' } }, false, true],
    ['a word against it', false, { features: { value: 'N' } }, false, null],
    ['nonsense, of one without', false, { features: { value: 'perhaps' } }, false, null],
  ])('%s', (_name, known, checks, refused, expected) => {
    expect(learnReservations(known, checks, refused, Number.NEGATIVE_INFINITY, NOW)).toBe(expected);
  });

  it('is not believed for an hour after it refused what it had granted in word', () => {
    const after = (ms: number) => learnReservations(false, GRANTED, false, NOW - ms, NOW);
    expect([after(0), after(HOUR - 1), after(HOUR)]).toEqual([null, null, true]);
    // The clock was set back.
    expect(after(-1)).toBe(true);
  });
});
