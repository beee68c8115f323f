import { describe, expect, it } from '@jest/globals';
import { TROUBLED } from '../../ledger/trouble.js';
import { eventsPath, filterOf, readChoice, readTroubleQuery, readPageMark } from './trouble-query.js';
import { ownPath } from '../session/own-path.js';
import { type Fields } from '../session/dashboard-request.js';

const fieldsOf = (path: string): Fields => {
  const fields: Record<string, string[]> = {};
  for (const [name, value] of new URL(path, 'http://x').searchParams) (fields[name] ??= []).push(value);
  return fields;
};

describe('a query for events', () => {
  it('comes back from its own address', () => {
    const query = readTroubleQuery({
      state: ['dead', 'waiting'],
      portal: 'acme',
      event: 'oncrmdealadd',
      q: ' a & b ',
    });
    expect(query).toEqual({
      states: ['waiting', 'dead'],
      portal: 'acme',
      event: 'ONCRMDEALADD',
      text: 'a & b',
      reason: null,
      order: 'latest',
      group: false,
    });
    const path = eventsPath(query, { stateAt: 5, seq: 7 });
    expect(readTroubleQuery(fieldsOf(path))).toEqual(query);
    expect(readPageMark(fieldsOf(path))).toEqual({ stateAt: 5, seq: 7 });
    expect(eventsPath(readTroubleQuery({}))).toBe('/events');
  });

  it.each([{}, { state: 'published' }, { state: [] }, { after: '1' }])(
    'is about everything that went wrong where it says nothing usable: %j',
    (fields) => {
      expect(readTroubleQuery(fields).states).toEqual(TROUBLED);
      expect(readPageMark(fields)).toBeUndefined();
    },
  );

  it('finds nothing at a portal that nobody knows', () => {
    const nobody = { byName: () => undefined };
    expect(filterOf(readTroubleQuery({ portal: 'x' }), nobody)).toBeNull();
    expect(filterOf(readTroubleQuery({ event: 'A, B', q: 't' }), nobody)).toEqual({
      states: TROUBLED,
      events: ['A', 'B'],
      text: 't',
    });
  });
});

describe('a reason', () => {
  it.each(['customer 42 is unknown', 'first line\nsecond & 100 %', ''])(
    'comes back from a form and an address as it was: %j',
    (reason) => {
      const query = { ...readTroubleQuery({}), reason, order: 'oldest', group: true } as const;
      expect(readTroubleQuery(fieldsOf(eventsPath(query)))).toEqual(query);
      const choice = readChoice({ ofReason: encodeURIComponent(reason), portal: 'acme' });
      expect(choice).toMatchObject({ query: { reason, portal: 'acme' } });
      const nobody = { byName: () => undefined };
      expect(filterOf({ ...query, portal: '' }, nobody)).toMatchObject({
        reason: reason === '' ? null : reason,
      });
    },
  );
});

describe('a choice of events', () => {
  it.each([
    [
      { seq: ['3.dead.5', '1', '3.dead.5', 'x', '-1', '4.dead'] },
      {
        seen: [
          { seq: 3, state: 'dead', attempt: 5 },
          { seq: 1, state: null, attempt: null },
        ],
      },
    ],
    [{ seq: '3', only: '5.waiting.2' }, { seen: [{ seq: 5, state: 'waiting', attempt: 2 }] }],
    [{}, { seen: [] }],
    [
      { seq: '1', scope: 'matching', upTo: '9' },
      { query: readTroubleQuery({}), upToSeq: 9 },
    ],
  ])('of %j', (fields, choice) => {
    expect(readChoice(fields as Fields)).toEqual(choice);
  });
});

it.each([
  ['/events?state=dead', '/events?state=dead'],
  ['', '/'],
  ['//x', '/'],
  ['/\\x', '/'],
  ['/a\\b', '/'],
  ['https://x', '/'],
  ['/a\r\nb', '/'],
])('the way back of %j is %s', (text, path) => {
  expect(ownPath(text)).toBe(path);
});
