import { afterEach, describe, expect, it } from '@jest/globals';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, install, linesOf, openBeforeInstall, post } from '../support/before-install.js';

const UPDATES = 200;

describe('a portal that says the same again and again, with its own application token', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it('costs a look at its bindings and a line a minute, no token, and nobody else anything', async () => {
    system = await openBeforeInstall({ process: true, emulator: { authorizationServers: ['eastern'] } });
    await install(system);
    const { portal, emulator, bridge } = system;
    const asked = { ...portal.counters.perMethod };
    const tokens = portal.counters.tokenRequests;
    const servers = [...emulator.authorizationServers.values()].map(({ url }) => `${url}/rest/`);
    expect(servers).toHaveLength(2);
    for (let count = 0; count < UPDATES; count += 1) {
      const auth = { ...authOf(portal), server_endpoint: servers[(count + 1) % 2] };
      expect((await post(bridge, '/bitrix24/events', { event: 'ONAPPUPDATE', auth })).status).toBe(200);
    }
    system.push(1, 3);
    await until('events', () => system.delivered().size === 3);
    const looks = (portal.counters.perMethod['event.get'] ?? 0) - (asked['event.get'] ?? 0);
    expect({
      // At the beginning and, on a machine that is slower than any, at the end of a minute.
      looks: looks >= 1 && looks <= 3,
      updates: linesOf(bridge, 'portal.application_updated').length <= 2,
      servers: linesOf(bridge, 'portal.authorization_server').length <= 2,
      tokens: portal.counters.tokenRequests - tokens,
      lines: bridge.lines.length < UPDATES,
    }).toEqual({ looks: true, updates: true, servers: true, tokens: 0, lines: true });
  });
});
