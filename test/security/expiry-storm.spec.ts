import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { PortalRegistry } from '../../src/portals/registry.js';
import { TokenVault } from '../../src/portals/token-vault.js';
import { type EmulatedPortal } from '../../emulator/index.js';
import { Stage } from '../support/stage.js';
import { until } from '../support/until.js';

const PORTALS = 200;
/** What each refresh takes at the authorization server. One after another they would take minutes. */
const REFRESH_MS = 1500;
const LIMIT_MS = 240_000;

describe('two hundred portals whose tokens expire at once', () => {
  let stage: Stage;
  afterEach(() => stage.close());

  const installAll = async (): Promise<EmulatedPortal[]> => {
    mkdirSync(dirname(stage.bridge.databaseFile), { recursive: true });
    const database = openDatabase(`file:${stage.bridge.databaseFile}`);
    try {
      await migrate(database);
      const registry = new PortalRegistry(database, new TokenVault(undefined), (host) => [
        host.split('.')[0] ?? host,
      ]);
      await registry.load();
      const portals = Array.from({ length: PORTALS }, (_, index) =>
        stage.emulator.addPortal({ name: `p${index}` }),
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
      stage = await Stage.prepare({
        settings: {
          B24_DOMAIN: '',
          B24_REFRESH_TOKEN: '',
          DRAIN_INTERVAL_MS: '2000',
          SETTLE_AFTER_MS: '60000',
        },
      });
      const portals = await installAll();
      stage.bridge.start();
      await stage.bridge.logged('broker.up');
      await stage.downstream.start();
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
        [...stage.delivered()].filter((object) => object.endsWith(`-${id}`)).length;

      pushAll('before');
      const usual = await allIn('before');
      const fault = stage.emulator.faults.inject({
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
      expect((await stage.get('/metrics')).body.match(/state="active"} 1/g)).toHaveLength(PORTALS);
    },
    LIMIT_MS,
  );
});
