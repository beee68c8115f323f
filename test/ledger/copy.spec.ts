import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { copyDatabase } from '../../src/database/copy.js';
import { type Database, openDatabase } from '../../src/database/database.js';
import { migrate, pendingMigrations } from '../../src/database/migrate.js';
import { type PortalsTable } from '../../src/database/schema.js';
import { CHANGED_AT, event, LedgerBench, MEMBER, START } from './bench.js';
import { file, postgres, type TestDatabase } from './databases.js';

const PORTAL: PortalsTable = {
  member_id: MEMBER,
  name: 'acme',
  domain: 'acme.bitrix24.com',
  client_endpoint: 'https://acme.bitrix24.com/rest/',
  access_token: 'aes256gcm:key:nonce:tag:text',
  refresh_token: 'aes256gcm:key:nonce:tag:more',
  token_expires_at: START + 3_600_000,
  token_renewed_at: START,
  application_token: null,
  state: 'suspended',
  state_reason: 'the plan has ended, “sorry”',
  state_since: START,
  extended: 1,
  installed_at: START,
  notification_handler: null,
};

describe('a copy from SQLite to PostgreSQL', () => {
  let places: TestDatabase[];
  let source: Database;
  let target: Database;
  beforeEach(async () => {
    places = [await file.create(), await postgres.create()];
    const [from, to] = places.map(({ url }) => openDatabase(url));
    if (from === undefined || to === undefined) throw new Error('no databases');
    [source, target] = [from, to];
    await migrate(source);
  });
  afterEach(async () => {
    await source.db.destroy();
    await target.db.destroy();
    for (const place of places) await place.remove();
  });

  const everything = async ({ db }: Database) => ({
    portals: await db.selectFrom('portals').selectAll().orderBy('member_id').execute(),
    deliveries: await db.selectFrom('deliveries').selectAll().orderBy('seq').execute(),
    journal: await db.selectFrom('journal').selectAll().orderBy('row_id').execute(),
  });

  it('brings every row of every table as it was, and numbers deliveries on', async () => {
    await source.db.insertInto('portals').values(PORTAL).execute();
    const bench = new LedgerBench(() => source);
    const states = ['reserved', 'published', 'processed', 'failed', 'marked', 'waiting', 'dead'] as const;
    await bench.put(
      ...states.map((state, index) => ({
        message: `m${index}`,
        state,
        errored: state === 'waiting' ? (1 as const) : (0 as const),
        held: state === 'dead' ? (0 as const) : (1 as const),
        dueAt: state === 'waiting' ? START + 5 : null,
        reason: state === 'failed' ? "it's «broken»\n🙂" : null,
        attempt: index + 1,
      })),
    );
    // A gap, and a last number whose delivery is gone.
    const purged = await bench.put(...['m10', 'm11'].map((message) => ({ message, state: 'dead' as const })));
    await source.db
      .deleteFrom('deliveries')
      .where('seq', 'in', [3, ...purged])
      .execute();
    await source.db
      .updateTable('deliveries')
      .set({ discarded_at: START, attempts_before: 4 })
      .where('seq', '=', 7)
      .execute();
    await bench.ledger.applyRound(MEMBER, [
      {
        type: 'journaled',
        events: [event('m50'), event('m51', { data: null, userId: null })],
        errored: true,
      },
    ]);

    const before = await everything(source);
    const copied = await copyDatabase(source, target);
    expect(copied.rows).toEqual({ portals: 1, deliveries: 6, journal: 2 });
    expect(copied.deliveriesByState).toEqual({
      reserved: 1,
      published: 1,
      failed: 1,
      marked: 1,
      waiting: 1,
      dead: 1,
    });
    expect(await everything(target)).toEqual(before);
    expect(await everything(source)).toEqual(before);

    const [next] = await new LedgerBench(() => target).put({
      message: 'm99',
      process: 'p2',
      state: 'reserved',
    });
    expect(next).toBe((purged.at(-1) ?? 0) + 1);
    expect(copied.lastSeq).toBe(purged.at(-1));
  });

  it('lets the ledger go on where it was', async () => {
    await source.db.insertInto('portals').values(PORTAL).execute();
    const here = new LedgerBench(() => source);
    await here.reserve('p1', [event('m1'), event('m2'), event('m3')]);
    await here.ledger.recordPublished(
      (await here.ledger.nextPublishable(MEMBER, 'reserved', 0, 2)).slice(0, 2),
    );
    await here.reply('failed', 'm1');
    await copyDatabase(source, target);

    const there = new LedgerBench(() => target);
    there.now += 1000;
    expect(await there.ledger.heldProcessIds(MEMBER)).toEqual(['p1']);
    expect(
      (await there.ledger.nextPublishable(MEMBER, 'reserved', 0, 10)).map(({ messageId }) => messageId),
    ).toEqual(['m3']);
    await there.publish();
    await there.ledger.applyRound(MEMBER, [{ type: 'marked', processId: 'p1', messageIds: ['m1'] }]);
    await there.reply('processed', ['m2', 'm3']);
    expect((await there.all()).map(({ state }) => state)).toEqual(['marked', 'processed', 'processed']);
    await there.reserve('p2', [event('m4')]);
    expect((await there.all()).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  it('brings many rows, in parts', async () => {
    const bench = new LedgerBench(() => source);
    const messages = Array.from({ length: 2500 }, (_, index) => `m${index}`);
    await bench.reserve(
      'p1',
      messages.map((message) => event(message)),
    );
    expect((await copyDatabase(source, target)).rows.deliveries).toBe(2500);
    expect((await everything(target)).deliveries).toEqual(await bench.all());
  });

  it('of an empty ledger works too', async () => {
    expect(await copyDatabase(source, target)).toEqual({
      rows: { portals: 0, deliveries: 0, journal: 0 },
      deliveriesByState: {},
      lastSeq: 0,
    });
    expect(await new LedgerBench(() => target).put({ message: 'm1', state: 'reserved' })).toEqual([1]);
  });

  it.each(['portals', 'journal'] as const)(
    'refuses a target with rows in %s, and leaves it alone',
    async (table) => {
      await migrate(target);
      if (table === 'portals') await target.db.insertInto('portals').values(PORTAL).execute();
      else {
        await target.db
          .insertInto('journal')
          .values({
            member_id: MEMBER,
            row_id: '1',
            message_id: 'm',
            changed_at: CHANGED_AT,
            event: 'E',
            payload: 'null',
            user_id: null,
            errored: 0,
          })
          .execute();
      }
      // As an older version left it.
      await target.db
        .deleteFrom('kysely_migration' as 'portals')
        .where('name', 'like', '0003%')
        .execute();
      await expect(copyDatabase(source, target)).rejects.toThrow(
        `the target is not empty: there are rows in ${table}`,
      );
      expect(await pendingMigrations(target)).toEqual(['0003-notification-handler']);
    },
  );

  it('takes everything back when it cannot be finished', async () => {
    await source.db.insertInto('portals').values(PORTAL).execute();
    await new LedgerBench(() => source).put({ message: 'm1', state: 'failed' });
    // SQLite keeps anything anywhere.
    await sql`update deliveries set attempt = 'many'`.execute(source.db);
    await expect(copyDatabase(source, target)).rejects.toThrow('invalid input syntax for type integer');
    expect(await everything(target)).toEqual({ portals: [], deliveries: [], journal: [] });
    expect((await everything(source)).deliveries).toHaveLength(1);
  });

  it('goes in one direction only', async () => {
    await expect(copyDatabase(target, source)).rejects.toThrow('from SQLite to PostgreSQL');
  });
});
