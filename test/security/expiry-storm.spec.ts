import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { PortalRegistry } from '../../src/portals/registry.js';
import { TokenVault } from '../../src/portals/token-vault.js';
import { type EmulatedPortal } from '../../emulator/index.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';

const PORTALS = 200;
/** What each refresh takes at the authorization server. One after another they would take minutes. */
const REFRESH_MS = 1500;
const LIMIT_MS = 240_000;

describe('two hundred portals whose tokens expire at once', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  const installAll = async (): Promise<EmulatedPortal[]> => {
    mkdirSync(dirname(system.bridge.databaseFile), { recursive: true });
    const database = openDatabase(`file:${system.bridge.databaseFile}`);
    try {
      await migrate(database);
      const registry = new PortalRegistry(database, new TokenVault(undefined), (host) => [
        host.split('.')[0] ?? host,
      ]);
      await registry.load();
      const portals = Array.from({ length: PORTALS }, (_, index) =>
        system.emulator.addPortal({ name: `p${index}` }),
      );
      for (const portal of portals) {
        const { accessToken, refreshToken, expires } = portal.issueTokens();
        const { memberId, clientEndpoint } = portal;
        await registry.install(
          { memberId, clientEndpoint, accessToken, refreshToken, expiresAt: expires * 1000 },
          null,
        );
      }
      return portals;
    } finally {
      await database.db.destroy();
    }
  };

  it(
    'take one refresh each, and no event waits for the refresh of another portal',
    async () => {
      system = await TestSystem.prepare({
        settings: {
          B24_DOMAIN: '',
          B24_REFRESH_TOKEN: '',
          DRAIN_INTERVAL_MS: '2000',
          SETTLE_AFTER_MS: '60000',
        },
      });
      const portals = await installAll();
      system.bridge.start();
      await system.bridge.logged('broker.up');
      await system.downstream.start();
      const bound = () => portals.every((portal) => portal.bindings().length === 3);
      await until('the bindings of all', bound, 120_000);
      expect(portals.map(({ counters }) => counters.tokenRequests)).toEqual(portals.map(() => 0));

      const pushAll = (id: string) => {
        for (const portal of portals) {
          portal.push({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: `${portal.name}-${id}` } } });
        }
      };
      const allIn = async (id: string) => {
        const startedAt = performance.now();
        await until(`events ${id} of all`, () => count(id) === PORTALS, 120_000);
        return performance.now() - startedAt;
      };
      const count = (id: string) =>
        [...system.delivered()].filter((object) => object.endsWith(`-${id}`)).length;

      pushAll('before');
      const usual = await allIn('before');
      const fault = system.emulator.faults.inject({
        method: 'oauth',
        kind: 'delay',
        ms: REFRESH_MS,
        times: Infinity,
      });
      for (const portal of portals) portal.expireAccessTokens();
      pushAll('after');
      const withRefresh = await allIn('after');
      expect(fault.hits).toBe(PORTALS);
      expect(portals.map(({ counters }) => counters.tokenRequests)).toEqual(portals.map(() => 1));
      // Ten times what one takes is far from two hundred times, on however slow a machine.
      expect(withRefresh - usual).toBeLessThan(10 * REFRESH_MS);
      expect((await system.get('/metrics')).body.match(/state="active"} 1/g)).toHaveLength(PORTALS);
    },
    LIMIT_MS,
  );
});
