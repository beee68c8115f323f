import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type RoundSnapshot } from '../../ledger/round-snapshot.js';
import { CHECK_EVERY_MS, UNFINISHED_CHECK_EVERY_MS } from './checks.js';
import { doubtOf, markInDoubt, type RoundCommand } from './round-command.js';
import { ERROR_ROWS_EVERY_MS, MAX_ERROR_ROW_AGE_MS } from './error-rows.js';
import { markableNow, marksDueAt } from './plan-marks.js';
import { type PlanInput } from './plan-input.js';
import { planRound } from './plan.js';
import { ORPHAN_SCAN_EVERY_MS, orphanScanDue } from './orphan-scan.js';
import { withoutLoneClears } from './held-back.js';
import { freshMemory, type MarkInDoubt, type RoundMemory } from './round-memory.js';
import { compareRowIds, largest } from './row-ids.js';
import { inForm } from '../../../test/support/form.js';

const NOW = Date.parse('2024-07-18T10:00:00Z');
const DAY = 86_400_000;
const settings = {
  DRAIN_LIMIT: 500,
  DRAIN_MAX_IN_FLIGHT: 1000,
  FAILURE_BATCH_SIZE: 3,
  FAILURE_BATCH_WAIT_MS: 1000,
};

const snapshot = (part: Partial<RoundSnapshot> = {}): RoundSnapshot => ({
  inFlight: 0,
  unpublished: 0,
  failures: [],
  clearable: [],
  marked: null,
  waitingDueAt: null,
  publishedSince: null,
  journal: [],
  ...part,
});

/** A loop that has looked around long ago and doubts nothing. */
const calm = (part: Partial<RoundMemory> = {}): RoundMemory => ({
  ...freshMemory(NOW),
  round: 10,
  suspectUntil: NOW - DAY,
  scanFirst: false,
  scannedAt: NOW,
  errorRowsFetchedAt: NOW,
  checkedAt: NOW,
  ...part,
});

const input = (part: Partial<PlanInput> = {}): PlanInput => ({
  snapshot: snapshot(),
  heldProcessIds: [],
  memory: calm(),
  extended: true,
  settings,
  limit: (part.settings ?? settings).DRAIN_LIMIT,
  now: NOW,
  ...part,
});

const failure = (
  processId: string,
  messageId: string,
  more: { failedAt?: number; changedAt?: number } = {},
) => ({
  processId,
  messageId,
  rowId: messageId.replace(/\D/g, '') || '1',
  failedAt: NOW - 5000,
  changedAt: NOW / 1000 - 60,
  markSentAt: null,
  ...more,
});

const lostMarks = (...messageIds: string[]) => ({
  marks: new Map(messageIds.map((messageId) => [messageId, markInDoubt('p1')])),
  clears: new Set<string>(),
});

const journaled = (rowId: string, errored = false) => ({
  rowId,
  messageId: `m${rowId}`,
  changedAt: NOW / 1000,
  event: 'ONCRMDEALUPDATE',
  data: null,
  userId: null,
  errored,
});

const seen = (...processIds: string[]) =>
  new Map(processIds.map((processId) => [processId, { at: NOW - 1000, round: 10 }]));
const commands = (part: Partial<PlanInput> = {}) => planRound(input(part)).commands;
const kinds = (part: Partial<PlanInput> = {}) => commands(part).map(({ kind }) => kind);
const only = <Kind extends RoundCommand['kind']>(kind: Kind, part: Partial<PlanInput>) =>
  commands(part).filter((command): command is Extract<RoundCommand, { kind: Kind }> => command.kind === kind);

