import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { copyDatabase } from '../../src/database/copy.js';
import { type Database, openDatabase } from '../../src/database/database.js';
import { ensureIdentity, readIdentity } from '../../src/database/identity.js';
import { file, postgres, SHARED_KINDS, type TestDatabase } from './databases.js';

describe.each(SHARED_KINDS.map((kind) => [kind.name, kind] as const))('a database (%s)', (_name, kind) => {
  let place: TestDatabase;
  const open: Database[] = [];
  beforeEach(async () => {
    place = await kind.createMigrated();
    for (let count = 0; count < 4; count += 1) open.push(openDatabase(place.url));
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
  if (!SHARED_KINDS.includes(postgres)) return;

  it('goes on as the same one, whatever the target was before', async () => {
    const places = await Promise.all([file.createMigrated(), postgres.createMigrated()]);
    const [from, to] = places.map(({ url }) => openDatabase(url)) as [Database, Database];
    try {
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
