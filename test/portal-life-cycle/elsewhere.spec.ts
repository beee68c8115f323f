import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Database, openDatabase } from '../../src/database/database.js';
import { PortalRegistry } from '../../src/portals/registry.js';
import { TokenVault } from '../../src/portals/token-vault.js';
import { type EmulatedPortal } from '../../emulator/index.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { linesOf, openBeforeInstall } from '../support/before-install.js';

/** What the command line, or a second replica, does to the database of a running service. */
describe('a change in the database by another process', () => {
  let system: TestSystem;
  let own: OwnPortal;
  let noticedBefore: number;
  let database: Database | null = null;
  beforeAll(async () => {
    system = await openBeforeInstall({
      settings: {
        // A round may come upon the overload, too.
        PORTAL_RECHECK_MS: '1000',
        RETRY_BASE_DELAY_MS: '3600000',
        RETRY_MAX_DELAY_MS: '3600000',
        SETTLE_AFTER_MS: '600000',
      },
    });
  });
  afterAll(() => system.close());
  beforeEach(() => {
    noticedBefore = linesOf(system.bridge, 'portal.changed_elsewhere').length;
  });
  afterEach(async () => {
    await database?.db.destroy();
    database = null;
    await own.leave();
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
  /** Lines of the test so far, of whatever portal: one of another portal would be one too many. */
  const noticed = () => linesOf(system.bridge, 'portal.changed_elsewhere').slice(noticedBefore);

  it('that installs a portal starts its loops, and leaves those of others alone', async () => {
    own = await OwnPortal.installed(system);
    const other = new OwnPortal(system);
    const { registry } = await elsewhere();
    await registry.install(grantOf(other.portal), other.portal.applicationToken);
    await until('bindings of the new portal', () => other.portal.bindings().length === 3);
    other.push(1, 1, 'ONCRMDEALADD');
    await until('its event', () => other.delivered().has('1'));
    expect(noticed().map((line) => line.message)).toEqual([
      { event: 'portal.changed_elsewhere', portal: other.portal.name, change: 'installed' },
    ]);
    await other.leave();
  });

  it('that uninstalls a portal ends its rounds, and one that removes it altogether likewise', async () => {
    own = await OwnPortal.installed(system);
    const other = await OwnPortal.installed(system);
    const { registry, db } = await elsewhere();
    await registry.uninstall(own.portal.memberId, 'removed by hand');
    await db.deleteFrom('portals').where('member_id', '=', other.portal.memberId).execute();
    await until('both to be noticed', () => noticed().length === 2);
    expect((await system.get('/metrics')).body).toContain(
      `bridge_portal_state{portal="${own.portal.name}",state="uninstalled"} 1`,
    );
    // A request may still be on its way.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const calls = () => own.portal.counters.requests + other.portal.counters.requests;
    const before = calls();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(calls()).toBe(before);
    expect(own.row()).toMatchObject({ state: 'uninstalled', state_reason: 'removed by hand' });
  });

  it('that authorizes a portal again brings it back without a restart', async () => {
    own = await OwnPortal.installed(system);
    own.portal.revoke();
    await until('the state', () => own.state === 'unauthorized');
    const { registry } = await elsewhere();
    await registry.install(grantOf(own.portal), null);
    own.push(1, 2);
    await until('events', () => own.delivered().size === 2);
  });

  it('that renews tokens disturbs nobody: they are used when they are needed', async () => {
    own = await OwnPortal.installed(system);
    const { registry } = await elsewhere();
    const { tokenRequests } = own.portal.counters;
    own.portal.expireAccessTokens();
    own.portal.setState('overload');
    await registry.saveTokens(grantOf(own.portal));
    own.portal.setState('active');
    own.push(1, 2);
    await until('events', () => own.delivered().size === 2);
    expect(own.portal.counters.tokenRequests).toBe(tokenRequests);
    expect(noticed()).toEqual([]);
  });

  it('that makes a retry due has it published within seconds', async () => {
    // Without marks a failure waits for its retry at once.
    own = await OwnPortal.installed(system, { extended: false });
    own.push(1, 1);
    await until('the event', () => own.received.length === 1);
    const [event] = own.received;
    system.downstream.reply({ status: 'failed', reason: 'try later' }, event);
    const { db } = await elsewhere();
    const waiting = () => db.selectFrom('deliveries').select('seq').where('state', '=', 'waiting').execute();
    await until('the failed one to be waiting', async () => (await waiting()).length === 1);
    await db.updateTable('deliveries').set({ due_at: Date.now() }).where('state', '=', 'waiting').execute();
    await until('the second attempt', () => own.received.length === 2, 10_000);
    expect(own.received[1]?.attempt).toBe(2);
  });
});