describe('a round', () => {
  it('reserves, and nothing else, when nothing else is due', () => {
    expect(planRound(input())).toEqual({ commands: [{ kind: 'reserve', limit: 500 }], more: false });
  });

  it('is empty where nothing may be reserved and nothing is due', () => {
    expect(planRound(input({ snapshot: snapshot({ inFlight: 1000 }) }))).toEqual({
      commands: [],
      more: false,
    });
  });

  it('only asks for the plan while it is unknown', () => {
    expect(planRound(input({ extended: null, memory: freshMemory(NOW) }))).toEqual({
      commands: [
        { kind: 'check_features' },
        { kind: 'check_bindings' },
        { kind: 'check_installation' },
        { kind: 'check_reservations' },
      ],
      more: true,
    });
  });

  it.each([
    [CHECK_EVERY_MS - 1, ['reserve']],
    [CHECK_EVERY_MS, ['check_features', 'check_bindings', 'check_installation', 'reserve']],
    // The clock was set back.
    [-1, ['check_features', 'check_bindings', 'check_installation', 'reserve']],
  ])('asks for plan and bindings again %i ms after the last time: %j', (age, expected) => {
    expect(kinds({ memory: calm({ checkedAt: NOW - age }) })).toEqual(expected);
  });

  it('asks a portal without reservations whether it has them by now', () => {
    const memory = calm({ checkedAt: NOW - CHECK_EVERY_MS, journalFresh: true });
    expect(kinds({ extended: false, memory })).toContain('check_reservations');
  });

  it('asks sooner whether the installation is finished while it is not', () => {
    const checks = (age: number) =>
      kinds({ memory: calm({ installed: false, checkedAt: NOW - age }) }).includes('check_installation');
    expect([checks(UNFINISHED_CHECK_EVERY_MS - 1), checks(UNFINISHED_CHECK_EVERY_MS)]).toEqual([false, true]);
  });

  it('scans first and reserves nothing after a start', () => {
    const memory = { ...freshMemory(NOW), checkedAt: NOW };
    expect(planRound(input({ memory }))).toEqual({
      commands: [{ kind: 'scan', after: '', before: null }],
      more: true,
    });
  });

  it('keeps the order in which nothing is lost: scan, adopt, verify, reserve, mark, clear, fetch', () => {
    const due = {
      snapshot: snapshot({
        failures: [failure('p1', 'm1'), failure('p2', 'm2'), failure('p2', 'm3')],
        clearable: [{ processId: 'p3', rowId: '7' }],
      }),
      heldProcessIds: ['p1', 'p2', 'p3'],
      memory: calm({ scannedAt: 0, errorRowsFetchedAt: 0, contentsSeen: seen('p1') }),
    };
    expect(kinds(due)).toEqual([
      ...Array<string>(4).fill('scan'),
      'verify',
      'reserve',
      'mark',
      'clear',
      'fetch_error_rows',
    ]);
  });

  it('never takes more than fifty commands, and clears something however much there is to do', () => {
    fc.assert(
      fc.property(
        fc.record({
          extended: fc.constantFrom(true, false, null),
          batches: fc.nat({ max: 60 }),
          orphans: fc.nat({ max: 12 }),
          clearable: fc.nat({ max: 60 }),
          failures: fc.nat({ max: 1500 }),
          seen: fc.nat({ max: 60 }),
          journal: fc.nat({ max: 40 }),
          fresh: fc.boolean(),
          pages: fc.nat({ max: 200 }),
          limit: fc.constantFrom(1, 500, 100_000),
          due: fc.boolean(),
          scanFirst: fc.boolean(),
        }),
        (world) => {
          const held = Array.from({ length: world.batches }, (_, index) => `p${100 + index}`);
          const part = {
            extended: world.extended,
            heldProcessIds: held,
            settings: { ...settings, DRAIN_LIMIT: world.limit },
            snapshot: snapshot({
              clearable: Array.from({ length: world.clearable }, (_, index) => ({
                processId: `c${index}`,
                rowId: String(index + 1),
              })),
              failures: Array.from({ length: world.failures }, (_, index) =>
                failure(`p${100 + (index % 60)}`, `m${index}`),
              ),
              journal: Array.from({ length: world.journal }, (_, index) =>
                journaled(String(index + 1), index % 2 === 0),
              ),
            }),
            memory: calm({
              ...(world.due ? { checkedAt: 0, scannedAt: 0, errorRowsFetchedAt: 0 } : {}),
              scanFirst: world.scanFirst,
              contentsSeen: seen(...Array.from({ length: world.seen }, (_, i) => `p${100 + i}`)),
              orphans: new Map(
                Array.from({ length: world.orphans }, (_, i) => [`o${i}`, { afterRowId: null, rows: [] }]),
              ),
              journalFresh: world.fresh,
              journalPages: world.pages,
            }),
          };
          const plan = planRound(input(part));
          expect(plan.commands.length).toBeLessThanOrEqual(50);
          for (const command of plan.commands) {
            if (command.kind === 'mark') expect(command.messageIds.length).toBeLessThanOrEqual(500);
            if (command.kind === 'clear') expect(command.rowIds.length).toBeLessThanOrEqual(500);
          }
          const clears = plan.commands.filter(({ kind }) => kind === 'clear').length;
          if (world.extended !== null) expect(clears).toBeGreaterThanOrEqual(Math.min(2, world.clearable));
          if (clears < world.clearable) expect(plan.more).toBe(true);
        },
      ),
      { numRuns: inForm({ full: 500, small: 150 }) },
    );
  });
});

