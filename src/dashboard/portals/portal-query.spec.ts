import { describe, expect, it } from '@jest/globals';
import { type PortalView } from '../live/snapshot.js';
import { portalsOf, portalsPath, readPortalQuery } from './portal-query.js';

const portal = (name: string, state: string, lagMs: number | null, dead = 0) =>
  ({
    portal: {
      memberId: `m-${name}`,
      name,
      domain: `${name}.test`,
      clientEndpoint: `https://${name}.test/rest/`,
      state,
      paused: null,
    },
    troubles: { dead },
    refused: [],
    lagMs,
  }) as unknown as PortalView;

const PORTALS = [
  portal('acme', 'active', 100),
  portal('bolt', 'suspended', null),
  portal('cove', 'active', 900, 3),
  portal('dune', 'unauthorized', 5),
];

describe('a query for portals', () => {
  it('comes back from its own address', () => {
    const query = readPortalQuery({
      q: 'ac',
      state: 'trouble',
      sort: 'lag',
      group: 'state',
      page: '2',
      span: 'day',
    });
    expect(query).toEqual({ text: 'ac', state: 'trouble', order: 'lag', group: true, page: 2, reach: 'day' });
    const fields = Object.fromEntries(new URL(portalsPath(query), 'http://x').searchParams);
    expect(readPortalQuery(fields)).toEqual(query);
    expect(portalsPath(readPortalQuery({ state: 'odd', sort: 'x', page: 'y', span: 'year' }))).toBe('/');
  });

  const names = (fields: Record<string, string>, held: string[] = []) =>
    portalsOf(PORTALS, readPortalQuery(fields), held).shown.map((view) => view.portal.name);

  it('filters, sorts and groups', () => {
    expect(names({})).toEqual(['bolt', 'dune', 'cove', 'acme']);
    expect(names({ sort: 'name' })).toEqual(['acme', 'bolt', 'cove', 'dune']);
    expect(names({ sort: 'lag' })).toEqual(['cove', 'acme', 'dune', 'bolt']);
    expect(names({ state: 'trouble' })).toEqual(['bolt', 'dune', 'cove']);
    expect(names({ state: 'active', sort: 'dead' })).toEqual(['cove', 'acme']);
    expect(names({ q: 'CO' })).toEqual(['cove']);
    expect(names({ group: 'state', sort: 'name' })).toEqual(['bolt', 'dune', 'acme', 'cove']);
  });

  it('keeps rows that somebody works with where they are, whatever became of them', () => {
    expect(names({ state: 'suspended' }, ['m-dune', 'm-bolt', 'm-gone'])).toEqual(['dune', 'bolt']);
  });

  it('has pages of fifty', () => {
    const many = Array.from({ length: 300 }, (_, index) =>
      portal(`p${String(index).padStart(3, '0')}`, 'active', 0),
    );
    const last = portalsOf(many, readPortalQuery({ page: '99', sort: 'name' }), []);
    expect(last).toMatchObject({ number: 6, pages: 6, matching: 300 });
    expect(last.shown[0]?.portal.name).toBe('p250');
  });
});
