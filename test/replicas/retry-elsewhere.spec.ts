import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Emulator, startEmulator } from '../../emulator/index.js';
import { OfflineBridge, OfflineBridgeModule } from '../../src/index.js';
import { postgres, type TestDatabase } from '../ledger/databases.js';
import { RABBITMQ_URL } from '../support/test-bridge.js';
import { Downstream } from '../support/downstream.js';
import { until } from '../support/until.js';

const HOUR = 3_600_000;
const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Portals are asked once in an hour here, and nothing else looks for what is marked: only a wake-up makes a round. */
describe('two replicas, of which one owns the portal', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function start(emulator: Emulator, database: TestDatabase, prefix: string, more = {}) {
    const module = OfflineBridgeModule.forRoot({
      settings: {
        RABBITMQ_URL,
        DATABASE_URL: database.url,
        AMQP_PREFIX: prefix,
        B24_CLIENT_ID: emulator.clientId,
        B24_CLIENT_SECRET: emulator.clientSecret,
        B24_OAUTH_URL: emulator.url,
        B24_ALLOW_HTTP: true,
        B24_EVENTS: ['ONCRMDEALUPDATE'],
        DRAIN_INTERVAL_MS: HOUR,
        DRAIN_MAX_INTERVAL_MS: HOUR,
        RETRY_BASE_DELAY_MS: HOUR,
        RETRY_MAX_DELAY_MS: HOUR,
        FAILURE_BATCH_WAIT_MS: 100,
        ...more,
      },
      log: quiet,
      http: false,
    });
    const app: INestApplicationContext = await NestFactory.createApplicationContext(module, {
      logger: false,
      abortOnError: false,
    });
    closing.push(() => app.close());
    const bridge = app.get(OfflineBridge);
    await bridge.started();
    return bridge;
  }
  const owned = async (bridge: OfflineBridge) =>
    Number(/^bridge_portals_owned (\d+)/m.exec(await bridge.prometheus())?.[1]);

  it('wake and retry of the other reach its owner', async () => {
    const emulator = await startEmulator();
    closing.push(() => emulator.close());
    const portal = emulator.addPortal({ name: 'acme' });
    const database = await postgres.create();
    closing.push(() => database.remove());
    const downstream = new Downstream((event, { channel }) =>
      event.attempt === 1 ? channel.nack(event.message, false, false) : channel.ack(event.message),
    );
    closing.push(() => downstream.remove());
    const { prefix, names } = downstream;
    const owner = await start(emulator, database, prefix, {
      B24_DOMAIN: portal.domain,
      B24_REFRESH_TOKEN: portal.issueRefreshToken(),
    });
    await downstream.start({ deadLetterTo: names.failures });
    await until('the bindings', () => portal.bindings().length > 0);
    await until('an owner', async () => (await owned(owner)) === 1);
    const other = await start(emulator, database, prefix);
    await until('the portal to be known', () => other.portals().length === 1);

    portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: '1' } } });
    other.wake('acme');
    await until('its mark', async () => (await other.events({ states: ['marked'] })).length === 1);
    expect([await owned(owner), await owned(other)]).toEqual([1, 0]);

    expect(await other.retry({ portal: 'acme', states: ['marked'] })).toEqual({
      done: 1,
      later: 0,
      left: {},
    });
    await until('its second delivery', () => downstream.received.some(({ attempt }) => attempt === 2));
  });
});
