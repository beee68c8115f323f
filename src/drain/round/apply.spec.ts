import { describe, expect, it } from '@jest/globals';
import { type LedgerChange } from '../../ledger/ledger-change.js';
import { type ReservedEvent } from '../../ledger/record-reserved.js';
import { type RoundSnapshot } from '../../ledger/round-snapshot.js';
import { applyAnswer, type ApplyInput } from './apply.js';
import { type RoundCommandResult } from './round-command-result.js';
import { type ListedRow } from './apply-journal.js';
import { type RoundCommand } from './round-command.js';
import { distrust, freshMemory, type RoundMemory } from './round-memory.js';

const SENT = 1_721_296_800_000;
const NOW = SENT + 700;

const event = (rowId: string, more: Partial<ReservedEvent> = {}): ReservedEvent => ({
  rowId,
  messageId: `m${rowId}`,
  changedAt: SENT / 1000,
  event: 'ONCRMDEALUPDATE',
  data: null,
  userId: null,
  ...more,
});
const events = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => event(String(from + index)));
const listed = (rowId: string, processId = '', errored = false): ListedRow => ({
  ...event(rowId),
  processId,
  errored,
});
const journaled = (rowId: string, more: Partial<ReservedEvent> & { errored?: boolean } = {}) => ({
  ...event(rowId, more),
  errored: more.errored ?? false,
});
const snapshot = (journal: RoundSnapshot['journal'] = []): RoundSnapshot => ({
  inFlight: 0,
  unpublished: 0,
  failures: [],
  clearable: [],
  marked: null,
  waitingDueAt: null,
  publishedSince: null,
  journal,
});
const calm = (part: Partial<RoundMemory> = {}): RoundMemory => ({
  ...freshMemory(SENT),
  round: 10,
  suspectUntil: 0,
  scanFirst: false,
  scannedAt: SENT,
  journalFresh: true,
  ...part,
});

type Result = RoundCommandResult<string>;
const ok = (
  command: RoundCommand,
  part: Omit<Result & { failed: false }, 'command' | 'failed'> = {},
): Result => ({
  command,
  failed: false,
  ...part,
});
const failed = (command: RoundCommand): Result => ({ command, failed: true, failure: 'broken' });

const apply = (results: readonly Result[], part: Partial<ApplyInput<string>> = {}) => {
  let journals = 0;
  return applyAnswer<string>({
    plan: { commands: results.map(({ command }) => command), more: false },
    results,
    snapshot: snapshot(),
    heldProcessIds: [],
    extended: true,
    memory: calm(),
    sentAt: SENT,
    now: NOW,
    journalId: () => `journal-${(journals += 1)}`,
    ...part,
  });
};
const reservedIn = (changes: readonly LedgerChange[]) =>
  changes
    .filter((change) => change.type === 'reserved')
    .map(({ batch }) => [batch.processId, batch.events.map(({ rowId }) => rowId), batch.errored, batch.held]);

const scan = (after: string, before: string | null) => ({ kind: 'scan', after, before }) as const;
const adopt = (processId: string, errored: boolean) =>
  ({ kind: 'adopt', processId, errored, afterRowId: null, limit: 501 }) as const;
const reserve = { kind: 'reserve', limit: 3 } as const;
const fetchErrorRows = { kind: 'fetch_error_rows', limit: 3 } as const;

describe('what was reserved', () => {
  it('is recorded under the id that the portal gave, and counts as seen when the request was sent', () => {
    const memory = calm();
    const outcome = apply([ok(reserve, { processId: 'p1', events: events(1, 2) })], { memory });
    expect(reservedIn(outcome.changes)).toEqual([['p1', ['1', '2'], false, true]]);
    expect(outcome).toMatchObject({ reserved: 2, full: false });
    expect(memory.contentsSeen.get('p1')).toEqual({ at: SENT, round: 11 });
  });

  it('is recorded as handed over where the portal names no batch', () => {
    const outcome = apply([ok(reserve, { processId: null, events: events(1, 1) })]);
    expect(reservedIn(outcome.changes)).toEqual([['journal-1', ['1'], false, false]]);
  });

  it('is nothing where the queue was empty', () => {
    const memory = calm();
    expect(apply([ok(reserve, { processId: 'p1', events: [] })], { memory }).changes).toEqual([]);
    expect(memory.contentsSeen.size).toBe(0);
  });

  it('says that there is more where its limit was reached', () => {
    expect(apply([ok(reserve, { processId: 'p1', events: events(1, 3) })]).full).toBe(true);
    expect(apply([ok(fetchErrorRows, { processId: 'p1', events: events(1, 3) })]).full).toBe(true);
  });
});

