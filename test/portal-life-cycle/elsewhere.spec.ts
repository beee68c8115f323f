import { afterEach, describe, expect, it } from '@jest/globals';
import { type Database, openDatabase } from '../../src/database/database.js';
import { PortalRegistry } from '../../src/portals/registry.js';
import { TokenVault } from '../../src/portals/token-vault.js';
import { type EmulatedPortal } from '../../emulator/index.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { install, linesOf, openBeforeInstall, portalRow } from '../support/before-install.js';

/** What the command line, or a second replica, does to the database of a running service. */
describe('a change in the database by another process', () => {
  let system: TestSystem;
  let database: Database | null = null;
  afterEach(async () => {
    await database?.db.destroy();
    database = null;
    await system.close();
  });
  const elsewhere = async () => {
    database = openDatabase(`file:${system.bridge.databaseFile}`);
    const registry = new PortalRegistry(database, new TokenVault(undefined), (host) => [
      host.split('.')[0] ?? host,
    ]);
    await registry.load();
    return { registry, db: database.db };
  };
  const grantOf = (portal: EmulatedPortal) => {
    const { accessToken, refreshToken, expires } = portal.issueTokens();
    const { memberId, clientEndpoint } = portal;
    return { accessToken, refreshToken, expiresAt: expires * 1000, memberId, clientEndpoint };
  };

  it('that installs a portal starts its loops, and leaves those of others alone', async () => {
    system = await openBeforeInstall();
    await install(system);
    const other = system.emulator.addPortal({ name: 'bravo' });
    const { registry } = await elsewhere();
    await registry.install(grantOf(other), other.applicationToken);
    await until('bindings of the new portal', () => other.bindings().length === 3);
    other.push({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: 'b1' } } });
    await until('its event', () => system.delivered().has('b1'));
    expect(linesOf(system.bridge, 'portal.changed_elsewhere').map((line) => line.message)).toEqual([
      { event: 'portal.changed_elsewhere', portal: 'bravo', change: 'installed' },
    ]);
  });

  it('that uninstalls a portal ends its rounds, and one that removes it altogether likewise', async () => {
    system = await openBeforeInstall();
    await install(system);
    const other = system.emulator.addPortal({ name: 'bravo' });
    await install(system, other);
    const { registry, db } = await elsewhere();
    await registry.uninstall(system.portal.memberId, 'removed by hand');
    await db.deleteFrom('portals').where('member_id', '=', other.memberId).execute();
    await until('both to be noticed', () => linesOf(system.bridge, 'portal.changed_elsewhere').length === 2);
    expect((await system.get('/metrics')).body).toContain(
      'bridge_portal_state{portal="acme",state="uninstalled"} 1',
    );
    // A request may still be on its way.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const calls = () => system.portal.counters.requests + other.counters.requests;
    const before = calls();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(calls()).toBe(before);
    expect(portalRow(system.bridge, system.portal.memberId)).toMatchObject({
      state: 'uninstalled',
      state_reason: 'removed by hand',
    });
  });

  it('that authorizes a portal again brings it back without a restart', async () => {
    system = await openBeforeInstall();
    await install(system);
    system.portal.revoke();
    await until(
      'the state',
      () => portalRow(system.bridge, system.portal.memberId)?.['state'] === 'unauthorized',
    );
    const { registry } = await elsewhere();
    await registry.install(grantOf(system.portal), null);
    system.push(1, 2);
    await until('events', () => system.delivered().size === 2);
  });

  it('that renews tokens disturbs nobody: they are used when they are needed', async () => {
    // A round may come upon the overload, too.
    system = await openBeforeInstall({ settings: { PORTAL_RECHECK_MS: '1000' } });
    await install(system);
    const { registry } = await elsewhere();
    const { tokenRequests } = system.portal.counters;
    system.portal.expireAccessTokens();
    system.portal.setState('overload');
    await registry.saveTokens(grantOf(system.portal));
    system.portal.setState('active');
    system.push(1, 2);
    await until('events', () => system.delivered().size === 2);
    expect(system.portal.counters.tokenRequests).toBe(tokenRequests);
    expect(linesOf(system.bridge, 'portal.changed_elsewhere')).toEqual([]);
  });

  it('that makes a retry due has it published within seconds', async () => {
    // Without marks a failure waits for its retry at once.
    system = await openBeforeInstall({
      portal: { extended: false },
      settings: { RETRY_BASE_DELAY_MS: '3600000', RETRY_MAX_DELAY_MS: '3600000', SETTLE_AFTER_MS: '600000' },
    });
    await install(system);
    system.push(1, 1);
    await until('the event', () => system.delivered().size === 1);
    const [event] = system.downstream.received;
    system.downstream.reply({ status: 'failed', reason: 'try later' }, event);
    const { db } = await elsewhere();
    const waiting = () => db.selectFrom('deliveries').select('seq').where('state', '=', 'waiting').execute();
    await until('the failed one to be waiting', async () => (await waiting()).length === 1);
    await db.updateTable('deliveries').set({ due_at: Date.now() }).where('state', '=', 'waiting').execute();
    await until('the second attempt', () => system.downstream.received.length === 2, 10_000);
    expect(system.downstream.received[1]?.attempt).toBe(2);
  });
});
