import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { copyDatabase } from '../../src/database/copy.js';
import { type Database, openDatabase } from '../../src/database/database.js';
import { migrate, pendingMigrations } from '../../src/database/migrate.js';
import { type PortalsTable } from '../../src/database/schema.js';
import { BulkTasks } from '../../src/ledger/bulk-tasks.js';
import { CHANGED_AT, event, LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { file, postgres, type TestDatabase } from './databases.js';

const PORTAL: PortalsTable = {
  member_id: MEMBER,
  name: 'acme',
  former_name: null,
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
  source_key: 'erp',
  former_source_keys: '[""]',
  shared_seen_at: null,
  authorization_server: 'oauth.bitrix24.tech',
  marks_failing_since: null,
  install_refused_at: null,
  install_refused_reason: null,
  bad_answers: 2,
  ask_again_at: 1_700_000_000_000,
  paused_at: 1700000000000,
  paused_reason: 'the ERP is rebuilt',
  paused_by: 'anna',
};

describe('a copy from SQLite to PostgreSQL', () => {
  let places: TestDatabase[];
  let source: Database;
  let target: Database;
  beforeEach(async () => {
    places = [await file.createMigrated(), await postgres.create()];
    const [from, to] = places.map(({ url }) => openDatabase(url));
    if (from === undefined || to === undefined) throw new Error('no databases');
    [source, target] = [from, to];
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
    former: await db.selectFrom('former_process_ids').selectAll().execute(),
    ended: await db.selectFrom('ended_sessions').selectAll().execute(),
    audit: await db.selectFrom('audit').selectAll().orderBy('id').execute(),
    history: await db.selectFrom('history').selectAll().execute(),
    batches: await db.selectFrom('history_batches').selectAll().execute(),
    log: await db.selectFrom('event_log').selectAll().execute(),
    reasons: await db.selectFrom('reasons').selectAll().execute(),
    offered: await db.selectFrom('offered_tokens').selectAll().execute(),
    tasks: await db.selectFrom('bulk_tasks').selectAll().execute(),
    listed: await db.selectFrom('bulk_task_deliveries').selectAll().execute(),
    states: await db.selectFrom('object_states').selectAll().execute(),
    snapshots: await db.selectFrom('snapshots').selectAll().execute(),
    types: await db.selectFrom('snapshot_types').selectAll().execute(),
    reconciled: await db.selectFrom('reconciled_types').selectAll().execute(),
    seen: await db.selectFrom('seen_objects').selectAll().orderBy('type_no').orderBy('object_id').execute(),
  });

  it('brings every row of every table as it was, and numbers deliveries on', async () => {
    await source.db.insertInto('portals').values(PORTAL).execute();
    const types = [2, 3].map((type) => ({ member_id: MEMBER, entity_type_id: type, type: `crm.${type}` }));
    await source.db.insertInto('reconciled_types').values(types).execute();
    const seen = [2, 1].flatMap((type) =>
      [1, 2, 1500].map((id) => ({ type_no: type, object_id: id, updated_at: CHANGED_AT, gone: 0 as const })),
    );
    await source.db.insertInto('seen_objects').values(seen).execute();
    await source.db
      .insertInto('object_states')
      .values({
        member_id: MEMBER,
        entity_type_id: 2,
        object_id: '7',
        state: '{"id":7,"n":1.0}',
        previous: null,
        told_by: '1-1',
        changed_at: START,
      })
      .execute();
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

    await source.db
      .insertInto('offered_tokens')
      .values({
        id: 'o1',
        member_id: 'm1',
        user_id: '7',
        access_token: 'sealed',
        refresh_token: 'sealed too',
        token_expires_at: 1,
        client_endpoint: 'https://acme.example/rest/',
        authorization_server: null,
        application_token: null,
        offered_at: 2,
        tries: 3,
        try_at: 4,
      })
      .execute();
    await source.db
      .insertInto('former_process_ids')
      .values({
        member_id: MEMBER,
        process_id: 'p0',
        message_id: 'm1',
        changed_at: CHANGED_AT,
        delivery_seq: 2,
      })
      .execute();

    await source.db.insertInto('ended_sessions').values({ id: 's1', expires_at: 1 }).execute();
    const entry = {
      at: 1,
      actor_kind: 'cli',
      actor_name: 'alice@host',
      actor_address: null,
      action: 'renamed',
      member_id: MEMBER,
      portal: 'acme',
      target: 'acme',
      count: null,
      detail: null,
      told: 0,
    } as const;
    await source.db.insertInto('audit').values(entry).execute();
    await new BulkTasks(source, { ...SETTINGS, RETRY_BY_HAND_PER_SECOND: 1 }).create('retry', [2], 'ann', '');
    const { no } = await source.db
      .insertInto('snapshots')
      .values({
        member_id: MEMBER,
        state: 'running',
        reason: null,
        filter: '{"stageId":"WON"}',
        routing_key: null,
        asked_by: 'ann',
        created_at: START,
        resumed_at: START,
        ran_ms: 0,
        finished_at: null,
        progressed_at: START,
      })
      .returning('no')
      .executeTakeFirstOrThrow();
    await source.db
      .insertInto('snapshot_types')
      .values({
        snapshot_no: no,
        ordinal: 0,
        type: 'crm.deal',
        entity_type_id: 2,
        after_id: 50,
        max_id: 200,
        objects: 40,
        superseded: 1,
      })
      .execute();
    const ledger = new LedgerBench(() => source);
    const past = ledger.now;
    ledger.now = START - 2 * SETTINGS.LATE_FAILURE_WINDOW_MS;
    const [last = 0] = await ledger.put({ message: 'm9', process: 'p9', state: 'published', held: 0 });
    await ledger.reply('failed', 'm9', { processId: 'p9' });
    await source.db
      .updateTable('deliveries')
      .set({ state: 'processed', held: 0 })
      .where('message_id', '=', 'm9')
      .execute();
    ledger.now = past;
    expect(await ledger.ledger.purge()).toBe(1);
    const before = await everything(source);
    const copied = await copyDatabase(source, target);
    expect(copied.rows).toEqual({
      portals: 1,
      deliveries: 6,
      journal: 2,
      former_process_ids: 1,
      ended_sessions: 1,
      audit: 1,
      idempotency_keys: 0,
      offered_tokens: 1,
      bulk_tasks: 1,
      bulk_task_deliveries: 1,
      reasons: 1,
      portal_numbers: 1,
      event_codes: 1,
      history_batches: 1,
      history: 1,
      event_log: 1,
      object_states: 1,
      snapshots: 1,
      snapshot_types: 1,
      reconciled_types: 2,
      reconciled_portals: 0,
      seen_objects: 6,
      silent_spells: 0,
      missed_changes: 0,
    });
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

    const audited = await target.db.insertInto('audit').values(entry).returning('id').executeTakeFirst();
    expect(audited?.id).toBe((before.audit.at(-1)?.id ?? 0) + 1);

    const [next] = await new LedgerBench(() => target).put({
      message: 'm99',
      process: 'p2',
      state: 'reserved',
    });
    expect(next).toBe(last + 1);
    expect(copied.lastSeq).toBe(last);
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
      rows: {
        portals: 0,
        offered_tokens: 0,
        deliveries: 0,
        journal: 0,
        former_process_ids: 0,
        ended_sessions: 0,
        audit: 0,
        idempotency_keys: 0,
        bulk_tasks: 0,
        bulk_task_deliveries: 0,
        reasons: 0,
        portal_numbers: 0,
        event_codes: 0,
        history_batches: 0,
        history: 0,
        event_log: 0,
        object_states: 0,
        snapshots: 0,
        snapshot_types: 0,
        reconciled_types: 0,
        reconciled_portals: 0,
        seen_objects: 0,
        silent_spells: 0,
        missed_changes: 0,
      },
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
    expect(await everything(target)).toEqual({
      audit: [],
      states: [],
      snapshots: [],
      types: [],
      reconciled: [],
      seen: [],
      portals: [],
      history: [],
      batches: [],
      log: [],
      reasons: [],
      deliveries: [],
      journal: [],
      former: [],
      ended: [],
      offered: [],
      tasks: [],
      listed: [],
    });
    expect((await everything(source)).deliveries).toHaveLength(1);
  });

  it('goes in one direction only', async () => {
    await expect(copyDatabase(target, source)).rejects.toThrow('from SQLite to PostgreSQL');
  });
});
