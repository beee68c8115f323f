import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { type Emulator, type EmulatedPortal, startEmulator } from './index.js';

describe('where a portal is', () => {
  let emulator: Emulator;
  beforeEach(async () => {
    emulator = await startEmulator();
  });
  afterEach(() => emulator.close());

  /** Not every machine resolves these names, so only the request's Host says them. */
  const call = (endpoint: string): Promise<{ status: number; location: string | undefined }> =>
    new Promise((resolve, reject) => {
      const { host, pathname } = new URL(endpoint);
      const outgoing = request(
        { port: emulator.port, host: '127.0.0.1', path: `${pathname}event.get`, headers: { host } },
        (answer) => {
          answer.resume();
          resolve({ status: answer.statusCode ?? 0, location: answer.headers.location });
        },
      );
      outgoing.on('error', reject);
      outgoing.end();
    });
  const requestsOf = (portal: EmulatedPortal) => portal.counters.requests;

  it.each(['портал.localhost', 'b24_test.localhost', 'crm.localhost/b24', 'Acme.LOCALHOST.'])(
    'is what it was given: %s',
    async (site) => {
      const portal = emulator.addPortal({ name: 'given', site });
      expect(decodeURI(portal.clientEndpoint)).toContain(site.split('/')[0]);
      expect((await call(portal.clientEndpoint)).status).toBe(401);
      expect(requestsOf(portal)).toBe(1);
    },
  );

  it('is where another one was before, which is not there any more', async () => {
    const before = emulator.addPortal({ name: 'acme' });
    const after = emulator.addPortal({ name: 'acme-again', site: 'acme.localhost' });
    expect(after.clientEndpoint).toBe(before.clientEndpoint);
    expect(after.memberId).not.toBe(before.memberId);
    await call(before.clientEndpoint);
    expect([requestsOf(before), requestsOf(after)]).toEqual([0, 1]);
  });

  it('is another one once it has moved, and the former one answers, too', async () => {
    const portal = emulator.addPortal({ name: 'acme' });
    const before = portal.clientEndpoint;
    portal.moveTo('crm.acme.localhost');
    expect(portal.clientEndpoint).toBe(`http://crm.acme.localhost:${emulator.port}/rest/`);
    for (const address of [before, portal.clientEndpoint]) expect((await call(address)).status).toBe(401);
    expect(requestsOf(portal)).toBe(2);
  });

  it('with an expired licence sends every call to the page for coupons, and serves none', async () => {
    const portal = emulator.addPortal({ name: 'acme' });
    portal.setState('license-expired');
    expect(await call(portal.clientEndpoint)).toEqual({
      status: 302,
      location: '/bitrix/coupon_activation.php',
    });
    expect(portal.counters.refusals).toEqual({ 'license-expired': 1 });
    portal.setState('active');
    expect((await call(portal.clientEndpoint)).status).toBe(401);
  });

  it('with https only sends every call there', async () => {
    const portal = emulator.addPortal({ name: 'acme' });
    portal.setState('https-only');
    const { location } = await call(portal.clientEndpoint);
    expect(location).toBe(`https://acme.localhost:${emulator.port}/rest/event.get`);
  });
});
