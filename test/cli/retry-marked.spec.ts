import { afterEach, describe, expect, it } from '@jest/globals';
import { postgres, type TestDatabase } from '../ledger/databases.js';
import { atPublicAddress, openBeforeInstall } from '../support/before-install.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { json } from './in-process.js';

const HOUR = String(3_600_000);

/** Resolves when the portal has not been asked anything for so long. */
async function noRequestFor(ms: number, { portal }: OwnPortal): Promise<void> {
  let since = performance.now();
  let { requests } = portal.counters;
  await until('rest', () => {
    if (portal.counters.requests !== requests) since = performance.now();
    ({ requests } = portal.counters);
    return performance.now() - since > ms;
  });
}

/** The portal says when it has events, and is asked once in an hour otherwise: a round comes when something wakes its loop. */
describe.each(['SQLite', 'PostgreSQL'])('`events retry` of an event that is marked, on %s', (kind) => {
  let system: TestSystem;
  let database: TestDatabase | null = null;
  afterEach(async () => {
    await system.close();
    await database?.remove();
  });

  it('is seen by a service that has nothing else to ask its portal', async () => {
    database = kind === 'PostgreSQL' ? await postgres.create() : null;
    system = await openBeforeInstall({
      settings: {
        ...(database === null ? {} : { DATABASE_URL: database.url }),
        ...(await atPublicAddress()),
        DRAIN_INTERVAL_MS: HOUR,
        DRAIN_MAX_INTERVAL_MS: HOUR,
        RETRY_BASE_DELAY_MS: HOUR,
        RETRY_MAX_DELAY_MS: HOUR,
        FAILURE_BATCH_WAIT_MS: '100',
      },
      onEvent: (event, downstream) => {
        if (event.attempt === 1) downstream.reply({ status: 'failed' }, event);
        downstream.channel.ack(event.message);
      },
    });
    const { bridge, downstream } = system;
    const own = await OwnPortal.installed(system);
    await until('the notification to be bound', () =>
      own.portal.bindings().some(({ event }) => event === 'ONOFFLINEEVENT'),
    );
    own.push(1, 1);
    const marked = async () =>
      (await json<{ events: { seq: number }[] }>(bridge, ['events', 'list', '--state', 'marked'])).events;
    await until('its mark', async () => (await marked()).length === 1);

    await noRequestFor(2000, own);
    const retried = await json(bridge, ['events', 'retry', '--portal', own.portal.name, '--state', 'marked']);
    expect(retried).toMatchObject({ exitCode: 0, fetched: 1 });
    await until('its second delivery', () => downstream.received.some(({ attempt }) => attempt === 2));
  });
});
