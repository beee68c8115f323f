import { expect, it } from '@jest/globals';
import { LedgerAdmin } from '../../src/ledger/admin.js';
import { TROUBLED } from '../../src/ledger/trouble.js';
import { LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

const OTHER = 'b223c6b3710f85df22e9377d6c4f7553';

onEveryDatabase('people look for what went wrong', (open) => {
  const setUp = async () => {
    const bench = new LedgerBench(open);
    const admin = new LedgerAdmin(open(), SETTINGS, () => bench.now);
    const seqs = await bench.put(
      { message: 'm1', state: 'dead', stateAt: START + 1, reason: '100% of Größe used up' },
      { message: 'm2', state: 'waiting', stateAt: START + 3, reason: 'customer 42 is unknown' },
      { message: 'm3', state: 'failed', stateAt: START + 2, member: OTHER, reason: null },
      { message: 'm4', state: 'published', stateAt: START + 9, reason: 'customer 42 is unknown' },
      { message: 'm5', state: 'marked', stateAt: START + 3, reason: 'Customer 7 is unknown' },
      { message: 'm6', state: 'reserved', stateAt: START + 3, member: OTHER },
    );
    return { bench, admin, seqs };
  };
  const names = (records: readonly { message_id: string }[]) => records.map((record) => record.message_id);

  it('and find the latest first, page by page, each once', async () => {
    const { admin } = await setUp();
    const first = await admin.latest({ states: TROUBLED }, 2);
    expect(names(first)).toEqual(['m5', 'm2']);
    const last = first.at(-1);
    const second = await admin.latest({ states: TROUBLED }, 9, {
      stateAt: last?.state_at ?? 0,
      seq: last?.seq ?? 0,
    });
    expect(names(second)).toEqual(['m3', 'm1']);
    // Two of one millisecond on two pages.
    const [one] = await admin.latest({ states: TROUBLED }, 1);
    const mark = { stateAt: one?.state_at ?? 0, seq: one?.seq ?? 0 };
    expect(names(await admin.latest({ states: TROUBLED }, 1, mark))).toEqual(['m2']);
  });

  it.each([
    ['CUSTOMER', ['m5', 'm2']],
    ['100%', ['m1']],
    ['1%0', []],
    ['_ustomer', []],
    ['Größe', ['m1']],
    ["'; drop table deliveries; --", []],
    ['oncrmdeal', ['m5', 'm2', 'm3', 'm1']],
    ['m3', ['m3']],
    ['p1', ['m5', 'm2', 'm3', 'm1']],
  ])('by the text %j, taken literally', async (text, expected) => {
    const { admin } = await setUp();
    expect(names(await admin.latest({ states: TROUBLED, text }, 9))).toEqual(expected);
    expect((await admin.seqs({ states: TROUBLED, text })).length).toBe(expected.length);
  });

  it('and what comes later is not among those that were counted', async () => {
    const { bench, admin, seqs } = await setUp();
    const filter = { states: TROUBLED, upToSeq: seqs.at(-1) ?? 0 };
    await bench.put({ message: 'm7', state: 'dead' });
    expect(await admin.count(filter)).toEqual({ dead: 1, waiting: 1, failed: 1, marked: 1 });
    expect(await admin.seqs(filter)).toHaveLength(4);
    expect(await admin.seqs({ states: TROUBLED })).toHaveLength(5);
  });

  it('and count it by portal, beside what is in flight', async () => {
    const { admin } = await setUp();
    expect(await admin.troubleByPortal()).toEqual(
      new Map([
        [MEMBER, { counts: { dead: 1, waiting: 1, marked: 1 }, latestAt: START + 3, refused: [] }],
        [OTHER, { counts: { failed: 1 }, latestAt: START + 2, refused: [] }],
      ]),
    );
    expect(await admin.inFlightByPortal()).toEqual(
      new Map([
        [MEMBER, 2],
        [OTHER, 2],
      ]),
    );
  });
});