describe('error rows', () => {
  it('are recorded as such, not as seen unmarked, and the rest of the marked is known to be gone', () => {
    const memory = calm({ errorRowsRemain: true });
    const outcome = apply([ok(fetchErrorRows, { processId: 'e1', events: events(1, 2) })], { memory });
    expect(reservedIn(outcome.changes)).toEqual([['e1', ['1', '2'], true, true]]);
    expect(outcome.changes.at(-1)).toEqual({ type: 'error_rows_complete', sentAt: SENT });
    expect(outcome).toMatchObject({ errorRows: 2, reserved: 0 });
    expect(memory).toMatchObject({ errorRowsFetchedAt: NOW, errorRowsRemain: false });
    expect(memory.contentsSeen.size).toBe(0);
  });

  it('are not known to be complete where the limit cut them', () => {
    const memory = calm();
    const { changes } = apply([ok(fetchErrorRows, { processId: 'e1', events: events(1, 3) })], { memory });
    expect(changes.map(({ type }) => type)).toEqual(['reserved']);
    expect(memory.errorRowsRemain).toBe(true);
  });

  it('stay due where they could not be read', () => {
    const memory = calm({ errorRowsFetchedAt: 5 });
    expect(apply([failed(fetchErrorRows)], { memory }).changes).toEqual([]);
    expect(memory.errorRowsFetchedAt).toBe(5);
  });
});

describe('marks, clears and looks at a batch', () => {
  const mark = { kind: 'mark', processId: 'p1', messageIds: ['a', 'b'] } as const;
  const clear = { kind: 'clear', processId: 'p1', rowIds: ['1', '2', '3'] } as const;
  const verify = { kind: 'verify', processId: 'p1' } as const;

  it('become changes in the order in which the portal did them', () => {
    const outcome = apply([
      ok(verify, { processId: 'p1', events: events(1, 2) }),
      ok(reserve, { processId: 'p2', events: events(9, 1) }),
      ok(mark),
      ok(clear),
    ]);
    expect(outcome.changes).toEqual([
      { type: 'held', processId: 'p1', messageIds: ['m1', 'm2'] },
      expect.objectContaining({ type: 'reserved' }),
      { type: 'marked', processId: 'p1', messageIds: ['a', 'b'], allKnown: false },
      { type: 'cleared', processId: 'p1', rowIds: ['1', '2', '3'] },
    ]);
    expect(outcome).toMatchObject({ marked: 2, cleared: 3 });
  });

  describe('are known to have deleted nothing newer', () => {
    const marked = (results: readonly Result[], memory: Partial<RoundMemory>) => {
      const { changes } = apply(results, { memory: calm(memory) });
      return changes.filter((change) => change.type === 'marked').map(({ allKnown }) => allKnown);
    };
    const drained = [ok(reserve, { processId: 'p2', events: events(9, 1) }), ok(mark)];
    const orphans = new Map([['p9', { afterRowId: null, rows: [] }]]);

    it('where the queue was emptied just before, and every batch is accounted for', () => {
      expect(marked(drained, { accounted: true })).toEqual([true]);
    });

    it('the same in the very first rounds of a portal, in which no batch can be unknown', () => {
      expect(marked(drained, { accounted: false, complete: true })).toEqual([true]);
      const memory = freshMemory(SENT, true);
      distrust(memory, SENT, { marks: new Map(), clears: new Set() });
      expect([memory.accounted, memory.complete]).toEqual([false, false]);
    });

    it.each([
      ['some batch may be unknown', drained, { accounted: false }],
      ['an orphan is yet to be read', drained, { accounted: true, orphans }],
      ['more may be pending', [ok(reserve, { events: events(1, 3) }), ok(mark)], { accounted: true }],
      ['nothing was reserved', [ok(mark)], { accounted: true }],
      ['reserving failed', [failed(reserve), ok(mark)], { accounted: true }],
      [
        'it was reserved after',
        [ok(mark), ok(reserve, { processId: 'p2', events: [] })],
        { accounted: true },
      ],
    ])('but not where %s', (_why, results, memory) => {
      expect(marked(results, memory)).toEqual([false]);
    });
  });

  it('count as seen contents even where the batch holds nothing any more', () => {
    const memory = calm();
    const { changes } = apply([ok(verify, { processId: 'p1', events: [] })], { memory });
    expect(changes).toEqual([{ type: 'held', processId: 'p1', messageIds: [] }]);
    expect(memory.contentsSeen.get('p1')).toEqual({ at: SENT, round: 11 });
  });

  it('change nothing where they failed, and are reported', () => {
    const memory = calm();
    const outcome = apply([failed(verify), failed(mark), failed(clear), failed(reserve)], { memory });
    expect(outcome.changes).toEqual([]);
    expect(outcome.failures.map(({ command, failure }) => [command.kind, failure])).toEqual([
      ['verify', 'broken'],
      ['mark', 'broken'],
      ['clear', 'broken'],
      ['reserve', 'broken'],
    ]);
    expect(memory.contentsSeen.size).toBe(0);
    expect(memory.round).toBe(11);
  });

  it('do not come from questions about features and bindings', () => {
    expect(apply([ok({ kind: 'check_features' }), ok({ kind: 'check_bindings' })]).changes).toEqual([]);
  });
});

