import { expect, it } from '@jest/globals';
import { DatabaseCheck } from './database-check.js';

it('tells since when the database cannot be worked with: from the first failure that anything met', async () => {
  let now = 1000;
  let works = true;
  const check = new DatabaseCheck(
    () => (works ? Promise.resolve() : Promise.reject(new Error('disk full'))),
    () => now,
  );
  now = 2000;
  // It has not been opened since the start.
  expect(await check.read()).toMatchObject({ up: false, since: 1000 });
  check.opened(null);
  expect(await check.read()).toEqual({ up: true, reason: null, since: null });
  now = 3000;
  check.ledger('m1', 'read-only');
  now = 9000;
  expect(await check.read()).toEqual({ up: false, reason: 'read-only', since: 3000 });
  check.ledger('m1', null);
  works = false;
  // Another reason, and no moment in between at which it worked.
  expect(await check.read()).toEqual({ up: false, reason: 'disk full', since: 3000 });
  works = true;
  expect(await check.read()).toMatchObject({ up: true, since: null });
  works = false;
  expect(await check.read()).toMatchObject({ since: 9000 });
});
