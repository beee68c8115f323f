import { beforeEach, expect, it } from '@jest/globals';
import { EndedSessionsStore } from '../../src/database/ended-sessions.js';
import { onEveryDatabase } from './databases.js';

const HOUR_MS = 3_600_000;

onEveryDatabase('ended sessions', (open) => {
  let now: number;
  const store = () => new EndedSessionsStore(open(), () => now);
  const ids = async () =>
    (await open().db.selectFrom('ended_sessions').select('id').orderBy('id').execute()).map(({ id }) => id);

  beforeEach(async () => {
    now = Date.UTC(2026, 0, 15);
    await open().db.deleteFrom('ended_sessions').execute();
  });

  it('are known to whoever shares the database', async () => {
    await store().add('a', now + HOUR_MS);
    expect([await store().has('a'), await store().has('b'), await store().has('')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('may end twice, and at once', async () => {
    await Promise.all(Array.from({ length: 10 }, () => store().add('a', now + HOUR_MS)));
    expect(await ids()).toEqual(['a']);
  });

  it('are forgotten once they would have ended anyway, by every clock', async () => {
    await store().add('a', now);
    now += HOUR_MS;
    await store().add('b', now + HOUR_MS);
    expect(await ids()).toEqual(['a', 'b']);
    now += 1;
    await store().add('c', now + HOUR_MS);
    expect(await ids()).toEqual(['b', 'c']);
  });
});
