import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from '../json/exact-json.js';
import { ExactNumber } from '../json/exact-number.js';
import { encodeCommand } from './batch.js';
import { RequestRefused, UnreadableAnswer } from './errors.js';
import {
  clearCommand,
  errorCommand,
  getCommand,
  listCommand,
  parseGetResult,
  parseListResult,
} from './offline-events.js';

const ANSWERED_AT = 1_800_000_000.75;
const ROW = {
  ID: '17',
  TIMESTAMP_X: '2024-07-18T12:32:31+02:00',
  EVENT_NAME: 'ONCRMDEALUPDATE',
  EVENT_DATA: { FIELDS: { ID: '123' } },
  EVENT_ADDITIONAL: { user_id: '1' },
  MESSAGE_ID: 'b0c7f7c2a3f1e4d5c6b7a8f9e0d1c2b3',
};
const read = (row: Record<string, unknown>): unknown =>
  parseGetResult({ process_id: 'p', events: [row] }, ANSWERED_AT).events[0];

describe('commands of the offline queue', () => {
  it('are written as the portal reads them', () => {
    expect(getCommand({ limit: 500, clear: false })).toEqual({
      method: 'event.offline.get',
      params: { limit: 500, clear: 0, error: 0 },
    });
    expect(
      getCommand({ limit: 7, clear: true, filter: { '<=ID': 9 }, order: { ID: 'ASC' }, error: true }).params,
    ).toEqual({ limit: 7, clear: 1, error: 1, filter: { '<=ID': 9 }, order: { ID: 'ASC' } });
    expect(getCommand({ limit: 7, clear: false, processId: 'p' }).params).toMatchObject({ process_id: 'p' });
    expect(listCommand({ filter: { '>PROCESS_ID': '' }, start: 50 })).toEqual({
      method: 'event.offline.list',
      params: { filter: { '>PROCESS_ID': '' }, start: 50 },
    });
    expect(listCommand().params).toEqual({});
    expect(clearCommand({ processId: 'p' }).params).toEqual({ process_id: 'p' });
    expect(clearCommand({ processId: 'p', ids: ['1', '2'] }).params).toEqual({
      process_id: 'p',
      id: ['1', '2'],
    });
    expect(errorCommand({ processId: 'p', messageIds: ['m'] })).toEqual({
      method: 'event.offline.error',
      params: { process_id: 'p', message_id: ['m'] },
    });
  });

  it('fit into one command of a batch with 500 ids', () => {
    const ids = Array.from({ length: 500 }, (_, i) => String(i + 1));
    for (const command of [
      clearCommand({ processId: 'p', ids }),
      errorCommand({ processId: 'p', messageIds: ids }),
    ]) {
      expect(encodeCommand(command.method, command.params).split('&')).toHaveLength(501);
    }
  });

  const tooMany = Array.from({ length: 501 }, (_, i) => String(i + 1));
  it.each<[string, () => unknown]>([
    ['a clear with an empty list, which means all', () => clearCommand({ processId: 'p', ids: [] })],
    ['a clear of too many', () => clearCommand({ processId: 'p', ids: tooMany })],
    ['a clear of no batch', () => clearCommand({ processId: ' ' })],
    ['a clear by message id', () => clearCommand({ processId: 'p', ids: ['b0c7'] })],
    ['a clear by text that PHP reads as a number', () => clearCommand({ processId: 'p', ids: ['1x'] })],
    ['an error for nothing', () => errorCommand({ processId: 'p', messageIds: [] })],
    ['an error for too many', () => errorCommand({ processId: 'p', messageIds: tooMany })],
    ['an error for pending rows', () => errorCommand({ processId: '', messageIds: ['m'] })],
    ['an error without message', () => errorCommand({ processId: 'p', messageIds: [''] })],
    ['a get that deletes a batch unseen', () => getCommand({ limit: 1, clear: true, processId: 'p' })],
    ['a get of no batch', () => getCommand({ limit: 1, clear: false, processId: '' })],
    ['a get of nothing', () => getCommand({ limit: 0, clear: false })],
    ['a negated filter', () => listCommand({ filter: { '!ID': 1 } })],
    ['a get filtered by batch', () => getCommand({ limit: 1, clear: false, filter: { '=PROCESS_ID': '' } })],
  ])('refuse %s', (_what, build) => {
    expect(build).toThrow(RequestRefused);
  });
});

