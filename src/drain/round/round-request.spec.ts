import { describe, expect, it } from '@jest/globals';
import { type CommandOutcome, encodeBatch } from '../../bitrix24/batch.js';
import { OutcomeUnknown, UnreadableAnswer } from '../../bitrix24/errors.js';
import { type RoundCommand } from './round-command.js';
import { leavesDoubt, readResults, roundRequest } from './round-request.js';

const EVERY: readonly RoundCommand[] = [
  { kind: 'scan', after: '', before: 'p1' },
  { kind: 'scan', after: 'p1', before: null },
  { kind: 'adopt', processId: 'p1', errored: true, afterRowId: null, limit: 501 },
  { kind: 'adopt', processId: 'p1', errored: true, afterRowId: '50', limit: 501 },
  { kind: 'adopt_by_list', processId: 'p1', afterRowId: null },
  { kind: 'adopt_by_list', processId: 'p1', afterRowId: '50' },
  { kind: 'verify', processId: 'p1' },
  { kind: 'reserve', limit: 500 },
  { kind: 'mark', processId: 'p1', messageIds: ['m1', 'm&2'] },
  { kind: 'clear', processId: 'p1', rowIds: ['7', '8'] },
  { kind: 'fetch_error_rows', limit: 500 },
  { kind: 'take', lastRowId: '99', limit: 3, errored: false },
  { kind: 'list', start: 50, errored: true },
  { kind: 'check_features' },
  { kind: 'check_bindings' },
  { kind: 'check_installation' },
  { kind: 'check_reservations' },
];
const plan = (...commands: RoundCommand[]) => ({ commands, more: false });

describe('a round as a batch request', () => {
  it('carries each command as the portal reads it', () => {
    const texts = Object.entries(encodeBatch(roundRequest(plan(...EVERY)))).map(
      ([name, text]) => `${name} ${decodeURIComponent(text)}`,
    );
    expect(texts).toEqual([
      'c0 event.offline.list?filter[>PROCESS_ID]=&filter[<PROCESS_ID]=p1&order[ID]=ASC',
      'c1 event.offline.list?filter[>PROCESS_ID]=p1&order[ID]=ASC',
      'c2 event.offline.get?limit=501&clear=0&error=1&process_id=p1&order[ID]=ASC',
      'c3 event.offline.get?limit=501&clear=0&error=1&process_id=p1&filter[>ID]=50&order[ID]=ASC',
      'c4 event.offline.list?filter[=PROCESS_ID]=p1&order[ID]=ASC',
      'c5 event.offline.list?filter[=PROCESS_ID]=p1&filter[>ID]=50&order[ID]=ASC',
      'c6 event.offline.get?limit=1000000&clear=0&error=0&process_id=p1',
      'c7 event.offline.get?limit=500&clear=0&error=0&order[TIMESTAMP_X]=ASC&order[ID]=ASC',
      'c8 event.offline.error?process_id=p1&message_id[0]=m1&message_id[1]=m&2',
      'c9 event.offline.clear?process_id=p1&id[0]=7&id[1]=8',
      'c10 event.offline.get?limit=500&clear=0&error=1',
      'c11 event.offline.get?limit=3&clear=1&error=0&filter[<=ID]=99&order[ID]=ASC',
      'c12 event.offline.list?filter[=PROCESS_ID]=&filter[=ERROR]=1&order[ID]=ASC&start=50',
      'c13 feature.get?CODE=rest_offline_extended',
      'c14 event.get',
      'c15 app.info',
      `c16 event.offline.get?limit=1&clear=0&error=0&process_id=${'0'.repeat(32)}`,
    ]);
  });

  it('never deletes but by naming rows, or exactly what was listed', () => {
    for (const { method, params } of roundRequest(plan(...EVERY))) {
      if (method === 'event.offline.clear') expect(params['id']).not.toHaveLength(0);
      if (params['clear'] === 1) expect(params).toHaveProperty(['filter', '<=ID']);
    }
  });

  it('leaves doubt with everything that changes the portal', () => {
    const doubtful = new Set(EVERY.filter(leavesDoubt).map(({ kind }) => kind));
    expect(doubtful).toEqual(new Set(['reserve', 'mark', 'clear', 'fetch_error_rows', 'take']));
  });
});

