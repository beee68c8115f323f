import { describe, expect, it } from '@jest/globals';
import { type DeliveryState } from '../../src/database/schema.js';
import { ImpossibleTransition, move, touched, TRANSITIONS } from '../../src/ledger/transitions.js';
import { LedgerBench, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

/** Written out once more, so that a change of the rules is a change of this test too. */
const ALLOWED = [
  'reserved published',
  'reserved refused',
  'reserved processed',
  'reserved failed',
  'reserved waiting',
  'reserved dead',
  'refused published',
  'refused refused',
  'refused processed',
  'refused failed',
  'refused waiting',
  'refused dead',
  'published processed',
  'published failed',
  'published waiting',
  'processed failed',
  'processed waiting',
  'failed marked',
  'failed waiting',
  'failed processed',
  'marked waiting',
  'marked failed',
  'marked processed',
  'waiting published',
  'waiting refused',
  'waiting processed',
  'waiting failed',
  'waiting waiting',
  'waiting dead',
  'dead waiting',
  'dead processed',
];
const STATES = Object.keys(TRANSITIONS) as DeliveryState[];
const PAIRS = STATES.flatMap((from) => STATES.map((to) => [from, to] as const));

describe('the table of states', () => {
  it('allows these changes and no other', () => {
    expect(
      PAIRS.filter(([from, to]) => TRANSITIONS[from].includes(to)).map((pair) => pair.join(' ')),
    ).toEqual(expect.arrayContaining(ALLOWED));
    expect(PAIRS.filter(([from, to]) => TRANSITIONS[from].includes(to))).toHaveLength(ALLOWED.length);
  });
});

onEveryDatabase('only a listed change of state happens', (open) => {
  it.each(PAIRS)('%s to %s', async (from, to) => {
    const bench = new LedgerBench(open);
    const [seq] = await bench.put({ message: 'm1', state: from, stateAt: START - 5 });
    const run = () =>
      move(open().db, [from], to, START)
        .where('seq', '=', seq ?? 0)
        .executeTakeFirstOrThrow();
    if (ALLOWED.includes(`${from} ${to}`)) {
      expect(touched(await run())).toBe(1);
      expect(await bench.get('m1')).toMatchObject({ state: to, state_at: START });
    } else {
      expect(run).toThrow(ImpossibleTransition);
      expect(run).toThrow(`a ${from} delivery cannot become ${to}`);
      expect(await bench.get('m1')).toMatchObject({ state: from, state_at: START - 5 });
    }
  });

  it('refuses a list of states if only one of them is wrong', () => {
    expect(() => move(open().db, ['reserved', 'failed', 'waiting'], 'published', START)).toThrow(
      'a failed delivery cannot become published',
    );
  });

  it('leaves a delivery alone that is in none of the named states', async () => {
    const bench = new LedgerBench(open);
    await bench.put(...STATES.map((state) => ({ message: state, state, stateAt: START - 5 })));
    const before = await bench.all();
    const result = await move(
      open().db,
      ['reserved', 'waiting'],
      'published',
      START,
    ).executeTakeFirstOrThrow();
    expect(touched(result)).toBe(2);
    const after = await bench.all();
    for (const [index, delivery] of after.entries()) {
      const moved = ['reserved', 'waiting'].includes(before[index]?.state ?? '');
      expect(delivery).toEqual(
        moved ? { ...before[index], state: 'published', state_at: START } : before[index],
      );
    }
  });
});
