import { expect, it } from '@jest/globals';
import { event, LedgerBench, MEMBER, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

onEveryDatabase('what is to be published is known without what it carries', (open) => {
  it('names the same deliveries as are read in whole, in the same order, and what their states go by', async () => {
    const bench = new LedgerBench(open);
    const smart = { FIELDS: { ID: '5', ENTITY_TYPE_ID: '134' } };
    await bench.reserve('p1', [
      event('m1'),
      event('m2', { event: 'ONCRMDYNAMICITEMUPDATE', data: smart }),
      event('m3', { event: 'OnCrmDynamicItemUpdate_134', data: smart }),
      event('m4', { data: null }),
    ]);
    const keys = await bench.ledger.nextPublishableKeys(MEMBER, 'reserved', 0, 10);
    const whole = await bench.ledger.nextPublishable(MEMBER, 'reserved', 0, 10);
    expect(keys.map(({ seq }) => seq)).toEqual(whole.map(({ seq }) => seq));
    expect(keys.map(({ objectId, payload }) => [objectId, payload])).toEqual([
      ['1', null],
      ['5', JSON.stringify(smart)],
      ['5', null],
      ['', null],
    ]);
    expect(keys[0]).toMatchObject({ attempt: 1, event: 'ONCRMDEALUPDATE', since: START, origin: null });
    const [, second] = keys;
    expect(await bench.ledger.nextPublishableKeys(MEMBER, 'reserved', second?.seq ?? 0, 1)).toEqual([
      keys[2],
    ]);
    expect(await bench.ledger.nextPublishableKeys('another', 'reserved', 0, 10)).toEqual([]);
  });

  it('counts a retry from when it fell due and could be published, whichever came last', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'due', state: 'waiting', attempt: 2, dueAt: START - 10, stateAt: START - 100 },
      { message: 'fetched late', state: 'waiting', attempt: 2, dueAt: START - 100, stateAt: START - 10 },
      { message: 'at once', state: 'waiting', attempt: 2, dueAt: null, stateAt: START - 5 },
      { message: 'not due', state: 'waiting', attempt: 2, dueAt: START + 10 },
    );
    const keys = await bench.ledger.nextPublishableKeys(MEMBER, 'waiting', 0, 10);
    expect(keys.map(({ since }) => since)).toEqual([START - 10, START - 10, START - 5]);
    // Of an older release: only the data tells the object.
    expect(keys[0]).toMatchObject({ objectId: null, payload: '{"FIELDS":{"ID":"1"}}' });
  });

  it('reads those that are named and still to be published', async () => {
    const bench = new LedgerBench(open);
    const seqs = await bench.put(
      { message: 'm1', state: 'waiting', dueAt: START },
      { message: 'm2', state: 'reserved' },
      { message: 'm3', state: 'refused', dueAt: START },
      { message: 'm4', state: 'published' },
      { message: 'm5', state: 'reserved', member: 'another' },
    );
    const named = await bench.ledger.publishableNamed(MEMBER, [...seqs].reverse());
    expect(named.map(({ messageId }) => messageId)).toEqual(['m1', 'm2', 'm3']);
    expect(await bench.ledger.publishableNamed(MEMBER, [])).toEqual([]);
  });

  it('knows what falls due next beside what is due by now', async () => {
    const bench = new LedgerBench(open);
    await bench.put(
      { message: 'due', state: 'waiting', dueAt: START - 10 },
      { message: 'nonsense', state: 'waiting', dueAt: START + 10 ** 11 },
    );
    expect(await bench.ledger.nextDueAt(MEMBER)).toBe(START - 10);
    expect(await bench.ledger.nextDueAt(MEMBER, START)).toBeNull();
    await bench.put({ message: 'later', state: 'waiting', dueAt: START + 50 });
    expect(await bench.ledger.nextDueAt(MEMBER, START)).toBe(START + 50);
  });
});