describe('reserving', () => {
  it.each([
    ['with orphans left', calm({ orphans: new Map([['o', { afterRowId: null, rows: [] }]]) })],
    ['with an answer lost', calm({ scanFirst: true })],
  ])('waits %s', (_name, memory) => {
    expect(kinds({ memory })).not.toContain('reserve');
    expect(planRound(input({ memory })).more).toBe(true);
  });

  it('stops while four batches wait to be published', () => {
    expect(kinds({ snapshot: snapshot({ inFlight: 900, unpublished: 1999 }) })).toEqual(['reserve']);
    expect(kinds({ snapshot: snapshot({ inFlight: 900, unpublished: 2000 }) })).toEqual([]);
  });

  it('stops at the limit of events in flight', () => {
    expect(kinds({ snapshot: snapshot({ inFlight: 999 }) })).toEqual(['reserve']);
    expect(kinds({ snapshot: snapshot({ inFlight: 1000 }) })).toEqual([]);
  });
});

describe('the scan', () => {
  it('scans every gap between what is known', () => {
    expect(only('scan', { heldProcessIds: ['b', 'd'], memory: calm({ scannedAt: 0 }) })).toEqual([
      { kind: 'scan', after: '', before: 'b' },
      { kind: 'scan', after: 'b', before: 'd' },
      { kind: 'scan', after: 'd', before: null },
    ]);
  });

  it('goes on behind its cursor, twelve gaps at a time', () => {
    const heldProcessIds = Array.from({ length: 30 }, (_, index) => `p${10 + index}`);
    const first = planRound(input({ heldProcessIds, memory: calm({ scannedAt: 0 }) }));
    expect(first.more).toBe(true);
    expect(first.commands.filter(({ kind }) => kind === 'scan')).toHaveLength(12);
    const rest = only('scan', { heldProcessIds, memory: calm({ scanCursor: 'p23' }) });
    expect(rest[0]).toEqual({ kind: 'scan', after: 'p23', before: 'p24' });
    expect(rest).toHaveLength(12);
  });

  it('misses nobody whatever order the portal compares ids in', () => {
    // The portal's collation is any total order of its own; the gaps are cut by ours.
    const id = fc.string({ unit: fc.constantFrom('0', '9', 'a', 'A', 'z', 'Z'), minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.uniqueArray(id, { minLength: 1, maxLength: 12 }),
        fc.infiniteStream(fc.nat()),
        (ids, stream) => {
          const [orphan = '', ...held] = ids;
          const rank = new Map<string, number>([...ids].map((one) => [one, (stream.next().value ?? 0) * 20]));
          [...rank].forEach(([one, place], index) => rank.set(one, place + index));
          const place = (one: string) => (one === '' ? -1 : (rank.get(one) ?? 0));
          const scans = only('scan', { heldProcessIds: held.sort(), memory: calm({ scannedAt: 0 }) });
          const found = scans.some(
            ({ after, before }) =>
              place(orphan) > place(after) && (before === null || place(orphan) < place(before)),
          );
          expect(found).toBe(true);
        },
      ),
      { numRuns: inForm({ full: 500, small: 150 }) },
    );
  });

  it.each([
    ['after a lost answer', calm({ scanFirst: true }), true],
    ['while it is under way', calm({ scanCursor: 'p' }), true],
    ['when its time has come', calm({ scannedAt: NOW - ORPHAN_SCAN_EVERY_MS }), true],
    ['when the clock was set back', calm({ scannedAt: NOW + 1 }), true],
    ['not before', calm({ scannedAt: NOW - ORPHAN_SCAN_EVERY_MS + 1 }), false],
  ])('is due %s', (_name, memory, due) => {
    expect(orphanScanDue(memory, NOW)).toBe(due);
  });

  it('is not kept from reserving by orphans of another program', () => {
    const orphans = new Map([['o', { afterRowId: null, rows: [] }]]);
    expect(only('reserve', { memory: calm({ orphans, accounted: true }) })).toHaveLength(1);
    expect(only('reserve', { memory: calm({ orphans }) })).toHaveLength(0);
  });

  it('looks once more when a lost request can do nothing more, and more often where something is strange', () => {
    const displaced = calm({ scannedAt: NOW - 70_000, suspectUntil: NOW - 10_000 });
    expect(orphanScanDue(displaced, NOW)).toBe(true);
    expect(orphanScanDue({ ...displaced, suspectUntil: NOW }, NOW)).toBe(false);
    expect(orphanScanDue({ ...displaced, accounted: true }, NOW)).toBe(false);
    expect(orphanScanDue({ ...displaced, accounted: true, watchUntil: NOW + 1 }, NOW)).toBe(true);
    expect(orphanScanDue({ ...displaced, accounted: true, watchUntil: NOW + DAY }, NOW)).toBe(false);
  });

  it('adopts six orphans at a time, marked rows after the others', () => {
    const orphans = new Map(
      Array.from({ length: 8 }, (_, index) => [`o${index}`, { afterRowId: null, rows: [] }]),
    );
    const adopts = only('adopt', { memory: calm({ orphans }) });
    expect(adopts).toHaveLength(12);
    expect(adopts.slice(0, 2)).toEqual([
      { kind: 'adopt', processId: 'o0', errored: false, afterRowId: null, limit: 501 },
      { kind: 'adopt', processId: 'o0', errored: true, afterRowId: null, limit: 501 },
    ]);
  });

  it('reads fewer whole batches of a portal whose answers are slow', () => {
    const orphans = new Map(Array.from({ length: 9 }, (_, i) => [`o${i}`, { afterRowId: '7', rows: [] }]));
    const large = { memory: calm({ orphans }), limit: 2000, settings: { ...settings, DRAIN_LIMIT: 2000 } };
    expect(only('reserve', { ...large, memory: calm({ orphans: new Map() }) })).toEqual([
      { kind: 'reserve', limit: 2000 },
    ]);
    expect(only('adopt', large)).toHaveLength(12);
    expect(only('adopt', large)[0]).toMatchObject({ limit: 501 });
    const adopts = only('adopt', { memory: calm({ orphans }), limit: 170 });
    expect(adopts).toHaveLength(4);
    expect(adopts[0]).toMatchObject({ afterRowId: '7', limit: 171 });
    const failures = Array.from({ length: 9 }, (_, i) => failure(`p${i}`, `m${i}`));
    expect(only('verify', { snapshot: snapshot({ failures }), limit: 100 })).toHaveLength(2);
    expect(only('verify', { snapshot: snapshot({ failures }), limit: 1 })).toHaveLength(1);
  });

  it('asks for no more events than the limit of the moment', () => {
    const memory = calm({ errorRowsRemain: true });
    expect(only('reserve', { memory, limit: 20 })).toEqual([{ kind: 'reserve', limit: 20 }]);
    expect(only('fetch_error_rows', { memory, limit: 20 })).toEqual([
      { kind: 'fetch_error_rows', limit: 20 },
    ]);
    expect(only('list', { extended: false, memory: calm({ journalPages: 10 }), limit: 120 })).toHaveLength(3);
  });

  it('adopts by list where the plan has no reservations', () => {
    const orphans = new Map([['o0', { afterRowId: '50', rows: [] }]]);
    expect(kinds({ extended: false, memory: calm({ orphans }) })).toEqual(['adopt_by_list']);
    expect(only('adopt_by_list', { extended: false, memory: calm({ orphans }) })).toEqual([
      { kind: 'adopt_by_list', processId: 'o0', afterRowId: '50' },
    ]);
  });
});

