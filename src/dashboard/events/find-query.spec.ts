import { describe, expect, it } from '@jest/globals';
import { type Portal } from '../../portals/portal-record.js';
import { type Fields } from '../session/dashboard-request.js';
import { findPath, type FindQuery, readFindQuery, searchOf } from './find-query.js';

const acme = { name: 'acme', memberId: 'm1' } as Portal;
const portals = {
  byName: (name: string) => (name === 'acme' ? acme : undefined),
  get: (memberId: string) => (memberId === 'm1' ? acme : undefined),
};
const fieldsOf = (path: string): Fields => Object.fromEntries(new URL(path, 'http://x').searchParams);
const query = (more: Partial<FindQuery>) => ({ ...readFindQuery({}), ...more });

describe('a search over all events', () => {
  it('comes back from its own address', () => {
    const asked = readFindQuery({
      q: ' deal 123 ',
      state: 'superseded',
      portal: 'acme',
      event: 'oncrmdealadd',
      from: '2026-11-29 14:00',
      to: '2026-11-30',
    });
    expect(readFindQuery(fieldsOf(findPath(asked, { cursor: '5-7' })))).toEqual(asked);
    expect(fieldsOf(findPath(asked, { cursor: '5-7' }))['after']).toBe('5-7');
    expect(findPath(readFindQuery({ state: 'nonsense' }))).toBe('/events/all');
    expect(findPath(query({ q: 'x' }), { file: 'csv' })).toBe('/events/all/export/csv?q=x');
  });

  it('narrows by what was said only', () => {
    expect(searchOf(query({}), portals)).toEqual({ query: {} });
    expect(
      searchOf(
        query({
          q: 'deal 123',
          state: 'dead',
          portal: 'm1',
          event: 'A, B',
          from: '2026-11-29',
          to: '2026-11-29T14:00+03:00',
        }),
        portals,
      ),
    ).toEqual({
      query: {
        text: 'deal 123',
        states: ['dead'],
        portals: ['m1'],
        codes: ['A', 'B'],
        from: Date.UTC(2026, 10, 29),
        to: Date.UTC(2026, 10, 29, 11),
      },
    });
  });

  it.each([
    [{ portal: 'nobody' }, 'nobody'],
    [{ from: 'yesterday' }, 'yesterday'],
    [{ to: '29.11.2026' }, '29.11.2026'],
  ])('says what could not be read: %j', (more, unreadable) => {
    expect(searchOf(query(more), portals)).toEqual({ unreadable });
  });
});
