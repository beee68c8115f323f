import { afterEach, describe, expect, it } from '@jest/globals';
import { type EmulatedPortal } from '../../emulator/index.js';
import { run } from '../cli/command-line.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { install, linesOf, openBeforeInstall, portalRow } from '../support/before-install.js';

/** Consumers have bound `acme.#`: what comes under it is acme's. */
describe('the name of a portal', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  const row = ({ memberId }: EmulatedPortal) => portalRow(system.bridge, memberId);
  const fallback = ({ memberId }: EmulatedPortal) => `portal${memberId.slice(0, 8)}`;
  const hostile = (name = 'hostile', site = 'acme.evil.localhost') =>
    system.emulator.addPortal({ name, site });
  const keyOf = async (portal: EmulatedPortal, id: string) => {
    portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: id } }, userId: '1' });
    await until(`event ${id}`, () => system.delivered().has(id));
    return system.downstream.received.find(({ objectId }) => objectId === id)?.routingKey.split('.')[0];
  };
  const restart = async (pins: string) => {
    await system.bridge.stop();
    system.bridge.settings['PORTAL_NAMES'] = pins;
    system.bridge.start();
    await system.bridge.logged('database.ready');
  };

  it.each(['uninstalled', 'revoked'] as const)('is not left to another host while it is %s', async (how) => {
    system = await openBeforeInstall();
    await install(system);
    if (how === 'revoked') system.portal.revoke();
    else await system.portal.uninstall(`${system.bridge.url}/bitrix24/events`);
    await until('its end', () =>
      ['uninstalled', 'unauthorized'].includes(String(row(system.portal)?.['state'])),
    );
    const other = hostile();
    await install(system, other);
    expect(await keyOf(other, '1')).toBe(fallback(other));
    expect(linesOf(system.bridge, 'portal.name_taken').map(({ message }) => message)).toMatchObject([
      { portal: fallback(other), name: 'acme', advice: expect.stringContaining('portals rename') },
    ]);
    // Back again, it is itself.
    await install(system);
    expect(await keyOf(system.portal, '2')).toBe('acme');
    expect(row(other)).toMatchObject({ name: fallback(other) });
  });

  it('is not another one for a new address', async () => {
    system = await openBeforeInstall();
    const other = hostile('hostile', 'other.evil.localhost');
    await install(system, other);
    await install(system);
    await system.portal.uninstall(`${system.bridge.url}/bitrix24/events`);
    other.moveTo('acme.evil.localhost');
    await install(system, other);
    expect(await keyOf(other, '1')).toBe('other');
    // Nor is the one that is made of another's member id to be had.
    const victim = system.emulator.addPortal({ name: 'victim', site: '127-0-0-1.localhost' });
    const squatting = hostile('squatting', `${fallback(victim)}.evil.localhost`);
    await install(system, squatting);
    expect(await keyOf(squatting, '2')).toBe(fallback(squatting));
  });

  it.each(['member id', 'address'] as const)(
    'that is pinned to its %s is given to nobody else, not even to whoever comes first',
    async (by) => {
      const memberId = 'c'.repeat(32);
      system = await openBeforeInstall({
        portal: { memberId },
        settings: { PORTAL_NAMES: by === 'address' ? 'ACME.localhost=sales' : `${memberId}=sales` },
      });
      const other = hostile('hostile', 'sales.evil.localhost');
      await install(system, other);
      expect(await keyOf(other, '1')).toBe(fallback(other));
      await install(system);
      expect(await keyOf(system.portal, '2')).toBe('sales');
      const rename = (...args: string[]) =>
        run(system.bridge, ['portals', 'rename', ...args, '--yes'], {
          PORTAL_NAMES: system.bridge.settings['PORTAL_NAMES'] ?? '',
        });
      expect((await rename('sales', 'acme')).stderr).toContain('PORTAL_NAMES says');
      await system.portal.uninstall(`${system.bridge.url}/bitrix24/events`);
      expect((await rename(fallback(other), 'sales')).stderr).toContain('PORTAL_NAMES keeps the name sales');
    },
  );

  it('that a squatter has is taken back by the setting, with its routing keys', async () => {
    system = await openBeforeInstall();
    const other = hostile();
    await install(system, other);
    await install(system);
    expect([await keyOf(other, '1'), await keyOf(system.portal, '2')]).toEqual([
      'acme',
      fallback(system.portal),
    ]);

    const pins = `${system.portal.memberId}=acme`;
    const { stdout } = await run(system.bridge, ['doctor'], { PORTAL_NAMES: pins });
    expect(stdout).toMatch(/note +names +PORTAL_NAMES says that portal[0-9a-f]{8} .* is acme/);
    await restart(pins);
    const old = `acme-old-${other.memberId.slice(0, 8)}`;
    expect([await keyOf(other, '3'), await keyOf(system.portal, '4')]).toEqual([old, 'acme']);
    expect(linesOf(system.bridge, 'portal.renamed').map(({ message }) => message)).toMatchObject([
      { portal: old, former: 'acme', memberId: other.memberId, by: 'PORTAL_NAMES' },
      { portal: 'acme', former: fallback(system.portal), memberId: system.portal.memberId },
    ]);
    // Installed again, and started again, nothing changes any more.
    await install(system, other);
    await restart(pins);
    expect([await keyOf(other, '5'), await keyOf(system.portal, '6')]).toEqual([old, 'acme']);
    expect(linesOf(system.bridge, 'portal.renamed')).toEqual([]);
  });

  it('that a squatter has is taken back by an installation, while the service runs', async () => {
    system = await openBeforeInstall();
    const other = hostile();
    await install(system, other);
    // The one at that address is not there yet.
    await restart('acme.localhost=acme');
    expect(await keyOf(other, '1')).toBe('acme');
    await install(system);
    expect(await keyOf(system.portal, '2')).toBe('acme');
    const old = `acme-old-${other.memberId.slice(0, 8)}`;
    expect(await keyOf(other, '3')).toBe(old);
    const { body } = await system.get('/metrics');
    expect(body).toContain('bridge_portal_state{portal="acme",state="active"} 1');
    expect(body).toContain(`bridge_portal_state{portal="${old}",state="active"} 1`);
    expect(linesOf(system.bridge, 'portal.replaced')).toHaveLength(1);
  });
});
