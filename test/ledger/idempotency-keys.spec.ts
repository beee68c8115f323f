import { beforeEach, expect, it } from '@jest/globals';
import { IdempotencyKeys } from '../../src/database/idempotency-keys.js';
import { onEveryDatabase } from './databases.js';

const HOUR_MS = 3_600_000;

onEveryDatabase('idempotency keys', (open) => {
  let now: number;
  const keys = () => new IdempotencyKeys(open(), () => now);

  beforeEach(async () => {
    now = Date.UTC(2026, 0, 15);
    await open().db.deleteFrom('idempotency_keys').execute();
  });

  it('are claimed by one of many at once, who has the answer for all others', async () => {
    const claims = await Promise.all(Array.from({ length: 10 }, () => keys().claim('a', 'r')));
    expect(claims.filter(({ state }) => state === 'new')).toHaveLength(1);
    expect(claims.filter(({ state }) => state === 'in progress')).toHaveLength(9);
    await keys().answered('a', 200, '{"done":1}');
    expect(await keys().claim('a', 'r')).toEqual({ state: 'answered', status: 200, answer: '{"done":1}' });
    expect(await keys().claim('a', 'other')).toEqual({ state: 'other request' });
    expect(await keys().claim('b', 'other')).toEqual({ state: 'new' });
  });

  it('may be used again where nothing came of it', async () => {
    await keys().claim('a', 'r');
    await keys().failed('a');
    expect(await keys().claim('a', 'r')).toEqual({ state: 'new' });
    await keys().answered('a', 200, '{}');
    await keys().failed('a');
    expect(await keys().claim('a', 'r')).toMatchObject({ state: 'answered' });
  });

  it('of a process that was killed are free for the same request after a minute', async () => {
    await keys().claim('a', 'r');
    now += 59_000;
    expect(await keys().claim('a', 'r')).toEqual({ state: 'in progress' });
    now += 1000;
    expect(await keys().claim('a', 'other')).toEqual({ state: 'other request' });
    expect(await keys().claim('a', 'r')).toEqual({ state: 'new' });
    expect(await keys().claim('a', 'r')).toEqual({ state: 'in progress' });
  });

  it('are forgotten after a day', async () => {
    await keys().claim('a', 'r');
    await keys().answered('a', 200, '{}');
    now += 24 * HOUR_MS - 1;
    expect(await keys().claim('a', 'r')).toMatchObject({ state: 'answered' });
    now += 1;
    await keys().claim('b', 'r');
    expect(await open().db.selectFrom('idempotency_keys').select('id').execute()).toEqual([{ id: 'b' }]);
  });
});
