import { afterEach, expect, it } from '@jest/globals';
import { type KyselyPlugin, sql } from 'kysely';
import pg from 'pg';
import { type Database, databaseOver, openDatabase } from '../../src/database/database.js';
import { PinnedNames } from '../../src/portals/pinned-names.js';
import { PortalRegistry } from '../../src/portals/registry.js';
import { TokenVault } from '../../src/portals/token-vault.js';
import { until } from '../support/until.js';
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

    if (!kind.embedded) {
      /** What was changed is read again as long as an older transaction is under way, of another suite's database too. */
      const untilNothingIsRead = (registry: PortalRegistry, read: () => number) =>
        until('the end of older transactions', async () => {
          expect(await registry.refresh()).toEqual([]);
          return read() === 0;
        });
      /** A registry, and how many portals it has read since it was last asked. */
      const counting = async () => {
        let rows = 0;
        const plugin: KyselyPlugin = {
          transformQuery: ({ node }) => node,
          transformResult: ({ result }) => {
            rows += result.rows.filter((row) => 'client_endpoint' in row).length;
            return Promise.resolve(result);
          },
        };
        await registerPortals(open(), ['m1', 'm2', 'm3']);
        const { db, dialect } = open();
        const registry = await registryOver(databaseOver(dialect, db.withPlugin(plugin)));
        const read = () => {
          const count = rows;
          rows = 0;
          return count;
        };
        await untilNothingIsRead(registry, read);
        return { registry, read };
      };

      it('and no other portal is read', async () => {
        const { registry, read } = await counting();
        expect(await registry.refresh()).toEqual([]);
        expect(read()).toBe(0);
        // As a dump is restored: without a search path.
        await elsewhere()
          .db.transaction()
          .execute(async (tx) => {
            await sql`set local search_path to ''`.execute(tx);
            await sql`update public.portals set state = 'uninstalled' where member_id = 'm2'`.execute(tx);
          });
        expect(await registry.refresh()).toMatchObject([{ memberId: 'm2' }]);
        expect(read()).toBe(1);
        await untilNothingIsRead(registry, read);
      });

      it('also by a transaction that is older than the last look, and ends after it', async () => {
        const { registry } = await counting();
        const slow = await elsewhere().db.startTransaction().execute();
        await slow
          .updateTable('portals')
          .set({ state: 'uninstalled' })
          .where('member_id', '=', 'm1')
          .execute();
        await uninstallElsewhere('m2');
        expect(await registry.refresh()).toMatchObject([{ memberId: 'm2' }]);
        expect(await registry.refresh()).toEqual([]);
        await slow.commit().execute();
        expect(await registry.refresh()).toMatchObject([{ memberId: 'm1', after: { state: 'uninstalled' } }]);
      });

      it('also where the database has noted nothing, as soon as that is in doubt', async () => {
        const { registry } = await counting();
        await sql`alter table portals disable trigger user`.execute(elsewhere().db);
        await uninstallElsewhere('m3');
        await registerPortals(elsewhere(), ['m4']);
        await sql`alter table portals enable trigger user`.execute(elsewhere().db);
        const total = async () =>
          (await elsewhere().db.selectFrom('portal_total').select('portals').executeTakeFirst())?.portals;
        const before = await total();
        expect(await registry.refresh()).toEqual([]);
        registry.doubt();
        expect((await registry.refresh()).map(({ memberId }) => memberId).sort()).toEqual(['m3', 'm4']);
        expect(await total()).toBe((before ?? 0) + 1);
      });

      it('also where its notes are of another server, whose transactions had higher numbers', async () => {
        const { registry, read } = await counting();
        await sql`update portal_changes set changed_in = changed_in + 1000000000`.execute(elsewhere().db);
        registry.doubt();
        await registry.refresh();
        read();
        await uninstallElsewhere('m1');
        expect(await registry.refresh()).toMatchObject([{ memberId: 'm1' }]);
        expect(read()).toBe(1);
      });

      it('also where reading it has failed', async () => {
        const { registry } = await counting();
        await uninstallElsewhere('m1');
        await sql`alter table portals rename to moved`.execute(elsewhere().db);
        await expect(registry.refresh()).rejects.toThrow('portals');
        await sql`alter table moved rename to portals`.execute(elsewhere().db);
        expect(await registry.refresh()).toMatchObject([{ memberId: 'm1' }]);
      });

      it('and the database tells of it by itself, as short as what others act on at once', async () => {
        const client = new pg.Client({ connectionString: url() });
        const heard: (string | undefined)[] = [];
        await client.connect();
        try {
          client.on('notification', ({ payload }) => heard.push(payload));
          await client.query('listen bitrix24_bridge');
          await registerPortals(elsewhere(), ['m1', 'm2']);
          await uninstallElsewhere('m1');
          // Nobody waits for that.
          await elsewhere().db.updateTable('portals').set({ shared_seen_at: 1 }).execute();
          await elsewhere().db.deleteFrom('portals').execute();
          const [portals, changed] = ['{"from":"","portals":true}', '{"from":"","changed":true}'];
          await until('what it tells', () => heard.length >= 3);
          expect(new Set(heard)).toEqual(new Set([portals, changed]));
          expect(heard.filter((text) => text === changed)).toHaveLength(1);
          expect(heard.at(-1)).toBe(portals);
        } finally {
          await client.end();
        }
      });

      it('and counts them, however they come and go', async () => {
        const total = async () =>
          (await elsewhere().db.selectFrom('portal_total').select('portals').executeTakeFirst())?.portals;
        const { n } = await elsewhere()
          .db.selectFrom('portals')
          .select((eb) => eb.fn.countAll<number>().as('n'))
          .executeTakeFirstOrThrow();
        expect(await total()).toBe(n);
        await registerPortals(elsewhere(), ['m1', 'm2', 'm3']);
        expect(await total()).toBe(n + 3);
        const rolled = await elsewhere().db.startTransaction().execute();
        await rolled.deleteFrom('portals').execute();
        await rolled.rollback().execute();
        expect(await total()).toBe(n + 3);
        await elsewhere().db.deleteFrom('portals').where('member_id', 'in', ['m1', 'm2']).execute();
        expect(await total()).toBe(n + 1);
      });
    }

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
