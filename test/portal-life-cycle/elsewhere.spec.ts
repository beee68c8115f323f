import { afterEach, describe, expect, it } from '@jest/globals';
import { type Database, openDatabase } from '../../src/database/database.js';
import { PortalRegistry } from '../../src/portals/registry.js';
import { TokenVault } from '../../src/portals/token-vault.js';
import { type EmulatedPortal } from '../../emulator/index.js';
import { type Stage } from '../support/stage.js';
import { until } from '../support/until.js';
import { install, linesOf, openVestibule, portalRow } from '../support/vestibule.js';

/** What the command line, or a second replica, does to the database of a running service. */
describe('a change in the database by another process', () => {
  let stage: Stage;
  let database: Database | null = null;
  afterEach(async () => {
    await database?.db.destroy();
    database = null;
    await stage.close();
  });
  const elsewhere = async () => {
    database = openDatabase(`file:${stage.bridge.databaseFile}`);
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
    stage = await openVestibule();
    await install(stage);
    const other = stage.emulator.addPortal({ name: 'bravo' });
    const { registry } = await elsewhere();
    await registry.install(grantOf(other), other.applicationToken);
    await until('bindings of the new portal', () => other.bindings().length === 3);
    other.push({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: 'b1' } } });
    await until('its event', () => stage.delivered().has('b1'));
    expect(linesOf(stage.bridge, 'portal.changed_elsewhere').map((line) => line.message)).toEqual([
      { event: 'portal.changed_elsewhere', portal: 'bravo', change: 'installed' },
    ]);
  });

  it('that uninstalls a portal ends its rounds, and one that removes it altogether likewise', async () => {
    stage = await openVestibule();
    await install(stage);
    const other = stage.emulator.addPortal({ name: 'bravo' });
    await install(stage, other);
    const { registry, db } = await elsewhere();
    await registry.uninstall(stage.portal.memberId, 'removed by hand');
    await db.deleteFrom('portals').where('member_id', '=', other.memberId).execute();
    await until('both to be noticed', () => linesOf(stage.bridge, 'portal.changed_elsewhere').length === 2);
    expect((await stage.get('/metrics')).body).toContain(
      'bridge_portal_state{portal="acme",state="uninstalled"} 1',
    );
    // A request may still be on its way.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const calls = () => stage.portal.counters.requests + other.counters.requests;
    const before = calls();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(calls()).toBe(before);
    expect(portalRow(stage.bridge, stage.portal.memberId)).toMatchObject({
      state: 'uninstalled',
      state_reason: 'removed by hand',
    });
  });

  it('that authorizes a portal again brings it back without a restart', async () => {
    stage = await openVestibule();
    await install(stage);
    stage.portal.revoke();
    await until(
      'the state',
      () => portalRow(stage.bridge, stage.portal.memberId)?.['state'] === 'unauthorized',
    );
    const { registry } = await elsewhere();
    await registry.install(grantOf(stage.portal), null);
    stage.push(1, 2);
    await until('events', () => stage.delivered().size === 2);
  });

  it('that renews tokens disturbs nobody: they are used when they are needed', async () => {
    // A round may come upon the overload, too.
    stage = await openVestibule({ settings: { PORTAL_RECHECK_MS: '1000' } });
    await install(stage);
    const { registry } = await elsewhere();
    const { tokenRequests } = stage.portal.counters;
    stage.portal.expireAccessTokens();
    stage.portal.setState('overload');
    await registry.saveTokens(grantOf(stage.portal));
    stage.portal.setState('active');
    stage.push(1, 2);
    await until('events', () => stage.delivered().size === 2);
    expect(stage.portal.counters.tokenRequests).toBe(tokenRequests);
    expect(linesOf(stage.bridge, 'portal.changed_elsewhere')).toEqual([]);
  });

  it('that makes a retry due has it published within seconds', async () => {
    // Without marks a failure waits for its retry at once.
    stage = await openVestibule({
      portal: { extended: false },
      settings: { RETRY_BASE_DELAY_MS: '3600000', RETRY_MAX_DELAY_MS: '3600000', SETTLE_AFTER_MS: '600000' },
    });
    await install(stage);
    stage.push(1, 1);
    await until('the event', () => stage.delivered().size === 1);
    const [event] = stage.downstream.received;
    stage.downstream.reply({ status: 'failed', reason: 'try later' }, event);
    const { db } = await elsewhere();
    const waiting = () => db.selectFrom('deliveries').select('seq').where('state', '=', 'waiting').execute();
    await until('the failed one to be waiting', async () => (await waiting()).length === 1);
    await db.updateTable('deliveries').set({ due_at: Date.now() }).where('state', '=', 'waiting').execute();
    await until('the second attempt', () => stage.downstream.received.length === 2, 10_000);
    expect(stage.downstream.received[1]?.attempt).toBe(2);
  });
});
