import { afterEach, describe, expect, it } from '@jest/globals';
import { RABBITMQ_URL } from '../support/test-bridge.js';
import { TestSystem } from '../support/test-system.js';
import { startProxyTo, type TcpProxy } from '../support/tcp-proxy.js';
import { nothingLost, readyAgain, seconds } from './outage.js';

/** Bytes of the broker's answers after which the connection breaks: in the handshake, in declarations, in use. */
const BREAKS = [100, 500, 600, 700, 900, 1200];

describe('the network to the broker', () => {
  let system: TestSystem;
  let proxy: TcpProxy;
  afterEach(async () => {
    await system.close();
    await proxy.close();
  });

  it('may break at any point of connecting: the service lives on and loses nothing', async () => {
    const through = await startProxyTo(RABBITMQ_URL);
    ({ proxy } = through);
    system = await TestSystem.open({ settings: { RABBITMQ_URL: through.url } });
    let last = 0;
    for (const bytes of BREAKS) {
      proxy.cut();
      proxy.resetAfterBytes(bytes, 'from-target');
      system.push(last + 1, last + 20);
      last += 20;
      await seconds(1.2);
      expect((await system.get('/health/live')).status).toBe(200);
    }
    proxy.resetAfterBytes(Number.MAX_SAFE_INTEGER, 'from-target');
    await readyAgain(system);
    await nothingLost(system, last);
  });
});
