import { afterEach, expect, it } from '@jest/globals';
import { type KyselyPlugin } from 'kysely';
import { type Database, databaseOver, openDatabase } from '../../src/database/database.js';
import { PinnedNames } from '../../src/portals/pinned-names.js';
import { PortalRegistry } from '../../src/portals/registry.js';
import { TokenVault } from '../../src/portals/token-vault.js';
import { DATABASE_KINDS, onEveryDatabase } from './databases.js';
import { registerPortals } from './portals.js';

onEveryDatabase(
  'what another process changes of a portal is found',
  (open, kind, url) => {
    let other: Database | undefined;
    afterEach(async () => {
      await other?.db.destroy();
      other = undefined;
    });
    const elsewhere = () => (other ??= openDatabase(url()));
    const registryOver = async (database: Database) => {
      const registry = new PortalRegistry(database, new TokenVault(undefined), (host) => [host]);
      await registry.load();
      return registry;
    };
    const prepare = async () => {
      await registerPortals(open(), ['m1', 'm2']);
      return registryOver(open());
    };
    const uninstallElsewhere = (memberId: string) =>
      elsewhere()
        .db.updateTable('portals')
        .set({ state: 'uninstalled' })
        .where('member_id', '=', memberId)
        .execute();

    it('every time, and once', async () => {
      const registry = await prepare();
      expect(await registry.refresh()).toEqual([]);
      await uninstallElsewhere('m1');
      expect(await registry.refresh()).toMatchObject([{ memberId: 'm1', after: { state: 'uninstalled' } }]);
      expect(registry.get('m1')?.state).toBe('uninstalled');
      expect(await registry.refresh()).toEqual([]);
      await registerPortals(elsewhere(), ['m3']);
      await elsewhere().db.deleteFrom('portals').where('member_id', '=', 'm2').execute();
      const changes = await registry.refresh();
      expect(
        changes.map(({ memberId, before, after }) => [memberId, before?.name, after?.name]).sort(),
      ).toEqual([
        ['m2', 'm2', undefined],
        ['m3', undefined, 'm3'],
      ]);
      expect(await registry.refresh()).toEqual([]);
    });

    it('also its name, which PORTAL_NAMES has taken from one and given to another', async () => {
      const registry = await prepare();
      await registry.refresh();
      const pins = new PinnedNames([`${'f'.repeat(32)}=m1`]);
      const pinning = new PortalRegistry(elsewhere(), new TokenVault(undefined), (host) => [host], pins);
      await pinning.load();
      const own = { memberId: 'm1', from: 'm1', name: 'm1-old-m1', formerName: 'm1' };
      expect(await pinning.applyPins()).toEqual([own]);
      expect(pinning.get('m1')).toMatchObject({ name: 'm1-old-m1' });
      expect(await pinning.applyPins()).toEqual([]);
      expect(await registry.refresh()).toMatchObject([
        { memberId: 'm1', before: { name: 'm1' }, after: { name: 'm1-old-m1', formerName: 'm1' } },
      ]);
      // The one that it is kept for, which comes by an installation.
      const grant = {
        accessToken: 'a',
        refreshToken: 'r',
        expiresAt: 1,
        clientEndpoint: 'https://elsewhere.test/rest/',
        memberId: 'f'.repeat(32),
      };
      expect(await pinning.install(grant, null)).toMatchObject({ portal: { name: 'm1' }, displaced: null });
    });

    it('also where it was read while we were changing the same portal ourselves', async () => {
      const registry = await prepare();
      await registry.refresh();
      await uninstallElsewhere('m1');
      const found = registry.refresh();
      await registry.setNotificationHandler('m1', 'https://bridge.test/bitrix24/events');
      // What was read while we were writing may be older than what we wrote.
      expect(await found).toEqual([]);
      expect(await registry.refresh()).toMatchObject([{ memberId: 'm1', after: { state: 'uninstalled' } }]);
    });

    if (kind.embedded) {
      it('and nothing is read meanwhile, but now and then all the same', async () => {
        let reads = 0;
        const plugin: KyselyPlugin = {
          transformQuery: ({ node }) => {
            if (node.kind === 'SelectQueryNode') reads += 1;
            return node;
          },
          transformResult: ({ result }) => Promise.resolve(result),
        };
        await registerPortals(open(), ['m1', 'm2']);
        const { db, dialect } = open();
        const registry = await registryOver(databaseOver(dialect, db.withPlugin(plugin)));
        await registry.refresh();
        const readsOf = async (refreshes: number) => {
          reads = 0;
          for (let each = 0; each < refreshes; each += 1) expect(await registry.refresh()).toEqual([]);
          return reads;
        };
        // Our own writes are in memory.
        await registry.setState('m1', 'suspended', 'asked too often');
        expect(await readsOf(20)).toBe(0);
        expect(await readsOf(21)).toBe(1);
        await registerPortals(elsewhere(), ['m3']);
        expect(await registry.refresh()).toHaveLength(1);
      });
    }
  },
  DATABASE_KINDS.filter(({ shared }) => shared),
);
