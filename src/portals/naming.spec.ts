import { describe, expect, it } from '@jest/globals';
import { type Named, nameOfInstallation, renamedByPins } from './naming.js';
import { faultOfPins, PinnedNames } from './pinned-names.js';

const portal = (memberId: string, name: string, changes: Partial<Named> = {}): Named => ({
  memberId,
  name,
  formerName: null,
  clientEndpoint: `https://${name}.test/rest/`,
  state: 'active',
  stateSince: 0,
  ...changes,
});
const installs = (
  all: readonly Named[],
  memberId = 'bbbbbbbb22',
  clientEndpoint = 'https://acme.test/rest/',
  pins: string[] = [],
) => nameOfInstallation({ memberId, clientEndpoint }, ['acme', 'portalbbbbbbbb'], all, new PinnedNames(pins));
const ITS_OWN = { formerName: null, displaced: null, missed: null };

describe('the name of an installation', () => {
  it('is the first that it proposes and nobody has', () => {
    expect(installs([])).toEqual({ ...ITS_OWN, name: 'acme' });
  });

  const DEAD = ['uninstalled', 'unauthorized', 'not_allowed'] as const;
  it.each(DEAD)('passes on from a portal that is %s to the next one at its address', (state) => {
    expect(installs([portal('AAAAAAAA11', 'acme', { state })])).toEqual({
      ...ITS_OWN,
      name: 'acme',
      displaced: {
        memberId: 'AAAAAAAA11',
        from: 'acme',
        name: 'acme-old-aaaaaaaa',
        formerName: 'acme',
        evenAlive: false,
      },
    });
  });

  it.each(DEAD)('stays with a portal that is %s where another one would be called so elsewhere', (state) => {
    for (const elsewhere of ['https://acme.evil.test/rest/', 'https://acme.test/b24/rest/']) {
      expect(installs([portal('aaaaaaaa11', 'acme', { state })], 'bbbbbbbb22', elsewhere)).toEqual({
        ...ITS_OWN,
        name: 'portalbbbbbbbb',
        missed: 'acme',
      });
    }
  });

  it.each(['active', 'suspended', 'unlicensed'] as const)('stays with a portal that is %s', (state) => {
    expect(installs([portal('aaaaaaaa11', 'acme', { state })])).toEqual({
      ...ITS_OWN,
      name: 'portalbbbbbbbb',
      missed: 'acme',
    });
  });

  it('is that of the last portal at its address, whatever that was called', () => {
    const at = { clientEndpoint: 'https://acme.test/rest/', state: 'uninstalled' } as const;
    const all = [
      portal('first', 'portalfirst', { ...at, stateSince: 1 }),
      portal('last', 'erp', { ...at, stateSince: 2 }),
      portal('elsewhere', 'acme', { ...at, clientEndpoint: 'https://acme.test/b24/rest/', stateSince: 3 }),
    ];
    expect(installs(all)).toMatchObject({
      name: 'erp',
      displaced: { memberId: 'last', name: 'erp-old-last' },
    });
  });

  it('is found where every other one is taken', () => {
    const all = [portal('a', 'acme'), portal('b', 'portalbbbbbbbb')];
    expect(installs(all)).toMatchObject({ name: 'portalbbbbbbbb22', missed: 'acme' });
    all.push(portal('c', 'portalbbbbbbbb22'), portal('d', 'portalbbbbbbbb22-2'));
    expect(installs(all)).toMatchObject({ name: 'portalbbbbbbbb22-3', missed: 'acme' });
  });

  it('of a portal that comes back is the one that it has', () => {
    const all = [
      portal('bbbbbbbb22', 'mine', { state: 'uninstalled' }),
      portal('a', 'acme', { state: 'uninstalled' }),
    ];
    expect(installs(all)).toEqual({ ...ITS_OWN, name: 'mine' });
  });

  it('of a portal that comes back after its name has passed on is its own again, if nobody alive has it', () => {
    const back = portal('bbbbbbbb22', 'acme-old-bbbbbbbb', { formerName: 'acme', state: 'uninstalled' });
    expect(installs([back, portal('aaaaaaaa11', 'acme')])).toEqual({
      name: 'acme-old-bbbbbbbb',
      formerName: 'acme',
      displaced: null,
      missed: 'acme',
    });
    expect(installs([back, portal('aaaaaaaa11', 'acme', { state: 'unauthorized' })])).toEqual({
      ...ITS_OWN,
      name: 'acme',
      displaced: {
        memberId: 'aaaaaaaa11',
        from: 'acme',
        name: 'acme-old-aaaaaaaa',
        formerName: 'acme',
        evenAlive: false,
      },
    });
    expect(installs([back])).toEqual({ ...ITS_OWN, name: 'acme' });
  });
});

