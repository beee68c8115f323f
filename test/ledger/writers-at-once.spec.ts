import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Database, openDatabase } from '../../src/database/database.js';
import { countOf, event, LedgerBench, MEMBER, reply } from './bench.js';
import { onEveryDatabase, SHARED_KINDS } from './databases.js';

onEveryDatabase('writers at once neither stop nor undo each other', (open, kind, url) => {
  const others: Database[] = [];
  /** A second replica; with SQLite, another part of the same process. */
  const replica = () => {
    if (kind.embedded) return new LedgerBench(open);
    const database = openDatabase(url());
    others.push(database);
    return new LedgerBench(() => database);
  };
  afterEach(async () => {
    for (const database of others.splice(0)) await database.db.destroy();
  });
  const messagesOf = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `m${from + i}`);

  it('writes confirms, replies, rounds, silence and purges that cross', async () => {
    const [here, there] = [new LedgerBench(open), replica()];
    for (let round = 0; round < 8; round += 1) {
      const processId = `p${round}`;
      const messages = messagesOf(300, round * 1000);
      await here.reserve(
        processId,
        messages.map((message) => event(message)),
      );
      const publishable = await here.ledger.nextPublishable(MEMBER, 'reserved', 0, 1000);
      const replies = (list: readonly string[], failEvery: number) =>
        list.map((message, index) =>
          reply(index % failEvery === 0 ? 'failed' : 'processed', message, { processId, attempt: 1 }),
        );
      await Promise.all([
        here.ledger.recordPublished([...publishable].reverse()),
        here.ledger.recordOutcomes(replies(messages, 3)),
        there.ledger.recordOutcomes(replies([...messages].reverse(), 2)),
        there.ledger.applyRound(MEMBER, [
          { type: 'cleared', processId, rowIds: messages.slice(100, 200).map((message) => message.slice(1)) },
        ]),
        there.ledger.settleSilent(MEMBER),
        there.ledger.purge(),
      ]);
    }
    const counts = new Map<string, number>();
    for (const { state } of await here.all()) counts.set(state, (counts.get(state) ?? 0) + 1);
    expect(new Set(counts.keys())).not.toContain('reserved');
    expect(new Set(counts.keys())).not.toContain('published');
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(8 * 300);
  });

  it('lets a failure win over a success of the same attempt, whichever is written first', async () => {
    const [here, there] = [new LedgerBench(open), replica()];
    const messages = messagesOf(40);
    // No longer held: a failure means waiting for the next attempt, which a stale success must not settle.
    await here.put(
      ...messages.map((message) => ({ message, state: 'published' as const, held: 0 as const })),
    );
    await Promise.all(
      messages.flatMap((message) => [
        here.reply('failed', message, { attempt: 1 }),
        there.reply('processed', message, { attempt: 1 }),
      ]),
    );
    expect((await here.all()).map(({ state, attempt }) => `${state} ${attempt}`)).toEqual(
      messages.map(() => 'waiting 2'),
    );
  });

  it('counts a reply once that two replicas were given', async () => {
    const [here, there] = [new LedgerBench(open), replica()];
    const messages = messagesOf(40);
    await here.put(...messages.map((message) => ({ message, state: 'published' as const })));
    const recorded = await Promise.all(
      messages.flatMap((message) => [
        here.reply('failed', message, { attempt: 1 }),
        there.reply('failed', message, { attempt: 1 }),
      ]),
    );
    expect(recorded.reduce((sum, { failed }) => sum + countOf(failed), 0)).toBe(messages.length);
    expect(recorded.reduce((sum, { ignored }) => sum + ignored, 0)).toBe(messages.length);
  });
});

describe.each(SHARED_KINDS.map((kind) => [kind.name, kind] as const))('two processes (%s)', (_name, kind) => {
  const databases: Database[] = [];
  let remove = () => Promise.resolve();
  afterEach(async () => {
    for (const database of databases.splice(0)) await database.db.destroy();
    await remove();
  });
  const create = async (count: number) => {
    const place = await kind.createMigrated();
    remove = () => place.remove();
    for (let index = 0; index < count; index += 1) databases.push(openDatabase(place.url));
  };

  it('keep a transaction able to write that has only read so far', async () => {
    await create(2);
    const [first, second] = databases as [Database, Database];
    const here = new LedgerBench(() => first);
    const [seq] = await here.put({ message: 'm1', state: 'reserved' });
    let crossing: Promise<unknown> = Promise.resolve();
    await first.db.transaction().execute(async (tx) => {
      await tx.selectFrom('deliveries').selectAll().execute();
      crossing = new LedgerBench(() => second).put({ message: 'm2', state: 'reserved' });
      // PostgreSQL lets the other one in meanwhile; SQLite, with one writer at a time, makes it wait.
      await Promise.race([crossing, pause(50)]);
      await tx
        .updateTable('deliveries')
        .set({ reason: 'written' })
        .where('seq', '=', seq ?? 0)
        .execute();
    });
    await crossing;
    expect((await here.all()).map((delivery) => delivery.reason)).toEqual(['written', null]);
  });
});