const row = (part: Record<string, unknown> = {}) => ({
  ID: '17',
  TIMESTAMP_X: '2024-07-18T12:32:31+02:00',
  EVENT_NAME: 'ONCRMDEALUPDATE',
  EVENT_DATA: { FIELDS: { ID: '123' } },
  EVENT_ADDITIONAL: { user_id: '1' },
  MESSAGE_ID: 'm1',
  ...part,
});
const event = {
  rowId: '17',
  changedAt: 1_721_298_751,
  event: 'ONCRMDEALUPDATE',
  data: { FIELDS: { ID: '123' } },
  userId: '1',
  messageId: 'm1',
};

describe("the portal's answer to a round", () => {
  const read = (command: RoundCommand, outcome?: CommandOutcome) => {
    const outcomes = new Map(outcome === undefined ? [] : [['c0', outcome]]);
    const { results, ...asked } = readResults(plan(command), outcomes, 1_721_300_000);
    return { result: results[0], ...asked };
  };
  const answer = (result: unknown, total: number | null = null) => ({ result, next: null, total });
  const reserve = { kind: 'reserve', limit: 5 } as const;
  const list = { kind: 'list', start: 0, errored: false } as const;

  it.each(
    EVERY.filter(({ kind }) => ['adopt', 'verify', 'reserve', 'fetch_error_rows', 'take'].includes(kind)),
  )('gives the rows and the batch of $kind', (command) => {
    const { result } = read(command, answer({ process_id: 'p9', events: [row()] }));
    expect(result).toEqual({ command, failed: false, processId: 'p9', events: [event] });
  });

  it.each(EVERY.filter(({ kind }) => ['scan', 'adopt_by_list', 'list'].includes(kind)))(
    'gives the page of $kind',
    (command) => {
      const listed = row({ PROCESS_ID: 'p9', ERROR: '1' });
      expect(read(command, answer([listed], 120)).result).toEqual({
        command,
        failed: false,
        rows: [{ ...event, processId: 'p9', errored: true }],
        total: 120,
      });
      expect(read(command, answer([listed])).result).toMatchObject({ total: 1 });
    },
  );

  it('needs no content for marks and clears', () => {
    for (const command of EVERY.filter(({ kind }) => kind === 'mark' || kind === 'clear'))
      expect(read(command, answer(true)).result).toEqual({ command, failed: false });
  });

  it('hands the answers to checks on as they are', () => {
    expect(read({ kind: 'check_features' }, answer({ value: 'Y' })).checks).toEqual({
      features: { value: 'Y' },
    });
    expect(read({ kind: 'check_bindings' }, answer([])).checks).toEqual({ bindings: [] });
    const installation = { INSTALLED: true };
    expect(read({ kind: 'check_installation' }, answer(installation)).checks).toEqual({ installation });
    expect(read({ kind: 'check_reservations' }, answer({ events: [] })).checks).toEqual({
      reservations: { events: [] },
    });
    expect(read(reserve, answer({ events: [] })).checks).toEqual({});
  });

  it.each([
    ['no map', reserve, 'gone'],
    ['no events', reserve, { process_id: 'p9' }],
    ['a row that is no map', reserve, { process_id: 'p9', events: ['x'] }],
    ['a row without an id', reserve, { process_id: 'p9', events: [row({ ID: '' })] }],
    ['a listed row without an id', list, [row({ ID: null })]],
    ['no list', list, null],
    ['a number', list, 7],
  ])('is a failure of unknown outcome where it cannot be read: %s', (_name, command, content) => {
    const { result } = read(command, answer(content));
    expect(result).toMatchObject({
      failed: true,
      failure: { action: 'unknown-outcome', executed: 'unknown' },
    });
  });

  it('is a failure of unknown outcome where it lacks a command', () => {
    const { result } = read(reserve);
    expect(result?.failed === true && result.failure).toBeInstanceOf(UnreadableAnswer);
  });

  it("passes a command's own failure on", () => {
    const error = new OutcomeUnknown({ method: 'event.offline.get', code: 'X' });
    expect(read(reserve, { error }).result).toEqual({ command: reserve, failed: true, failure: error });
  });

  it('forgives what one row is missing', () => {
    const odd = row({ TIMESTAMP_X: 'soon', EVENT_DATA: false, EVENT_ADDITIONAL: false, EVENT_NAME: '' });
    expect(read(reserve, answer({ process_id: null, events: { 3: odd } })).result).toMatchObject({
      processId: null,
      events: [{ changedAt: 1_721_300_000, data: null, userId: null, event: 'UNKNOWN' }],
    });
  });
});
