import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { copyDatabase } from '../../src/database/copy.js';
import { type Database, openDatabase } from '../../src/database/database.js';
import { ensureIdentity, readIdentity } from '../../src/database/identity.js';
import { migrate } from '../../src/database/migrate.js';
import { DATABASE_KINDS, file, postgres, type TestDatabase } from './databases.js';

const shared = DATABASE_KINDS.filter((kind) => kind.shared);

describe.each(shared.map((kind) => [kind.name, kind] as const))('a database (%s)', (_name, kind) => {
  let place: TestDatabase;
  const open: Database[] = [];
  beforeEach(async () => {
    place = await kind.create();
    for (let count = 0; count < 4; count += 1) open.push(openDatabase(place.url));
    await migrate(open[0] as Database);
  });
  afterEach(async () => {
    for (const { db } of open.splice(0)) await db.destroy();
    await place.remove();
  });

  it('is given one identity, which all that start at once agree on, and keeps it', async () => {
    expect(await readIdentity(open[0] as Database)).toBeNull();
    const given = await Promise.all(open.map((database) => ensureIdentity(database)));
    expect(new Set(given.map(({ id }) => id)).size).toBe(1);
    expect(given[0]?.id).toMatch(/^[0-9a-f]{16}$/);
    expect(await ensureIdentity(open[1] as Database)).toEqual(given[0]);
  });
});

describe('a database that is copied to PostgreSQL', () => {
  if (!DATABASE_KINDS.includes(postgres)) return;

  it('goes on as the same one, whatever the target was before', async () => {
    const places = await Promise.all([file.create(), postgres.create()]);
    const [from, to] = places.map(({ url }) => openDatabase(url)) as [Database, Database];
    try {
      await migrate(from);
      await migrate(to);
      const identity = await ensureIdentity(from);
      expect(await ensureIdentity(to)).not.toEqual(identity);
      await copyDatabase(from, to);
      expect(await ensureIdentity(to)).toEqual(identity);
    } finally {
      await from.db.destroy();
      await to.db.destroy();
      for (const place of places) await place.remove();
    }
  });
});
