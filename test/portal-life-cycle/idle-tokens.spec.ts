import { HttpService } from '@nestjs/axios';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type EmulatedPortal, type Emulator, startEmulator } from '../../emulator/index.js';
import { AuthorizationServers } from '../../src/bitrix24/authorization-servers.js';
import { OAuthClient } from '../../src/bitrix24/oauth-client.js';
import { type Database, openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { type Log, type LogFields } from '../../src/logging/log.js';
import { TokenRenewal } from '../../src/maintenance/token-renewal.js';
import { AllowedPortals } from '../../src/portals/allowed-portals.js';
import { NO_PINS } from '../../src/portals/pinned-names.js';
import { PortalRegistry } from '../../src/portals/registry.js';
import { RefreshersByPortal } from '../../src/portals/refreshers-by-portal.js';
import { TokenVault } from '../../src/portals/token-vault.js';

const DAY_MS = 86_400_000;

describe('tokens of idle portals', () => {
  let emulator: Emulator;
  let database: Database;
  let registry: PortalRegistry;
  let renewal: TokenRenewal;
  let now: number;
  let lines: LogFields[];

  beforeEach(async () => {
    now = Date.now();
    lines = [];
    const note = (fields: LogFields) => void lines.push(fields);
    const log: Log = { debug: note, info: note, warn: note, error: note };
    emulator = await startEmulator({ now: () => now });
    database = openDatabase('file::memory:');
    await migrate(database);
    registry = new PortalRegistry(
      database,
      new TokenVault(undefined),
      (host) => [host.split('.')[0] ?? host],
      NO_PINS,
      () => now,
    );
    await registry.load();
    const oauth = new OAuthClient({
      servers: new AuthorizationServers([emulator.url], true),
      clientId: emulator.clientId,
      clientSecret: emulator.clientSecret,
      http: new HttpService(),
      allowHttp: true,
    });
    const refreshers = new RefreshersByPortal(registry, oauth, new AllowedPortals(['*']));
    renewal = new TokenRenewal({
      portals: () => registry.list(),
      renew: (memberId) => refreshers.renew(memberId),
      unauthorized: async (memberId, reason) => {
        await registry.setState(memberId, 'unauthorized', reason);
      },
      log,
      now: () => now,
    });
  });
  afterEach(async () => {
    await database.db.destroy();
    await emulator.close();
  });

  const install = async (name: string) => {
    const portal = emulator.addPortal({ name });
    const { accessToken, refreshToken, expires } = portal.issueTokens();
    const { memberId, clientEndpoint } = portal;
    await registry.install(
      { memberId, clientEndpoint, accessToken, refreshToken, expiresAt: expires * 1000 },
      null,
    );
    return portal;
  };

  it('are renewed after a month, long before they expire after 180 days, and not before', async () => {
    const portal = await install('acme');
    for (let day = 0; day < 29; day += 1) {
      await renewal.runOnce();
      now += DAY_MS;
    }
    expect(portal.counters.tokenRequests).toBe(0);
    // A year without a single call.
    for (let day = 0; day < 365; day += 1) {
      now += DAY_MS;
      await renewal.runOnce();
    }
    expect(portal.counters.tokenRequests).toBeGreaterThanOrEqual(12);
    expect(portal.counters.tokenRequests).toBeLessThanOrEqual(13);
    expect(registry.get(portal.memberId)?.state).toBe('active');
  });

  it('are renewed a few at a time, the idlest first', async () => {
    const portals: EmulatedPortal[] = [];
    for (let index = 0; index < 12; index += 1) {
      portals.push(await install(`p${index}`));
      now += 1000;
    }
    now += 31 * DAY_MS;
    const renewed = () => portals.map(({ counters }) => counters.tokenRequests);
    await renewal.runOnce();
    expect(renewed()).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
    await renewal.runOnce();
    await renewal.runOnce();
    await renewal.runOnce();
    expect(renewed()).toEqual(portals.map(() => 1));
  });

  it('that the server no longer knows make their portal unauthorized, and hold up no other', async () => {
    const lost = await install('lost');
    const fine = await install('fine');
    lost.revoke();
    now += 31 * DAY_MS;
    await renewal.runOnce();
    expect(registry.get(lost.memberId)).toMatchObject({ state: 'unauthorized' });
    expect(registry.get(lost.memberId)?.stateReason).toContain('invalid_grant');
    expect(fine.counters.tokenRequests).toBe(1);
    now += 31 * DAY_MS;
    await renewal.runOnce();
    expect(lines.filter(({ event }) => event === 'tokens.not_renewed')).toHaveLength(1);
  });

  it('that could not be renewed are left alone for hours, and then tried again', async () => {
    const portal = await install('acme');
    now += 31 * DAY_MS;
    const fault = emulator.faults.inject({
      method: 'oauth',
      kind: 'error',
      status: 500,
      error: 'x',
      times: Infinity,
    });
    for (let minute = 0; minute < 60; minute += 1) {
      now += 60_000;
      await renewal.runOnce();
    }
    const failures = fault.hits;
    expect(failures).toBeLessThanOrEqual(2);
    fault.remove();
    now += 6 * 3_600_000;
    await renewal.runOnce();
    expect(portal.counters.tokenRequests).toBe(1);
    expect(registry.get(portal.memberId)).toMatchObject({ state: 'active', tokenRenewedAt: now });
  });

  it('of uninstalled portals are no concern', async () => {
    const portal = await install('acme');
    await registry.uninstall(portal.memberId);
    now += 40 * DAY_MS;
    await renewal.runOnce();
    expect(portal.counters.tokenRequests).toBe(0);
    expect(lines).toEqual([]);
  });
});