describe('marks', () => {
  it.each([
    ['there is none', [], null],
    ['too few wait', [failure('p', 'm', { failedAt: NOW - 400 })], NOW + 600],
    ['enough wait', ['a', 'b', 'c'].map((id) => failure('p', id, { failedAt: NOW })), NOW],
    ['the clock was set back', [failure('p', 'm', { failedAt: NOW + 99_999 })], NOW],
  ])('are due when %s', (_name, failures, dueAt) => {
    expect(marksDueAt(snapshot({ failures }), settings, NOW)).toBe(dueAt);
  });

  it('wait for their time', () => {
    const failures = [failure('p', 'm', { failedAt: NOW - 999 })];
    expect(kinds({ snapshot: snapshot({ failures }), memory: calm({ contentsSeen: seen('p') }) })).toEqual([
      'reserve',
    ]);
  });

  it('name one message of an object only once, the newest change', () => {
    const failures = [
      failure('p1', 'same', { changedAt: 100 + NOW / 1000 - 200 }),
      failure('p2', 'same', { changedAt: 101 + NOW / 1000 - 200 }),
      failure('p1', 'other'),
    ];
    for (const order of [failures, [...failures].reverse()]) {
      const marks = only('mark', {
        snapshot: snapshot({ failures: order }),
        memory: calm({ contentsSeen: seen('p1', 'p2') }),
      });
      expect(new Map(marks.map(({ processId, messageIds }) => [processId, messageIds]))).toEqual(
        new Map([
          ['p2', ['same']],
          ['p1', ['other']],
        ]),
      );
    }
  });

  it('are cut into lists of five hundred, ten a round', () => {
    const failures = Array.from({ length: 5600 }, (_, index) => failure('p1', `m${index}`));
    const part = { snapshot: snapshot({ failures }), memory: calm({ contentsSeen: seen('p1') }) };
    const marks = only('mark', part);
    expect(marks.map(({ messageIds }) => messageIds.length)).toEqual(Array<number>(10).fill(500));
    expect(planRound(input(part)).more).toBe(true);
  });

  it('come after a look where nothing was seen, ten batches a round', () => {
    const failures = Array.from({ length: 12 }, (_, index) => failure(`p${index}`, `m${index}`));
    const part = { snapshot: snapshot({ failures }) };
    expect(kinds(part)).toEqual([...Array<string>(10).fill('verify'), 'reserve']);
    expect(planRound(input(part)).more).toBe(true);
  });

  it('are not made on a plan without them', () => {
    const failures = [failure('p', 'm')];
    const part = {
      extended: false,
      snapshot: snapshot({ failures }),
      memory: calm({ contentsSeen: seen('p') }),
    };
    expect(kinds(part)).toEqual(['list']);
  });

  const old = NOW / 1000 - 31 * 86_400;
  it.each([
    ['never', null, {}, undefined, 'verify'],
    ['long before', { at: NOW - DAY / 2, round: 3 }, {}, undefined, 'verify'],
    ['in the last round', { at: NOW - 500, round: 10 }, { suspectUntil: NOW + 5 }, undefined, 'mark'],
    ['before a lost answer', { at: NOW - 500, round: 9 }, { suspectUntil: NOW + 5 }, undefined, 'verify'],
    [
      'while a lost request could still run',
      { at: NOW - 500, round: 9 },
      { suspectUntil: NOW - 500 },
      undefined,
      'verify',
    ],
    ['after it could', { at: NOW - 500, round: 9 }, { suspectUntil: NOW - 501 }, undefined, 'verify'],
    ['in the last round, a month old', { at: NOW - 500, round: 10 }, {}, old, 'mark'],
    ['in an earlier round, a month old', { at: NOW - 500, round: 9 }, {}, old, 'verify'],
    ['in the last round, long ago and a month old', { at: NOW - 60_000, round: 10 }, {}, old, 'verify'],
    [
      'in the last round, before the clock was set back',
      { at: NOW + 1, round: 10 },
      { suspectUntil: NOW + 5 },
      undefined,
      'verify',
    ],
  ])('need a look at the batch: seen %s', (_name, seenAt, memory, changedAt, expected) => {
    const failures = [failure('p', 'm', changedAt === undefined ? {} : { changedAt })];
    const contentsSeen = new Map(seenAt === null ? [] : [['p', seenAt]]);
    const found = kinds({ snapshot: snapshot({ failures }), memory: calm({ ...memory, contentsSeen }) });
    expect(found.filter((kind) => kind === 'mark' || kind === 'verify')).toEqual([expected]);
  });
});

