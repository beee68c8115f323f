import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EmulatedPortal } from '../../emulator/index.js';
import { run } from '../cli/in-process.js';
import { type LogLine } from '../support/test-bridge.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { install, linesOf, openBeforeInstall, portalRow } from '../support/before-install.js';

/** Consumers have bound `acme.#`: what comes under it is acme's. Each test has portals of its own. */
describe('the name of a portal', () => {
  const memberId = 'c'.repeat(32);
  let system: TestSystem;
  /** Has the name of another, which is installed as well, until PORTAL_NAMES says whose it is. */
  let squatted: { portal: EmulatedPortal; squatter: EmulatedPortal; keys: unknown[] };
  let doctor = '';
  /** Has the name of another, which is not there yet. */
  let early: EmulatedPortal;

  let lastId = 0;
  const keyOf = async (portal: EmulatedPortal) => {
    lastId += 1;
    const id = String(lastId);
    portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: id } }, userId: '1' });
    await until(`event ${id}`, () => system.delivered().has(id));
    return system.downstream.received.find(({ objectId }) => objectId === id)?.routingKey.split('.')[0];
  };
  const row = (portal: EmulatedPortal) => portalRow(system.bridge, portal.memberId);
  const fallback = (portal: EmulatedPortal) => `portal${portal.memberId.slice(0, 8)}`;
  const add = (name: string) => system.emulator.addPortal({ name });
  const hostileTo = (name: string, site = `${name}.evil.localhost`) =>
    system.emulator.addPortal({ name: `hostile-to-${name}`, site });
  const aboutOneOf = (event: string, ...portals: EmulatedPortal[]): LogLine['message'][] =>
    linesOf(system.bridge, event)
      .map(({ message }) => message)
      .filter((message) => portals.some((portal) => portal.memberId === message['memberId']));
  const start = async () => {
    system.bridge.start();
    // Portals that install the application before are told to come again.
    await system.ready();
  };

  beforeAll(async () => {
    system = await openBeforeInstall();
    early = hostileTo('late');
    await install(system, early);
    const squatter = hostileTo('acme');
    await install(system, squatter);
    await install(system);
    const { portal } = system;
    const pin = `${portal.memberId}=acme`;
    squatted = { portal, squatter, keys: [await keyOf(squatter), await keyOf(portal)] };
    ({ stdout: doctor } = await run(system.bridge, ['doctor'], { PORTAL_NAMES: pin }));
    await system.bridge.stop();
    const pins = [pin, 'late.localhost=late', 'BRAVO.localhost=trade', `${memberId}=sales`];
    system.bridge.settings['PORTAL_NAMES'] = pins.join(',');
    await start();
  });
  afterAll(() => system.close());

  it.each(['uninstalled', 'revoked'] as const)('is not left to another host while it is %s', async (how) => {
    const portal = add(how);
    await install(system, portal);
    if (how === 'revoked') portal.revoke();
    else await portal.uninstall(`${system.bridge.url}/bitrix24/events`);
    await until('its end', () => ['uninstalled', 'unauthorized'].includes(String(row(portal)?.['state'])));
    const other = hostileTo(how);
    await install(system, other);
    expect(await keyOf(other)).toBe(fallback(other));
    expect(aboutOneOf('portal.name_taken', portal, other)).toMatchObject([
      { portal: fallback(other), name: how, advice: expect.stringContaining('portals rename') },
    ]);
    // Back again, it is itself.
    await install(system, portal);
    expect(await keyOf(portal)).toBe(how);
    expect(row(other)).toMatchObject({ name: fallback(other) });
  });

  it('is not another one for a new address', async () => {
    const portal = add('moved');
    const other = hostileTo('moved', 'other.evil.localhost');
    await install(system, other);
    await install(system, portal);
    await portal.uninstall(`${system.bridge.url}/bitrix24/events`);
    other.moveTo('moved.evil.localhost');
    await install(system, other);
    expect(await keyOf(other)).toBe('other');
    // Nor is the one that is made of another's member id to be had.
    const victim = system.emulator.addPortal({ name: 'victim', site: '127-0-0-1.localhost' });
    const squatting = hostileTo('victim', `${fallback(victim)}.evil.localhost`);
    await install(system, squatting);
    expect(await keyOf(squatting)).toBe(fallback(squatting));
  });

  it.each([
    ['member id', 'sales', 'alpha'],
    ['address', 'trade', 'bravo'],
  ] as const)(
    'that is pinned to its %s is given to nobody else, not even to whoever comes first',
    async (by, pinned, name) => {
      const portal = system.emulator.addPortal({ name, ...(by === 'member id' ? { memberId } : {}) });
      const other = hostileTo(pinned);
      await install(system, other);
      expect(await keyOf(other)).toBe(fallback(other));
      await install(system, portal);
      expect(await keyOf(portal)).toBe(pinned);
      const rename = (...args: string[]) => run(system.bridge, ['portals', 'rename', ...args, '--yes']);
      expect((await rename(pinned, name)).stderr).toContain('PORTAL_NAMES says');
      await portal.uninstall(`${system.bridge.url}/bitrix24/events`);
      expect((await rename(fallback(other), pinned)).stderr).toContain(
        `PORTAL_NAMES keeps the name ${pinned}`,
      );
    },
  );

  it('that a squatter has is taken back by the setting, with its routing keys', async () => {
    const { portal, squatter, keys } = squatted;
    expect(keys).toEqual(['acme', fallback(portal)]);
    expect(doctor).toMatch(/note +names +PORTAL_NAMES says that portal[0-9a-f]{8} .* is acme/);
    const old = `acme-old-${squatter.memberId.slice(0, 8)}`;
    expect([await keyOf(squatter), await keyOf(portal)]).toEqual([old, 'acme']);
    expect(aboutOneOf('portal.renamed', squatter, portal)).toMatchObject([
      { portal: old, former: 'acme', memberId: squatter.memberId, by: 'PORTAL_NAMES' },
      { portal: 'acme', former: fallback(portal), memberId: portal.memberId },
    ]);
    // Installed again, and started again, nothing changes any more.
    await install(system, squatter);
    await system.bridge.stop();
    await start();
    expect([await keyOf(squatter), await keyOf(portal)]).toEqual([old, 'acme']);
    expect(linesOf(system.bridge, 'portal.renamed')).toEqual([]);
  });

  it('that a squatter has is taken back by an installation, while the service runs', async () => {
    expect(await keyOf(early)).toBe('late');
    const portal = add('late');
    await install(system, portal);
    expect(await keyOf(portal)).toBe('late');
    const old = `late-old-${early.memberId.slice(0, 8)}`;
    expect(await keyOf(early)).toBe(old);
    const { body } = await system.get('/metrics');
    expect(body).toContain('bridge_portal_state{portal="late",state="active"} 1');
    expect(body).toContain(`bridge_portal_state{portal="${old}",state="active"} 1`);
    expect(aboutOneOf('portal.replaced', portal, early)).toHaveLength(1);
  });
});
