import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { within } from '../src/timing/within.js';
import { postgres, type TestDatabase } from './ledger/databases.js';
import { BridgeProcess } from './support/bridge-process.js';
import { RABBITMQ_URL } from './support/test-bridge.js';
import { startProxyTo, type TcpProxy } from './support/tcp-proxy.js';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

const APPLICATION = fileURLToPath(new URL('support/service-in-application.mjs', import.meta.url));
/** A stop takes 9 s at most, and what does not answer then has three more; the rest is for slow machines. */
const ENDS_WITHIN_MS = 30_000;

describe('a process in which the bridge was stopped ends by itself', () => {
  let system: TestSystem;
  let bridge: BridgeProcess;
  let database: TestDatabase;
  let broker: TcpProxy;
  let server: TcpProxy;
  afterEach(async () => {
    await bridge.remove();
    await Promise.all([broker.close(), server.close()]);
    await system.close();
    await database.remove();
  });

  const draining = async () => {
    database = await postgres.create();
    const [toBroker, toServer] = await Promise.all([startProxyTo(RABBITMQ_URL), startProxyTo(database.url)]);
    broker = toBroker.proxy;
    server = toServer.proxy;
    system = await TestSystem.prepare({
      settings: { RABBITMQ_URL: toBroker.url, DATABASE_URL: toServer.url },
    });
    bridge = new BridgeProcess(system.bridge.settings, { file: APPLICATION });
    bridge.start();
    await bridge.logged('portal.installed');
    await until('bindings', () => system.portal.bindings().length >= 3);
  };
  const ends = async () => {
    const code = await within(
      ENDS_WITHIN_MS,
      bridge.stop(),
      () => new Error(`it does not end:\n${bridge.output.slice(-2000)}`),
    );
    expect(code).toBe(0);
    expect(bridge.find('bridge.stopped')).toBeDefined();
  };

  it('where everything answers', async () => {
    await draining();
    await ends();
  });

  it('where RabbitMQ is gone and PostgreSQL does not answer any more', async () => {
    await draining();
    server.stall();
    // By then a round waits for the database.
    await pause(1000);
    await broker.refuse();
    broker.cut();
    await ends();
  });
});