describe('the scan', () => {
  it('ends with a scan that finds nothing', () => {
    const memory = calm({ scanFirst: true, scannedAt: 0 });
    apply([ok(scan('', 'p1'), { rows: [] }), ok(scan('p1', null), { rows: [] })], { memory });
    expect(memory).toMatchObject({ scanFirst: false, scannedAt: NOW, scanCursor: '', scanFound: false });
  });

  it('takes batches that the ledger does not know for orphans, and comes again', () => {
    const memory = calm({ scanFirst: true, scannedAt: 0 });
    const rows = [
      listed('1', 'o1'),
      listed('2', 'o1'),
      listed('3', 'p1'),
      listed('4', 'o2'),
      listed('5', ''),
    ];
    apply([ok(scan('', null), { rows })], { memory, heldProcessIds: ['p1'] });
    expect([...memory.orphans.keys()]).toEqual(['o1', 'o2']);
    expect(memory).toMatchObject({ scanFirst: true, scannedAt: 0, scanFound: false });
  });

  it('does not forget how far an orphan was adopted', () => {
    const orphans = new Map([['o1', { afterRowId: '50', rows: [] }]]);
    const memory = calm({ orphans });
    apply([ok(scan('', null), { rows: [listed('1', 'o1')] })], { memory });
    expect(memory.orphans.get('o1')).toEqual({ afterRowId: '50', rows: [] });
  });

  it('keeps its place until it has been everywhere', () => {
    const memory = calm({ scanFirst: true });
    apply([ok(scan('', 'p1'), { rows: [] }), ok(scan('p1', 'p2'), { rows: [] })], { memory });
    expect(memory).toMatchObject({ scanFirst: true, scanCursor: 'p2' });
  });

  it('remembers on its way that it found something', () => {
    const memory = calm({ scanFirst: true });
    apply([ok(scan('', 'p1'), { rows: [listed('1', 'o1')] })], { memory });
    memory.orphans.clear();
    apply([ok(scan('p1', null), { rows: [] })], { memory });
    expect(memory.scanFirst).toBe(true);
    apply([ok(scan('', null), { rows: [] })], { memory });
    expect(memory.scanFirst).toBe(false);
  });

  it('starts again where one scan failed', () => {
    const memory = calm({ scanFirst: true });
    apply([failed(scan('', 'p1')), ok(scan('p1', null), { rows: [] })], { memory });
    expect(memory).toMatchObject({ scanFirst: true, scanCursor: '' });
  });

  it('forgets what was seen of batches that are gone', () => {
    const seen = { at: SENT - 5, round: 9 };
    const memory = calm({
      contentsSeen: new Map([
        ['gone', seen],
        ['p1', seen],
      ]),
    });
    const results = [
      ok(scan('', 'p1'), { rows: [] }),
      ok(scan('p1', null), { rows: [] }),
      ok(reserve, { processId: 'p2', events: events(1, 1) }),
    ];
    apply(results, { memory, heldProcessIds: ['p1'] });
    expect([...memory.contentsSeen.keys()]).toEqual(['p1', 'p2']);
  });
});