describe('a name that is pinned', () => {
  const MEMBER = 'b'.repeat(32);
  const SQUATTER = 'a'.repeat(32);
  const squatter = portal(SQUATTER, 'acme', { clientEndpoint: 'https://acme.evil.test/rest/' });
  const displaced = {
    memberId: SQUATTER,
    from: 'acme',
    name: 'acme-old-aaaaaaaa',
    formerName: 'acme',
    evenAlive: true,
  };

  it.each([`${MEMBER}=acme`, 'acme.test=acme', 'ACME.test:443=acme'])(
    '(%s) is given to nobody else',
    (pin) => {
      const others = installs([], SQUATTER, 'https://acme.evil.test/rest/', [pin]);
      expect(others).toEqual({ ...ITS_OWN, name: 'portalbbbbbbbb', missed: 'acme' });
      expect(installs([], MEMBER, 'https://acme.test/rest/', [pin])).toEqual({ ...ITS_OWN, name: 'acme' });
    },
  );

  it.each([`${MEMBER}=acme`, 'acme.test=acme'])('(%s) is taken from whoever has it, alive or not', (pin) => {
    for (const state of ['active', 'uninstalled'] as const) {
      expect(installs([{ ...squatter, state }], MEMBER, 'https://acme.test/rest/', [pin])).toEqual({
        ...ITS_OWN,
        name: 'acme',
        displaced,
      });
      // Known by another name, it gets it, too.
      const known = portal(MEMBER, 'portalbbbbbbbb', { clientEndpoint: 'https://acme.test/rest/' });
      expect(installs([squatter, known], MEMBER, 'https://acme.test/rest/', [pin])).toMatchObject({
        name: 'acme',
        displaced,
      });
    }
  });

  it('stays with the one at the address that has it and is alive', () => {
    const first = portal('cccccccc33', 'acme');
    const naming = installs([first], MEMBER, 'https://acme.test/rest/', ['acme.test=acme']);
    expect(naming).toEqual({ ...ITS_OWN, name: 'portalbbbbbbbb', missed: 'acme' });
  });

  it('is not given back to who was displaced', () => {
    const back = {
      ...squatter,
      name: 'acme-old-aaaaaaaa',
      formerName: 'acme',
      state: 'uninstalled',
    } as const;
    expect(installs([back], SQUATTER, back.clientEndpoint, [`${MEMBER}=acme`])).toEqual({
      name: 'acme-old-aaaaaaaa',
      formerName: 'acme',
      displaced: null,
      missed: 'acme',
    });
  });

  const restart = (all: readonly Named[], ...pins: string[]) =>
    renamedByPins(all, new PinnedNames(pins)).map(({ from, name, formerName }) => [from, name, formerName]);

  it('is where it belongs after a start', () => {
    const mine = portal(MEMBER, 'portalbbbbbbbb', { clientEndpoint: 'https://acme.test/rest/' });
    const moved = [
      ['acme', 'acme-old-aaaaaaaa', 'acme'],
      ['portalbbbbbbbb', 'acme', null],
    ];
    expect(restart([squatter, mine], `${MEMBER}=acme`)).toEqual(moved);
    expect(restart([squatter, mine], 'acme.test=acme')).toEqual(moved);
    expect(restart([mine], 'acme.test=acme')).toEqual([['portalbbbbbbbb', 'acme', null]]);
    expect(restart([{ ...mine, name: 'acme' }], 'acme.test=acme')).toEqual([]);
    // Nobody is there yet: of a member it is known that the squatter is another one.
    expect(restart([squatter], `${MEMBER}=acme`)).toEqual([['acme', 'acme-old-aaaaaaaa', 'acme']]);
    expect(restart([squatter], 'acme.test=acme')).toEqual([]);
    // Of several at the address the one that is alive.
    const gone = portal('cccccccc33', 'acme', { state: 'uninstalled' });
    expect(restart([gone, mine], 'acme.test=acme')).toEqual([
      ['acme', 'acme-old-cccccccc', 'acme'],
      ['portalbbbbbbbb', 'acme', null],
    ]);
  });

  it('is exchanged for another one', () => {
    const all = [portal(SQUATTER, 'left'), portal(MEMBER, 'right')];
    const names = new Map(all.map(({ name }) => [name, name]));
    for (const { from, name } of renamedByPins(
      all,
      new PinnedNames([`${SQUATTER}=right`, `${MEMBER}=left`]),
    )) {
      const taken = [...names.values()];
      expect(taken).toContain(from);
      expect(taken).not.toContain(name);
      for (const [first, present] of names) if (present === from) names.set(first, name);
    }
    expect([...names]).toEqual([
      ['left', 'right'],
      ['right', 'left'],
    ]);
  });

  it.each([
    [['acme.test=acme', 'b.test=acme'], 'two portals cannot both be acme'],
    [['acme.test=acme', 'ACME.test=b'], 'ACME.test has two names'],
    [[`${MEMBER}=a`, `${MEMBER.toUpperCase()}=b`], `${MEMBER.toUpperCase()} has two names`],
    [['acme.test'], 'acme.test is none'],
    [['acme.test=A'], 'acme.test=A is none'],
    [['acme.test=a.b'], 'acme.test=a.b is none'],
    [['acme.test=12'], 'acme.test=12 is none'],
    [['acme.test=a=b'], 'acme.test=a=b is none'],
    [['https://acme.test=a'], 'https://acme.test=a is none'],
    [['=a'], '=a is none'],
    [['портал.рф=portal', `${MEMBER}=acme`, 'host:8443/b24=crm'], null],
  ])('%j: %s', (entries, fault) => {
    expect(faultOfPins(entries)).toBe(fault);
  });
});