describe('parseGetResult', () => {
  it('reads a row', () => {
    expect(parseGetResult({ process_id: 'a1', events: [ROW] }, ANSWERED_AT)).toEqual({
      processId: 'a1',
      events: [
        {
          rowId: '17',
          changedAt: 1721298751,
          event: 'ONCRMDEALUPDATE',
          data: { FIELDS: { ID: '123' } },
          userId: '1',
          messageId: 'b0c7f7c2a3f1e4d5c6b7a8f9e0d1c2b3',
        },
      ],
    });
    expect(parseGetResult({ process_id: null, events: [] }, ANSWERED_AT)).toEqual({
      processId: null,
      events: [],
    });
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    [
      'numbers for text',
      { ID: 17, MESSAGE_ID: 2, EVENT_NAME: 5 },
      { rowId: '17', messageId: '2', event: '5' },
    ],
    ['no data', { EVENT_DATA: false }, { data: null }],
    ['null data', { EVENT_DATA: null }, { data: null }],
    ['absent data', { EVENT_DATA: undefined }, { data: null }],
    ['an empty list as data', { EVENT_DATA: [] }, { data: [] }],
    ['text as data', { EVENT_DATA: 'x' }, { data: 'x' }],
    ['no user', { EVENT_ADDITIONAL: false }, { userId: null }],
    ['a list for a user', { EVENT_ADDITIONAL: [] }, { userId: null }],
    ['a null user', { EVENT_ADDITIONAL: { user_id: null } }, { userId: null }],
    ['a user in numbers', { EVENT_ADDITIONAL: { user_id: 1 } }, { userId: '1' }],
    ['no event', { EVENT_NAME: null }, { event: 'UNKNOWN' }],
    ['an event in small letters', { EVENT_NAME: 'OnTaskAdd' }, { event: 'ONTASKADD' }],
    ['an event of another name', { EVENT_NAME: '__proto__' }, { event: '__PROTO__' }],
    ['seconds for a time', { TIMESTAMP_X: 1721298751 }, { changedAt: 1721298751 }],
    ['a time in UTC', { TIMESTAMP_X: '2024-07-18T10:32:31Z' }, { changedAt: 1721298751 }],
    ['a time without offset', { TIMESTAMP_X: '2024-07-18T12:32:31' }, { changedAt: 1721305951 }],
    [
      'an impossible time',
      { TIMESTAMP_X: '2024-13-18T12:32:31+02:00' },
      { changedAt: 1_800_000_000, timeAssumed: true },
    ],
    ['no time', { TIMESTAMP_X: null }, { changedAt: 1_800_000_000, timeAssumed: true }],
    ['time zero', { TIMESTAMP_X: 0 }, { changedAt: 1_800_000_000, timeAssumed: true }],
  ])('forgives %s', (_what, odd, expected) => {
    expect(read({ ...ROW, ...odd })).toMatchObject(expected);
  });

  it('reads a list that PHP wrote as a map', () => {
    const { events } = parseGetResult({ process_id: 'p', events: { '3': ROW, '5': ROW } }, ANSWERED_AT);
    expect(events).toHaveLength(2);
  });

  it.each([
    [true],
    [null],
    [[]],
    [{}],
    [{ process_id: 'p' }],
    [{ process_id: 'p', events: false }],
    [{ process_id: 'p', events: [null] }],
    [{ process_id: 'p', events: [[]] }],
    [{ process_id: 'p', events: [{ ...ROW, ID: null }] }],
    [{ process_id: 'p', events: [ROW, { ...ROW, ID: '' }] }],
  ])('calls %j unreadable', (value) => {
    expect(() => parseGetResult(value, ANSWERED_AT)).toThrow(UnreadableAnswer);
  });

  it('names a row without a message id after the row', () => {
    const { events } = parseGetResult({ process_id: 'p', events: [{ ...ROW, MESSAGE_ID: '' }] }, ANSWERED_AT);
    expect(events.map(({ messageId }) => messageId)).toEqual(['unnamed-row-17']);
  });

  it('cuts what no portal stores: a long code keeps a hash, and a long message id is none', () => {
    const read = (row: object) =>
      parseGetResult({ process_id: 'p', events: [{ ID: '17', ...row }] }, 0).events[0];
    const [one, other] = ['a', 'b'].map(
      (end) => read({ EVENT_NAME: `ON${'X'.repeat(1_000_000)}${end}` })?.event,
    );
    expect(one).toMatch(/^ONX{998}…[0-9A-F]{16}$/);
    expect(other).toMatch(/^ONX{998}…[0-9A-F]{16}$/);
    expect(one).not.toBe(other);
    expect(read({ EVENT_NAME: `ON${'X'.repeat(998)}` })?.event).toBe(`ON${'X'.repeat(998)}`);
    expect(read({ MESSAGE_ID: 'm'.repeat(255) })?.messageId).toBe('m'.repeat(255));
    expect(read({ MESSAGE_ID: 'm'.repeat(256) })?.messageId).toBe('unnamed-row-17');
    expect(read({ EVENT_ADDITIONAL: { user_id: '1'.repeat(1_000_000) } })?.userId).toHaveLength(255);
    expect(() => read({ ID: '1'.repeat(1_000_000) })).toThrow('a row with an ID of 1000000 characters');
  });

  it('leaves no NUL in a text, which PostgreSQL would refuse together with the whole batch', () => {
    const row = {
      ...ROW,
      MESSAGE_ID: 'a\0b',
      EVENT_NAME: 'ONX\0',
      EVENT_ADDITIONAL: { user_id: '1\0' },
    };
    const { events } = parseGetResult({ process_id: 'p', events: [row] }, ANSWERED_AT);
    expect(events).toMatchObject([{ messageId: 'unnamed-row-17', event: 'ONX\ufffd', userId: '1\ufffd' }]);
  });

  it('either reads any JSON or calls it unreadable', () => {
    const odd = fc.jsonValue();
    const row = fc.record(
      {
        ID: odd,
        MESSAGE_ID: odd,
        TIMESTAMP_X: odd,
        EVENT_NAME: odd,
        EVENT_DATA: odd,
        EVENT_ADDITIONAL: odd,
        PROCESS_ID: odd,
        ERROR: odd,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(odd, fc.record({ process_id: odd, events: fc.array(fc.oneof(row, odd)) })),
        (value) => {
          try {
            for (const event of parseGetResult(value, ANSWERED_AT).events) {
              expect(Number.isSafeInteger(event.changedAt)).toBe(true);
              expect(event.rowId).not.toBe('');
            }
            parseListResult(value, ANSWERED_AT);
          } catch (error) {
            expect(error).toBeInstanceOf(UnreadableAnswer);
          }
        },
      ),
    );
  });
});

