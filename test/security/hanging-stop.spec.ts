import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openBeforeInstall } from '../support/before-install.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';

describe('a stop while somebody who was asked does not answer', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await openBeforeInstall();
  });
  afterAll(() => system.close());

  const stop = async () => {
    expect(await system.bridge.stop()).toBe(0);
    // Its leases are free, and everything is written: it was not merely ended at its deadline.
    expect(system.bridge.find('bridge.stopped')).toBeDefined();
  };

  it('waits for no authorization server that is to renew a token', async () => {
    const { emulator } = system;
    const own = await OwnPortal.installed(system);
    const { portal } = own;
    const fault = emulator.faults.inject({ method: 'oauth', kind: 'stall', times: Infinity, commit: false });
    portal.expireAccessTokens();
    await until('a request for a token', () => fault.hits > 0);
    await stop();
    // The pair that it has is good still: nothing is lost but time.
    fault.remove();
    system.bridge.start();
    own.push(1, 3);
    await until('events', () => own.delivered().size === 3);
  });

  it('waits for no portal that is to change its bindings', async () => {
    const { portal } = new OwnPortal(system);
    const fault = portal.inject({
      method: 'event.bind',
      kind: 'stall',
      times: Infinity,
      commit: false,
    });
    expect((await portal.install(`${system.bridge.url}/bitrix24/install`)).status).toBe(200);
    await until('a request to bind', () => fault.hits > 0);
    await stop();
    fault.remove();
    system.bridge.start();
    await until('bindings', () => portal.bindings().length >= 3);
  });
});
