import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type EmulatedPortal } from '../../emulator/index.js';
import { type BridgeProcess } from '../support/bridge-process.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, linesOf, openBeforeInstall, portalRow } from '../support/before-install.js';
import { inForm } from '../support/form.js';
import { Flood } from './flood.js';

jest.setTimeout(300_000);

const hex = (seed: number, length: number) => seed.toString(16).padStart(length, 'a');

const forged = inForm({ full: 10_000, small: 200 });
/** What was allowed is allowed again, however much of it was used up. */
const LONG_ENOUGH_MS = 30 * 60_000;

/** What may come to nothing at once, and in each second that a flood lasts. */
const FUTILE_AT_ONCE = 60;
const FUTILE_PER_SECOND = 5;

describe(`a flood of ${forged} forged installations`, () => {
  let system: TestSystem<BridgeProcess>;
  let flood: Flood;
  let own: OwnPortal;
  beforeAll(async () => {
    // There are more and more portals, and none waits for its turn here.
    system = await openBeforeInstall({ movableClock: true, settings: { DRAIN_INTERVAL_MS: '1000' } });
  });
  afterAll(() => system.close());
  beforeEach(async () => {
    await system.bridge.setClockForward(LONG_ENOUGH_MS);
    own = await OwnPortal.installed(system);
    flood = new Flood(system.bridge.url);
  });
  afterEach(() => flood.close());

  /** Floods, while genuine portals install; returns how many of the forged ones were proven. */
  const amid = async (nth: (n: number) => Parameters<Flood['send']>, genuine: () => Promise<void>) => {
    const server = system.emulator.authorizationServer();
    const granted = () =>
      system.emulator.portals().reduce((sum, { counters }) => sum + counters.tokenRequests, 0);
    const before = server.asked.length - granted();
    const startedAt = performance.now();
    const flooding = flood.run(forged, nth);
    await genuine();
    const statuses = await flooding;
    const seconds = (performance.now() - startedAt) / 1000;
    const futile = server.asked.length - granted() - before;
    expect(futile).toBeLessThanOrEqual(2 * (FUTILE_AT_ONCE + FUTILE_PER_SECOND * (seconds + 1)));
    return { statuses, futile };
  };
  const newcomers = async (from: readonly string[], forwarded?: (index: number) => string) => {
    for (const [index, address] of from.entries()) {
      const portal = system.emulator.addPortal({ name: `new-${system.emulator.portals().length}` });
      await installs(portal, address, forwarded?.(index));
    }
  };
  const genuineInstall = (portal: EmulatedPortal, from: string, forwarded?: string) => {
    const auth = { ...authOf(portal), refresh_token: portal.issueRefreshToken() };
    return flood.send(from, formOf('ONAPPINSTALL', auth), forwarded);
  };
  /** On a machine that is too busy to answer within ten seconds it is told to come again, and installed nevertheless. */
  const installs = async (portal: EmulatedPortal, from: string, forwarded?: string) => {
    expect([200, 503]).toContain(await genuineInstall(portal, from, forwarded));
    await until(
      'its installation',
      () => portalRow(system.bridge, portal.memberId)?.['domain'] === portal.domain,
      15_000,
    );
  };
  const formOf = (event: string, auth: Record<string, string>) =>
    new URLSearchParams([
      ['event', event],
      ...Object.entries(auth).map(([name, value]): [string, string] => [`auth[${name}]`, value]),
    ]).toString();
  const forgedBody = (n: number, memberId = hex(n, 32), more: Record<string, string> = {}) =>
    formOf('ONAPPINSTALL', { refresh_token: hex(n, 70), member_id: memberId, ...more });

  it("with a portal's own application token is no way past the throttle", async () => {
    const token = { application_token: own.portal.applicationToken };
    const before = own.row();
    const { statuses, futile } = await amid(
      (n) => ['127.0.0.2', forgedBody(n, own.portal.memberId, token)],
      () => newcomers(['127.0.0.2', '127.8.0.1', '127.0.0.1']),
    );
    // Twenty a minute of one portal, whoever it is.
    expect(futile).toBeLessThanOrEqual(40);
    expect(statuses.get(429)).toBeGreaterThan(forged - 50);
    expect(own.row()?.['refresh_token']).toBe(before?.['refresh_token']);
  });

  it('from one address in the names of many portals harms no other address', async () => {
    const { statuses } = await amid(
      (n) => ['127.0.0.2', forgedBody(n)],
      () => newcomers(['127.0.0.3', '127.8.0.1', '127.0.0.1']),
    );
    expect(statuses.get(429)).toBeGreaterThan(forged - 150);
  });

  it('from many addresses in the name of one portal does not keep that one from installing', async () => {
    const victim = system.emulator.addPortal({ name: 'victim' });
    await amid(
      (n) => [`127.${10 + (n % 8)}.${(n >> 6) & 255}.${(n & 63) + 1}`, forgedBody(n, victim.memberId)],
      async () => {
        await installs(victim, '127.8.0.1');
        await newcomers(['127.8.0.2', '127.0.0.1']);
        // These wait for their turns all the while.
        flood.stop();
      },
    );
    expect(portalRow(system.bridge, victim.memberId)).toMatchObject({
      application_token: victim.applicationToken,
    });
  });

  it('from many addresses of one network keeps nobody out who is not in it', async () => {
    await amid(
      (n) => [`127.9.${(n >> 4) & 255}.${(n & 15) + 1}`, forgedBody(n)],
      () => newcomers(['127.8.0.1', '127.0.0.1', '127.8.1.1']),
    );
  });

  it('through a proxy that nobody declared harms nobody else behind it', async () => {
    await amid(
      // What the sender wrote stands before what the proxy adds.
      (n) => ['127.0.0.7', forgedBody(n), `${n & 255}.1.1.1, 203.0.113.9`],
      () => newcomers(['127.0.0.7', '127.0.0.7', '127.0.0.7'], (index) => `198.51.${index}.1`),
    );
  });

  it('does not hold up portals that are installed: they install again, open the application and notify', async () => {
    const throttled = () => linesOf(system.bridge, 'notification.throttled').length;
    const before = throttled();
    await amid(
      (n) => ['127.0.0.1', forgedBody(n)],
      async () => {
        // A busy machine may take longer than a portal waits: then it is done once more.
        const url = `${system.bridge.url}/bitrix24/install`;
        await until('an opening', async () => (await own.portal.openInterface(url)).status === 200);
        await until('an installation', async () => (await own.portal.install(url)).status === 200);
        await until('bindings', () => own.portal.bindings().length >= 3);
        own.push(1, 3);
        await until('events', () => own.delivered().size === 3);
      },
    );
    expect(throttled() - before).toBeLessThanOrEqual(2);
  });
});
