import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyText } from '../../test/support/any-text.js';
import { encodeBatch, encodeCommand, isFailed, parseBatchAnswer, type BatchCommand } from './batch.js';
import { PortalError, PortalThrottled, RequestRefused, UnreadableAnswer } from './errors.js';

/** Reads a command as PHP does: parse_url cuts at a bare '#', parse_str splits, decodes, then nests. */
function readAsPhp(command: string): { method: string; params: Record<string, unknown> } {
  const [method = '', query = ''] = (command.split('#')[0] ?? '').split('?', 2);
  const params: Record<string, unknown> = {};
  for (const pair of query === '' ? [] : query.split('&').slice(0, 1000)) {
    const [name = '', value = ''] = pair
      .split('=', 2)
      .map((part) => decodeURIComponent(part.replace(/\+/g, ' ')));
    const [first = '', ...rest] = [...name.matchAll(/^[^[]+|\[([^\]]*)\]/g)].map((m) => m[1] ?? m[0]);
    let target = params;
    let key = first;
    for (const next of rest) {
      target = (target[key] ??= {}) as Record<string, unknown>;
      key = next;
    }
    target[key] = value;
  }
  return { method, params };
}

const commands = (...names: string[]): BatchCommand[] =>
  names.map((name) => ({ name, method: 'event.offline.get', params: {} }));