describe('an orphan', () => {
  const orphaned = () => calm({ orphans: new Map([['o1', { afterRowId: null, rows: [] }]]) });

  it('is adopted with its marked and its unmarked rows', () => {
    const memory = orphaned();
    const outcome = apply(
      [
        ok(adopt('o1', false), { processId: 'o1', events: events(1, 2) }),
        ok(adopt('o1', true), { processId: 'o1', events: events(3, 1) }),
      ],
      { memory },
    );
    expect(reservedIn(outcome.changes)).toEqual([
      ['o1', ['1', '2'], false, true],
      ['o1', ['3'], true, true],
    ]);
    expect(outcome.adopted).toBe(3);
    expect(memory.orphans.size).toBe(0);
    expect(memory.contentsSeen.get('o1')).toEqual({ at: SENT, round: 11 });
  });

  it('is forgotten where it holds nothing', () => {
    const memory = orphaned();
    const results = [ok(adopt('o1', false), { events: [] }), ok(adopt('o1', true), { events: [] })];
    expect(apply(results, { memory }).changes).toEqual([]);
    expect(memory.orphans.size).toBe(0);
  });

  it.each([
    ['first', [failed(adopt('o1', false)), ok(adopt('o1', true), { events: [] })]],
    ['second', [ok(adopt('o1', false), { events: [] }), failed(adopt('o1', true))]],
  ])('stays one where the %s half could not be read', (_name, results) => {
    const memory = orphaned();
    apply(results, { memory });
    expect(memory.orphans.has('o1')).toBe(true);
  });

  it('is adopted page by page where only the list can be read', () => {
    const memory = orphaned();
    const byList = (afterRowId: string | null) =>
      ({ kind: 'adopt_by_list', processId: 'o1', afterRowId }) as const;
    const page = Array.from({ length: 50 }, (_, index) => listed(String(index + 1), 'o1', index === 7));
    const first = apply([ok(byList(null), { rows: page, total: 51 })], { memory, extended: false });
    // Known in part it would count as known, and after a crash nobody would look for the rest.
    expect(first.changes).toEqual([]);
    expect(memory.orphans.get('o1')?.afterRowId).toBe('50');
    const second = apply([ok(byList('50'), { rows: [listed('51', 'o1')], total: 1 })], {
      memory,
      extended: false,
    });
    expect(second.adopted).toBe(51);
    expect(
      reservedIn(second.changes).map(([, rowIds, errored]) => [(rowIds as string[]).length, errored]),
    ).toEqual([
      [50, false],
      [1, true],
    ]);
    expect(memory.orphans.size).toBe(0);
  });

  it('larger than the limit is read page by page, and recorded as a whole', () => {
    const memory = orphaned();
    const read = (afterRowId: string | null, unmarked: ReservedEvent[], marked: ReservedEvent[]) =>
      apply(
        [
          ok({ ...adopt('o1', false), afterRowId, limit: 3 }, { processId: 'o1', events: unmarked }),
          ok({ ...adopt('o1', true), afterRowId, limit: 3 }, { processId: 'o1', events: marked }),
        ],
        { memory },
      );
    const marked = [event('4'), event('6'), event('20')];
    expect(read(null, [event('7'), event('8'), event('100')], marked).changes).toEqual([]);
    // Both lists were cut: the next page begins where the first of them ended, as numbers go.
    expect(memory.orphans.get('o1')?.afterRowId).toBe('20');
    const { changes, adopted } = read('20', [event('100'), event('101')], []);
    expect(reservedIn(changes)).toEqual([
      ['o1', ['7', '8', '100', '101'], false, true],
      ['o1', ['4', '6', '20'], true, true],
    ]);
    expect(adopted).toBe(7);
    // Its first page was seen a round ago, which is no proof for a mark.
    expect(memory.contentsSeen.size).toBe(0);
  });

  it('does not hold what a mark displaced between two of its pages, and delivers it all the same', () => {
    const memory = orphaned();
    const read = (
      afterRowId: string | null,
      unmarked: ReservedEvent[],
      marked: ReservedEvent[],
    ): Result[] => [
      ok({ ...adopt('o1', false), afterRowId, limit: 2 }, { processId: 'o1', events: unmarked }),
      ok({ ...adopt('o1', true), afterRowId, limit: 2 }, { processId: 'o1', events: marked }),
    ];
    const messageIds = [event('7').messageId, event('4').messageId];
    const first = read(null, [event('7'), event('8')], [event('4')]);
    apply([...first, ok({ kind: 'mark', processId: 'p1', messageIds })], { memory });
    const { changes } = apply(read('8', [event('9')], []), { memory });
    expect(
      changes.map((change) => change.type === 'reserved' && [change.batch.errored, change.batch.held]),
    ).toEqual([
      [false, true],
      [false, false],
      [true, true],
    ]);
    expect(reservedIn(changes).map(([, rowIds]) => rowIds)).toEqual([['8', '9'], ['7'], ['4']]);
  });
});