describe('a lost request', () => {
  it('leaves in doubt what it marks, and which rows it clears', () => {
    expect(
      doubtOf([
        { kind: 'reserve', limit: 5 },
        { kind: 'clear', processId: 'p1', rowIds: ['1', '2'] },
        { kind: 'clear', processId: 'p2', rowIds: ['1'] },
      ]),
    ).toEqual({ marks: new Map(), clears: new Set(['p1/1', 'p1/2', 'p2/1']) });
    const marks = doubtOf([
      { kind: 'mark', processId: 'p1', messageIds: ['m1', 'm2'] },
      { kind: 'mark', processId: 'p2', messageIds: ['m2'] },
    ]);
    expect(marks.marks).toEqual(
      new Map([
        ['m1', markInDoubt('p1')],
        ['m2', markInDoubt('p2', true)],
      ]),
    );
  });

  it('holds back the marks of rows that it may still clear, until it no longer can', () => {
    const failures = [failure('p1', 'm1'), failure('p1', 'm2'), failure('p2', 'm1')];
    const doubt = { marks: new Map(), clears: new Set(['p1/1']) };
    const held = (suspectUntil: number) =>
      markableNow(snapshot({ failures }), calm({ doubt, suspectUntil }), NOW).failures;
    expect(held(NOW)).toEqual([failures[1], failures[2]]);
    expect(held(NOW - 1)).toEqual(failures);
    expect(markableNow(snapshot({ failures }), calm({ suspectUntil: NOW }), NOW).failures).toEqual(failures);
  });
});

