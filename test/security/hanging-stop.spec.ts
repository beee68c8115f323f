import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openBeforeInstall } from '../support/before-install.js';
import { type LogLine } from '../support/test-bridge.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';

/** One stop for both, while each of them is asked something: whoever were waited for would hold it up. */
describe('a stop while somebody who was asked does not answer', () => {
  let system: TestSystem;
  let renewing: OwnPortal;
  let binding: OwnPortal;
  let exitCode: number | null;
  let stopped: LogLine | undefined;
  beforeAll(async () => {
    system = await openBeforeInstall();
    const { bridge, emulator } = system;
    renewing = await OwnPortal.installed(system);
    binding = new OwnPortal(system);
    const stall = { kind: 'stall', times: Infinity, commit: false } as const;
    const bind = binding.portal.inject({ method: 'event.bind', ...stall });
    expect((await binding.portal.install(`${bridge.url}/bitrix24/install`)).status).toBe(200);
    await until('a request to bind', () => bind.hits > 0);
    const renewal = emulator.faults.inject({ method: 'oauth', ...stall });
    renewing.portal.expireAccessTokens();
    await until('a request for a token', () => renewal.hits > 0);
    exitCode = await bridge.stop();
    stopped = bridge.find('bridge.stopped');
    bind.remove();
    renewal.remove();
    bridge.start();
  });
  afterAll(() => system.close());

  const wasClean = () => {
    expect(exitCode).toBe(0);
    // Its leases are free, and everything is written: it was not merely ended at its deadline.
    expect(stopped).toBeDefined();
  };

  it('waits for no authorization server that is to renew a token', async () => {
    wasClean();
    // The pair that it has is good still: nothing is lost but time.
    renewing.push(1, 3);
    await until('events', () => renewing.delivered().size === 3);
  });

  it('waits for no portal that is to change its bindings', async () => {
    wasClean();
    await until('bindings', () => binding.portal.bindings().length >= 3);
  });
});