describe('without reservations', () => {
  const list = (start = 0, errored = false) => ({ kind: 'list', start, errored }) as const;
  const take = (lastRowId: string, limit: number, errored = false) =>
    ({ kind: 'take', lastRowId, limit, errored }) as const;
  const basic = (results: readonly Result[], journal: RoundSnapshot['journal'], memory = calm()) => ({
    memory,
    ...apply(results, { extended: false, snapshot: snapshot(journal), memory }),
  });
  const page = (start: number, rows: readonly ListedRow[], total: number) => ok(list(start), { rows, total });

  it('journals what is listed, and takes it with the next round', () => {
    const { changes, memory, full, reserved } = basic([page(0, [listed('1'), listed('2')], 2)], []);
    expect(changes).toEqual([{ type: 'journaled', events: [listed('1'), listed('2')], errored: false }]);
    expect({ full, reserved, fresh: memory.journalFresh }).toEqual({ full: true, reserved: 0, fresh: true });
  });

  it('hands over what was taken: the newer copy, and the journal’s for a row that went another way', () => {
    const newer = event('2', { changedAt: SENT / 1000 + 5 });
    const { changes, reserved } = basic(
      [ok(take('2', 2), { processId: null, events: [newer] }), page(0, [], 0)],
      [journaled('1'), journaled('2')],
    );
    expect(changes).toEqual([
      {
        type: 'reserved',
        batch: { processId: 'journal-1', events: [journaled('1'), newer], errored: false, held: false },
      },
      { type: 'journal_taken', rowIds: ['1', '2'] },
    ]);
    expect(reserved).toBe(2);
  });

  it('hands over the newest of two rows of one object', () => {
    const same = (rowId: string) => event(rowId, { messageId: 'same' });
    for (const order of [
      [same('9'), same('10')],
      [same('10'), same('9')],
    ]) {
      const { changes } = basic([ok(take('10', 2), { processId: null, events: order })], []);
      expect(reservedIn(changes)).toEqual([['journal-1', ['10'], false, false]]);
    }
  });

  it('keeps marked and unmarked rows apart', () => {
    const { changes, errorRows, reserved } = basic(
      [ok(take('1', 1), { events: [event('1')] }), ok(take('2', 1, true), { events: [event('2')] })],
      [journaled('1'), journaled('2', { errored: true })],
    );
    expect(reservedIn(changes)).toEqual([
      ['journal-1', ['1'], false, false],
      ['journal-2', ['2'], true, false],
    ]);
    expect({ errorRows, reserved }).toEqual({ errorRows: 1, reserved: 1 });
  });

  it('is unsure of its journal when a take failed and nothing was listed', () => {
    const { changes, memory } = basic([failed(take('1', 1))], [journaled('1')]);
    expect(changes).toEqual([]);
    expect(memory.journalFresh).toBe(false);
  });

  it('publishes from the journal what a failed or lost take took away', () => {
    const stale = calm({ journalFresh: false });
    for (const [results, memory] of [
      [[failed(take('2', 2)), page(0, [listed('2')], 1)], calm()],
      [[page(0, [listed('2')], 1)], stale],
    ] as const) {
      const { changes } = basic(results, [journaled('1'), journaled('2')], memory);
      expect(reservedIn(changes)).toEqual([['journal-1', ['1'], false, false]]);
      expect(changes).toContainEqual({ type: 'journal_taken', rowIds: ['1'] });
      expect(changes).toContainEqual({ type: 'journaled', events: [listed('2')], errored: false });
      expect(memory.journalFresh).toBe(true);
    }
  });

  it('leaves marked rows in the journal while it did not ask for them', () => {
    const journal = [journaled('1', { errored: true })];
    const stale = () => calm({ journalFresh: false });
    expect(basic([page(0, [], 0)], journal, stale()).changes).toEqual([]);
    const asked = basic([page(0, [], 0), ok(list(0, true), { rows: [], total: 0 })], journal, stale());
    expect(reservedIn(asked.changes)).toEqual([['journal-1', ['1'], true, false]]);
    expect(asked.changes).toContainEqual({ type: 'error_rows_complete', sentAt: SENT });
  });

  it('knows nothing new where the first page is missing', () => {
    const { changes, memory } = basic([failed(list(0)), page(50, [listed('60')], 51)], [journaled('1')]);
    expect(changes).toEqual([]);
    expect(memory.journalFresh).toBe(false);
  });

  it('goes on asking for marked rows while a page of them is full', () => {
    const rows = Array.from({ length: 50 }, (_, index) => listed(String(index + 1), '', true));
    const { changes, memory } = basic([page(0, [], 0), ok(list(0, true), { rows, total: 80 })], []);
    expect(memory.errorRowsRemain).toBe(true);
    expect(changes.map(({ type }) => type)).toEqual(['journaled']);
  });

  describe('uses pages only as far as they fit together', () => {
    const rows = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => listed(String(from + index)));
    it.each([
      ['all of them', [page(0, rows(1, 50), 70), page(50, rows(51, 20), 70)], 70],
      ['in any order', [page(50, rows(51, 20), 70), page(0, rows(1, 50), 70)], 70],
      ['not beyond one that is missing', [page(0, rows(1, 50), 120), page(100, rows(101, 20), 120)], 50],
      ['not one that repeats a row', [page(0, rows(1, 50), 70), page(50, rows(50, 20), 70)], 50],
      ['not one after rows were deleted', [page(0, rows(1, 50), 70), page(50, rows(52, 18), 69)], 50],
      ['not beyond a short one', [page(0, rows(1, 30), 80), page(50, rows(51, 20), 80)], 30],
      ['not an empty one', [page(0, rows(1, 50), 50), page(50, [], 50)], 50],
    ])('%s', (_name, results, expected) => {
      const journal = basic(results, []).changes.find((change) => change.type === 'journaled');
      expect(journal?.events).toHaveLength(expected);
    });

    it('and asks for more or fewer of them the next time', () => {
      const { memory } = basic([page(0, rows(1, 50), 400)], [], calm({ journalPages: 1 }));
      expect(memory.journalPages).toBe(4);
      basic([page(0, rows(1, 10), 10), page(50, [], 10)], [], memory);
      expect(memory.journalPages).toBe(1);
    });
  });
});

describe('a journal left over by a plan that gained reservations', () => {
  const left = (suspectUntil: number) =>
    apply([ok({ kind: 'list', start: 0, errored: false }, { rows: [listed('2')], total: 1 })], {
      snapshot: snapshot([journaled('1'), journaled('2')]),
      memory: calm({ suspectUntil }),
    }).changes;

  it('is published where its rows are gone, and given up where they are pending', () => {
    const changes = left(SENT - 1);
    expect(reservedIn(changes)).toEqual([['journal-1', ['1'], false, false]]);
    expect(changes.slice(1)).toEqual([
      { type: 'journal_taken', rowIds: ['1'] },
      { type: 'journal_taken', rowIds: ['2'] },
    ]);
  });

  it('is not given up while a lost request may still take its rows', () => {
    expect(left(SENT).slice(1)).toEqual([{ type: 'journal_taken', rowIds: ['1'] }]);
  });
});