describe('a mark whose answer was lost', () => {
  const inDoubt = (marks: Record<string, Partial<MarkInDoubt>>, part: Partial<RoundMemory> = {}) =>
    calm({
      suspectUntil: NOW,
      doubt: {
        marks: new Map(
          Object.entries(marks).map(([messageId, mark]) => [messageId, { ...markInDoubt('p1'), ...mark }]),
        ),
        clears: new Set(),
      },
      ...part,
    });
  const failures = [failure('p1', 'm1'), failure('p1', 'm2'), failure('p2', 'm3')];

  it('is looked for before another is sent, which goes out for other messages meanwhile', () => {
    const memory = inDoubt({ m1: {} }, { contentsSeen: seen('p1', 'p2') });
    const plan = planRound(input({ memory, snapshot: snapshot({ failures }) }));
    expect(plan.commands).toEqual([
      { kind: 'find_mark', messageId: 'm1' },
      { kind: 'verify', processId: 'p1' },
      { kind: 'reserve', limit: 500 },
      { kind: 'mark', processId: 'p1', messageIds: ['m2'] },
      { kind: 'mark', processId: 'p2', messageIds: ['m3'] },
    ]);
    expect(plan.more).toBe(true);
  });

  it('is sent again once it was seen that it is not made, and looked for every few seconds', () => {
    const part = (lookedAt: number) => ({
      memory: inDoubt({ m1: { lookedAt } }, { contentsSeen: seen('p1', 'p2') }),
      snapshot: snapshot({ failures }),
    });
    expect(only('find_mark', part(NOW - 4999))).toEqual([]);
    expect(only('find_mark', part(NOW - 5000))).toHaveLength(1);
    expect(only('mark', part(NOW - 1))[0]?.messageIds).toEqual(['m1', 'm2']);
  });

  it('and sent again is not looked for: nothing would tell which of them was made', () => {
    expect(only('find_mark', { memory: inDoubt({ m1: { repeated: true } }) })).toEqual([]);
  });

  it('is not looked for among hundreds, which would take longer than it can still be made, nor afterwards', () => {
    const many = Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`m${index}`, {}]));
    const memory = inDoubt(many, { contentsSeen: seen('p1', 'p2') });
    expect(only('find_mark', { memory })).toEqual([]);
    expect(only('mark', { memory, snapshot: snapshot({ failures }) })).toHaveLength(2);
    expect(only('find_mark', { memory: inDoubt({ m1: {} }, { suspectUntil: NOW - 1 }) })).toEqual([]);
  });

  it('leaves the rows of other messages to be fetched, one by one', () => {
    const marked = { since: NOW - DAY, dueAt: NOW };
    const part = {
      memory: inDoubt({ m1: { repeated: true } }),
      snapshot: snapshot({ marked }),
      markedDue: ['m5', 'm1', 'm6'],
    };
    expect(commands(part)).toEqual([
      { kind: 'reserve', limit: 500 },
      { kind: 'fetch_error_row', messageId: 'm5' },
      { kind: 'fetch_error_row', messageId: 'm6' },
    ]);
    const full = { ...part, snapshot: snapshot({ marked, inFlight: 1000 }) };
    expect(only('fetch_error_row', full)).toEqual([]);
    const many = { ...part, markedDue: ['m2', 'm3', 'm4', 'm5', 'm6'] };
    expect(only('fetch_error_row', many)).toHaveLength(4);
    expect(planRound(input(many)).more).toBe(true);
  });
});

