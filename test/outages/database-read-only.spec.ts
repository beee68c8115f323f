import { afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { postgres, type TestDatabase } from '../ledger/databases.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { Visitor } from '../support/visitor.js';
import { nothingLost, notReady, readyAgain } from './outage.js';

const PASSWORD = 'correct horse battery';

/** As a standby is that was not promoted, or one that a failover has left behind. */
async function setReadOnly(database: TestDatabase, readOnly: boolean): Promise<void> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('set session characteristics as transaction read write');
    const name = new URL(database.url).pathname.slice(1);
    await client.query(
      `alter database ${name} set default_transaction_read_only = ${readOnly ? 'on' : 'off'}`,
    );
    await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()',
      [name],
    );
  } finally {
    await client.end();
  }
}

describe('a database that has become read-only', () => {
  let system: TestSystem;
  let database: TestDatabase;
  afterEach(async () => {
    await system.close();
    await database.remove();
  });

  it('is named, nothing new is reserved, a button says that it did nothing, and nothing is lost', async () => {
    database = await postgres.create();
    system = await TestSystem.open({
      process: true,
      settings: { DATABASE_URL: database.url, LEASE_MS: '3000', DASHBOARD_PASSWORD: PASSWORD },
      onEvent: (event, downstream) => {
        if (event.objectId === '1' && event.attempt === 1)
          downstream.reply({ status: 'failed', reason: 'no such customer' }, event);
        downstream.channel.ack(event.message);
      },
    });
    const visitor = new Visitor(system.bridge.url);
    await visitor.logIn(PASSWORD);
    system.push(1, 20);
    await until('the events', () => system.delivered().size === 20);
    const failed = await visitor.retryButton('/events', 45_000);

    await setReadOnly(database, true);
    system.push(21, 200);
    // Connections that were cut come first.
    await notReady(system, 'database', /read-only/);
    expect((await system.get('/health/live')).status).toBe(200);
    const { status } = await visitor.post('/events/retry', [['only', failed]]);
    expect(status).toBe(303);
    expect((await visitor.get('/events')).body).toContain('Nothing was done');
    expect(system.portal.rows().filter(({ PROCESS_ID }) => PROCESS_ID === '').length).toBeGreaterThan(0);

    await setReadOnly(database, false);
    await readyAgain(system);
    const again = () =>
      system.downstream.received.some(({ objectId, attempt }) => objectId === '1' && attempt === 2);
    await until('its retry', async () => {
      // Its row may have been fetched meanwhile, which gives it a new record.
      const only = await visitor.retryButton('/events', 0).catch(() => null);
      if (only !== null) await visitor.post('/events/retry', [['only', only]]);
      return again();
    });
    await nothingLost(system, 200);
  });
});
