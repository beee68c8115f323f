import { afterEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { type Database, openDatabase } from '../../src/database/database.js';
import { migrate, MigrationError } from '../../src/database/migrate.js';
import { LedgerBench } from './bench.js';
import { DATABASE_KINDS } from './databases.js';

/** Every migration, in order. */
const ALL = [
  '0001-ledger',
  '0002-retry-by-hand',
  '0003-notification-handler',
  '0004-leases',
  '0005-trouble',
  '0006-replica-reports',
  '0007-authorization-server',
  '0008-marks-failing',
  '0009-source-key',
  '0010-former-name',
  '0011-assumed-times',
  '0012-refused',
  '0013-identity',
  '0014-former-process-ids',
  '0015-bad-answers',
  '0016-offered-tokens',
  '0018-ended-sessions',
  '0021-stands-for-newer',
  '0022-history',
  '0027-audit',
  '0028-idempotency-keys',
  '0030-paused',
  '0032-bulk-tasks',
  '0033-narrow-indexes',
  '0034-mark-sent',
  '0035-snapshots',
  '0036-object-states',
  '0037-reconcile',
  '0038-portal-changes',
];

describe.each(DATABASE_KINDS.map((kind) => [kind.name, kind] as const))('migrations (%s)', (_name, kind) => {
  const databases: Database[] = [];
  let remove = () => Promise.resolve();
  afterEach(async () => {
    for (const database of databases.splice(0)) await database.db.destroy();
    await remove();
  });
  const create = async (connections = 1) => {
    const place = await kind.create();
    remove = () => place.remove();
    for (let index = 0; index < connections; index += 1) databases.push(openDatabase(place.url));
    return databases[0] as Database;
  };

  it('make the tables from nothing, and a second time change nothing', async () => {
    const database = await create();
    expect(await migrate(database)).toEqual(ALL);
    await new LedgerBench(() => database).put({ message: 'm1', state: 'reserved' });
    expect(await migrate(database)).toEqual([]);
    expect(await new LedgerBench(() => database).all()).toHaveLength(1);
    expect(await database.db.selectFrom('portals').selectAll().execute()).toEqual([]);
    expect(await database.db.selectFrom('journal').selectAll().execute()).toEqual([]);
  });

  it('leave nothing of themselves behind when they fail half-way, and say which failed', async () => {
    const database = await create();
    // The migration makes portals and deliveries before it comes to this table.
    await sql`create table journal (other integer)`.execute(database.db);
    const failure = await migrate(database).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MigrationError);
    expect(String(failure)).toMatch(/0001-ledger failed: .*journal.* already exists/);
    const tables = (await database.db.introspection.getTables()).map((table) => table.name);
    expect(tables).toEqual(['journal']);

    await sql`drop table journal`.execute(database.db);
    expect(await migrate(database)).toEqual(ALL);
  });

  it('number deliveries in the order in which they came', async () => {
    const database = await create();
    await migrate(database);
    const bench = new LedgerBench(() => database);
    const seqs = await bench.put({ message: 'm1', state: 'reserved' }, { message: 'm2', state: 'reserved' });
    await database.db.deleteFrom('deliveries').execute();
    seqs.push(...(await bench.put({ message: 'm3', state: 'reserved' })));
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs).size).toBe(3);
  });

  it('refuse the same delivery twice', async () => {
    const database = await create();
    await migrate(database);
    const bench = new LedgerBench(() => database);
    await bench.put({ message: 'm1', state: 'reserved' });
    await expect(bench.put({ message: 'm1', state: 'dead' })).rejects.toThrow(/unique/i);
  });

  if (!kind.embedded) {
    it('run once when several processes start together', async () => {
      await create(4);
      const applied = await Promise.all(databases.map((database) => migrate(database)));
      expect(applied.flat()).toEqual(ALL);
    });
  }
});