describe('clears', () => {
  it('name rows, never a whole batch, five hundred a command', () => {
    const clearable = Array.from({ length: 501 }, (_, index) => ({
      processId: 'p1',
      rowId: String(index + 1),
    }));
    clearable.push({ processId: 'p2', rowId: '900' });
    const clears = only('clear', { snapshot: snapshot({ clearable }) });
    expect(clears.map(({ processId, rowIds }) => [processId, rowIds.length])).toEqual([
      ['p1', 500],
      ['p1', 1],
      ['p2', 1],
    ]);
  });

  it('leave room for the error rows', () => {
    const clearable = Array.from({ length: 80 }, (_, index) => ({ processId: `p${index}`, rowId: '1' }));
    const plan = planRound(
      input({ snapshot: snapshot({ clearable }), memory: calm({ errorRowsFetchedAt: 0 }) }),
    );
    expect(plan.commands).toHaveLength(50);
    expect(plan.commands.at(-1)).toEqual({ kind: 'fetch_error_rows', limit: 500 });
    expect(plan.more).toBe(true);
  });
});

describe('error rows', () => {
  const marked = (since: number, dueAt: number) => ({ snapshot: snapshot({ marked: { since, dueAt } }) });
  it.each([
    ['nothing is marked', {}, false],
    ['it is long since', { memory: calm({ errorRowsFetchedAt: NOW - ERROR_ROWS_EVERY_MS }) }, true],
    ['more were left', { memory: calm({ errorRowsRemain: true }) }, true],
    ['a retry is due', marked(NOW - 1, NOW), true],
    ['a retry is due later', marked(NOW - 1, NOW + 1), false],
    ['one was marked long ago', marked(NOW - MAX_ERROR_ROW_AGE_MS, NOW + DAY), true],
    ['one was marked in the future', marked(NOW + 1, NOW + DAY), true],
    [
      'too much is in flight',
      { snapshot: snapshot({ inFlight: 1000, marked: { since: 0, dueAt: 0 } }) },
      false,
    ],
    ['an answer was lost', { memory: calm({ scanFirst: true, errorRowsFetchedAt: 0 }) }, false],
    [
      'a lost mark may still come',
      {
        memory: calm({ errorRowsFetchedAt: 0, doubt: lostMarks('m9'), suspectUntil: NOW }),
      },
      false,
    ],
    [
      'a lost mark can come no more',
      {
        memory: calm({
          errorRowsFetchedAt: 0,
          doubt: lostMarks('m9'),
          suspectUntil: NOW - 1,
        }),
      },
      true,
    ],
  ])('are looked for by what is due: %s', (_name, part, fetched) => {
    expect(kinds(part).includes('fetch_error_rows')).toBe(fetched);
  });
});

describe('without reservations', () => {
  const basic = (
    memory: Partial<RoundMemory>,
    part: Partial<RoundSnapshot> = {},
    more: Partial<PlanInput> = {},
  ) => planRound(input({ extended: false, memory: calm(memory), snapshot: snapshot(part), ...more }));

  it('lists first, and takes nothing that was not listed', () => {
    expect(basic({}).commands).toEqual([{ kind: 'list', start: 0, errored: false }]);
    expect(basic({ journalFresh: true }).commands).toEqual([{ kind: 'list', start: 0, errored: false }]);
  });

  it('takes exactly what the last round listed, by the number that a row id is', () => {
    const journal = [journaled('9'), journaled('10'), journaled('8'), journaled('12', true)];
    expect(basic({ journalFresh: true }, { journal }).commands).toEqual([
      { kind: 'take', lastRowId: '10', limit: 3, errored: false },
      { kind: 'take', lastRowId: '12', limit: 1, errored: true },
      { kind: 'list', start: 0, errored: false },
    ]);
  });

  it('compares a journal of which it is not sure, error rows too, and takes nothing', () => {
    const plan = basic(
      { journalFresh: false, journalPages: 1 },
      { journal: [journaled('9'), journaled('12', true)] },
    );
    expect(plan.commands).toEqual([
      ...Array.from({ length: 10 }, (_, page) => ({ kind: 'list', start: page * 50, errored: false })),
      { kind: 'list', start: 0, errored: true },
    ]);
    expect(plan.more).toBe(true);
  });

  it('does so while nothing may be taken on', () => {
    const journal = [journaled('9')];
    expect(basic({}, { journal, inFlight: 1000 }).commands.map(({ kind }) => kind)).toContain('list');
    expect(basic({ scanFirst: true }, { journal }).commands.map(({ kind }) => kind)).toContain('list');
    expect(basic({}, { inFlight: 1000 }).commands).toEqual([]);
  });

  it('takes what is journaled even while nothing new may be taken on', () => {
    const plan = basic({ journalFresh: true }, { journal: [journaled('9')], inFlight: 1000 });
    expect(plan.commands.map(({ kind }) => kind)).toEqual(['take']);
  });

  it('lists as many pages as it found rows for, up to its limit', () => {
    const starts = (pages: number, limit: number) =>
      basic({ journalPages: pages }, {}, { settings: { ...settings, DRAIN_LIMIT: limit } }).commands.length;
    expect(starts(4, 500)).toBe(4);
    expect(starts(4, 51)).toBe(2);
    expect(starts(400, 500)).toBe(10);
    expect(starts(400, 100_000)).toBe(47);
  });

  it('lists error rows when they are due', () => {
    expect(basic({ errorRowsFetchedAt: 0 }).commands).toEqual([
      { kind: 'list', start: 0, errored: false },
      { kind: 'list', start: 0, errored: true },
    ]);
  });
});