describe('a row with numbers instead of texts', () => {
  const rows = (text: string) => parseJson(text) as Record<string, unknown>;

  it('keeps every digit of its ids', () => {
    const big = '9007199254740993';
    const row = `{"ID":${big},"MESSAGE_ID":1${big},"PROCESS_ID":2${big},"EVENT_ADDITIONAL":{"user_id":${big}},
      "EVENT_DATA":{"FIELDS":{"ID":${big}}},"TIMESTAMP_X":1721298751.0,"ERROR":1.0}`;
    const [event] = parseGetResult(rows(`{"process_id":3${big},"events":[${row}]}`), ANSWERED_AT).events;
    expect(event).toMatchObject({
      rowId: big,
      messageId: `1${big}`,
      userId: big,
      changedAt: 1_721_298_751,
      data: { FIELDS: { ID: new ExactNumber(big) } },
    });
    expect(parseGetResult(rows(`{"process_id":3${big},"events":[${row}]}`), ANSWERED_AT).processId).toBe(
      `3${big}`,
    );
    const listed = parseListResult(Object.values(rows(`{"a":${row}}`)), ANSWERED_AT);
    expect(listed).toMatchObject([{ rowId: big, processId: `2${big}`, errored: true }]);
    expect(clearCommand({ processId: 'p', ids: [event?.rowId ?? ''] }).params['id']).toEqual([big]);
  });

  it('is named by the number, not by its spelling, where that is small', () => {
    const [event] = parseGetResult(rows('{"events":[{"ID":17.0,"MESSAGE_ID":"m"}]}'), ANSWERED_AT).events;
    expect(event?.rowId).toBe('17');
  });
});

describe('parseListResult', () => {
  it('reads whose row it is and whether it is marked', () => {
    const rows = [
      { ...ROW, PROCESS_ID: '', ERROR: '0' },
      { ...ROW, PROCESS_ID: 'a1', ERROR: 1 },
      { ...ROW, PROCESS_ID: null },
    ];
    expect(parseListResult(rows, ANSWERED_AT)).toMatchObject([
      { rowId: '17', processId: '', errored: false },
      { rowId: '17', processId: 'a1', errored: true },
      { rowId: '17', processId: '', errored: false },
    ]);
    expect(parseListResult([], ANSWERED_AT)).toEqual([]);
    expect(() => parseListResult(false, ANSWERED_AT)).toThrow(UnreadableAnswer);
  });
});