describe('encodeCommand', () => {
  it('nests lists and maps in brackets', () => {
    expect(encodeCommand('event.offline.error', { process_id: 'p', message_id: ['a', 'b'] })).toBe(
      'event.offline.error?process_id=p&message_id[0]=a&message_id[1]=b',
    );
    expect(encodeCommand('event.offline.list', { filter: { '>PROCESS_ID': '', '<=ID': 7 } })).toBe(
      'event.offline.list?filter[%3EPROCESS_ID]=&filter[%3C%3DID]=7',
    );
    expect(encodeCommand('m', { yes: true, no: false, none: null, unset: undefined, big: 10n })).toBe(
      'm?yes=1&no=0&big=10',
    );
    expect(encodeCommand('events', {})).toBe('events');
  });

  it('brings any text through the way that PHP reads a command', () => {
    fc.assert(
      fc.property(
        fc.array(anyText({ maxLength: 40 }), { minLength: 1, maxLength: 20 }),
        fc.dictionary(fc.stringMatching(/^[<>=]{0,2}[A-Z_#&%+ ]{1,9}$/), fc.string({ unit: 'grapheme' }), {
          minKeys: 1,
        }),
        (list, filter) => {
          fc.pre(![...list, ...Object.values(filter)].some((text) => text.includes('$result[')));
          const read = readAsPhp(encodeCommand('a.b', { message_id: list, filter, last: 'x' }));
          expect(read).toEqual({
            method: 'a.b',
            params: { message_id: { ...list }, filter: { ...filter }, last: 'x' },
          });
        },
      ),
    );
  });

  it.each<[string, Record<string, unknown>]>([
    ['an empty list, which would mean every row', { id: [] }],
    ['a nested empty list', { filter: { x: [] } }],
    ['brackets in a name', { filter: { 'a]b': 1 } }],
    ['a dot in a name, which PHP turns into _', { 'a.b': 1 }],
    ['a reference to an earlier result', { message_id: ['$result[get][process_id]'] }],
    ['half a surrogate pair', { message_id: ['\ud800'] }],
    ['no number', { limit: Number.NaN }],
    ['a function', { limit: () => 1 }],
  ])('refuses %s', (_what, params) => {
    expect(() => encodeCommand('event.offline.clear', params)).toThrow(RequestRefused);
  });

  it('refuses more variables than PHP reads', () => {
    const ids = (count: number): unknown => Array.from({ length: count }, (_, i) => i);
    expect(() => encodeCommand('m', { process_id: 'p', id: ids(999) })).not.toThrow();
    expect(() => encodeCommand('m', { process_id: 'p', id: ids(1000) })).toThrow(/1001 variables/);
  });
});

describe('encodeBatch', () => {
  it('refuses what a portal would not run as meant', () => {
    const many = (count: number): BatchCommand[] =>
      commands(...Array.from({ length: count }, (_, i) => `c${i}`));
    expect(Object.keys(encodeBatch(many(50)))).toHaveLength(50);
    expect(() => encodeBatch(many(51))).toThrow(RequestRefused);
    expect(() => encodeBatch([])).toThrow(RequestRefused);
    expect(() => encodeBatch(commands('a', 'a'))).toThrow(/two commands/);
    expect(() => encodeBatch(commands('0'))).toThrow(/command name/);
    expect(() => encodeBatch([{ name: 'a', method: 'batch', params: {} }])).toThrow(/inside/);
    expect(() => encodeBatch([{ name: 'a', method: 'x?y', params: {} }])).toThrow(/method name/);
  });
});

describe('parseBatchAnswer', () => {
  it('gives every command its result or its error', () => {
    const outcomes = parseBatchAnswer(
      {
        result: {
          result: { a: null, c: [] },
          result_error: { b: { error: 'OPERATION_TIME_LIMIT', error_description: 'blocked' } },
          result_total: { c: '120' },
          result_next: { c: 50 },
          result_time: [],
        },
      },
      commands('a', 'b', 'c'),
      { resets: new Map([['b', 77]]) },
    );
    expect([...outcomes.keys()]).toEqual(['a', 'b', 'c']);
    expect(outcomes.get('a')).toEqual({ result: null, next: null, total: null });
    expect(outcomes.get('c')).toEqual({ result: [], next: 50, total: 120 });
    const failed = outcomes.get('b');
    expect(failed !== undefined && isFailed(failed) && failed.error).toBeInstanceOf(PortalThrottled);
    expect(failed).toMatchObject({ error: { until: 77, method: 'event.offline.get' } });
  });

  it('takes an empty list for an empty map, and does not make up outcomes', () => {
    const outcomes = parseBatchAnswer(
      { result: { result: [], result_error: [] } },
      commands('a', 'toString'),
    );
    for (const name of ['a', 'toString']) {
      expect(outcomes.get(name)).toMatchObject({ error: { action: 'unknown-outcome', executed: 'unknown' } });
    }
  });

  it('knows that nothing ran after a halt', () => {
    const body = { result: { result: [], result_error: { b: { error: 'ERROR_ARGUMENT' } } } };
    const halted = parseBatchAnswer(body, commands('a', 'b', 'c'), { halt: true });
    expect(halted.get('a')).toMatchObject({ error: { executed: 'unknown' } });
    expect(halted.get('b')).toMatchObject({ error: { action: 'bug', executed: 'no' } });
    expect(halted.get('c')).toMatchObject({ error: { action: 'retry', executed: 'no' } });
    const not = parseBatchAnswer(body, commands('a', 'b', 'c'));
    expect(not.get('c')).toMatchObject({ error: { executed: 'unknown' } });
  });

  it.each([
    [null],
    ['x'],
    [{}],
    [{ result: [] }],
    [{ result: true }],
    [{ result: {} }],
    [{ result: { result: ['x'] } }],
    [{ result: { result: {}, result_error: 'no' } }],
  ])('calls %j unreadable', (body) => {
    expect(() => parseBatchAnswer(body, commands('a'))).toThrow(UnreadableAnswer);
  });

  it('bears an error that is no map', () => {
    const outcomes = parseBatchAnswer({ result: { result: {}, result_error: { a: 'oops' } } }, commands('a'));
    const outcome = outcomes.get('a');
    expect(outcome !== undefined && isFailed(outcome) && outcome.error).toBeInstanceOf(PortalError);
    expect(outcome).toMatchObject({ error: { executed: 'unknown' } });
  });
});