describe('a plan that gained reservations', () => {
  it('settles what is journaled before it reserves, and takes nothing', () => {
    const journal = [journaled('9')];
    for (const journalFresh of [true, false]) {
      const found = kinds({
        snapshot: snapshot({ journal }),
        memory: calm({ journalFresh, errorRowsFetchedAt: 0 }),
      });
      expect(new Set(found)).toEqual(new Set(['list']));
    }
    expect(only('list', { snapshot: snapshot({ journal: [journaled('9', true)] }) }).at(-1)).toEqual({
      kind: 'list',
      start: 0,
      errored: true,
    });
  });
});

describe('a portal that is held back', () => {
  const clear = { kind: 'clear', processId: 'p', rowIds: ['1'] } as const;
  const mark = { kind: 'mark', processId: 'p', messageIds: ['m'] } as const;

  it('is not asked for clears alone, until they have waited half a minute', () => {
    const plan = { commands: [clear], more: true };
    expect(withoutLoneClears(plan, NOW - 29_999, NOW)).toEqual({ commands: [], more: false });
    expect(withoutLoneClears(plan, NOW - 30_000, NOW)).toBe(plan);
    // A clock that was set back makes nothing wait.
    expect(withoutLoneClears(plan, NOW + 1, NOW)).toBe(plan);
  });

  it('is asked for everything else, and for clears while there is room', () => {
    const both = { commands: [mark, clear], more: false };
    expect(withoutLoneClears(both, NOW, NOW)).toBe(both);
    const plan = { commands: [clear], more: false };
    expect(withoutLoneClears(plan, null, NOW)).toBe(plan);
  });
});

describe('a portal that is paused', () => {
  it('reserves, fetches and marks nothing; what is held is adopted and cleared', () => {
    const part: Partial<PlanInput> = {
      snapshot: snapshot({
        clearable: [{ processId: 'p1', rowId: '1' }],
        failures: [failure('p1', 'm1')],
        marked: { since: NOW - DAY, dueAt: NOW - DAY },
      }),
      memory: calm({
        errorRowsFetchedAt: NOW - DAY,
        orphans: new Map([['p9', { afterRowId: null, rows: [] }]]),
        accounted: true,
        contentsSeen: seen('p1'),
      }),
    };
    expect(kinds(part)).toEqual(['adopt', 'adopt', 'reserve', 'mark', 'clear', 'fetch_error_rows']);
    expect(kinds({ ...part, paused: true })).toEqual(['adopt', 'adopt', 'clear']);
    expect(planRound(input({ paused: true }))).toEqual({ commands: [], more: false });
  });

  it('takes without reservations what was listed before, and lists no more', () => {
    const listed = { snapshot: snapshot({ journal: [journaled('1')] }), extended: false, paused: true };
    expect(kinds({ ...listed, memory: calm({ journalFresh: true }) })).toEqual(['take']);
    expect(kinds({ extended: false, paused: true })).toEqual([]);
  });
});

describe('row ids', () => {
  it('compare as the integers they are, of any length', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 30n }),
        fc.bigInt({ min: 1n, max: 10n ** 30n }),
        (a, b) => {
          expect(Math.sign(compareRowIds(String(a), String(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
        },
      ),
    );
    expect(largest(['9', '100', '23'])).toBe('100');
    expect(largest([])).toBeNull();
  });
});
