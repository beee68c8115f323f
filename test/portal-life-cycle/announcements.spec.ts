import { afterEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../scripts/free-ports.mjs';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { authOf, install, linesOf, openBeforeInstall, portalRow, post } from '../support/before-install.js';

const EVENT = 'ONOFFLINEEVENT';

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));

describe('with a public address', () => {
  let system: TestSystem;
  afterEach(() => system.close());
  const open = async (settings: Record<string, string> = {}, installed = true) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    system = await openBeforeInstall({
      settings: { HTTP_PORT: String(port), PUBLIC_URL: `${url}/`, DRAIN_INTERVAL_MS: '3600000', ...settings },
    });
    if (installed) await install(system);
    return url;
  };
  const handlers = () =>
    system.portal
      .bindings()
      .filter(({ event }) => event === EVENT)
      .map(({ handler }) => handler);

  it('a portal announces new events, which are fetched at once', async () => {
    const url = await open();
    await until('the notification to be bound', () => handlers().length === 1);
    expect(handlers()).toEqual([`${url}/bitrix24/events`]);
    system.push(1, 1);
    await until('the first round', () => system.delivered().size === 1);
    // The round that follows an announcement is over, and those by themselves are an hour apart.
    await seconds(3);
    const announced = () => system.portal.notifications.filter(({ event }) => event === EVENT);
    const before = announced().length;
    system.push(2, 4);
    await until('the announced events', () => system.delivered().size === 4);
    await system.portal.notified();
    expect(announced().length).toBeGreaterThan(before);
    expect(announced().map(({ status }) => status)).toEqual(announced().map(() => 200));
  });

  it('an idle portal is asked less and less often, and its events still come at once', async () => {
    await open({ DRAIN_INTERVAL_MS: '300' });
    await until('the notification to be bound', () => handlers().length === 1);
    system.push(1, 1);
    await until(
      'the first event, settled',
      () => system.delivered().size === 1 && system.portal.rows().length === 0,
    );
    await seconds(5);
    const before = system.portal.counters.requests;
    await seconds(3);
    // Polling would have asked ten times.
    expect(system.portal.counters.requests - before).toBeLessThanOrEqual(2);
    // Soon after a round, so that the next one that comes by itself is further away than is waited here.
    const asked = system.portal.counters.requests;
    await until('one more round', () => system.portal.counters.requests > asked);
    await seconds(1);
    system.push(2, 2);
    await until('the announced event', () => system.delivered().size === 2, 7000);
  });

  it('a portal is asked to announce only once it can prove its announcements', async () => {
    const url = await open({}, false);
    const auth = { refresh_token: system.portal.issueRefreshToken(), member_id: system.portal.memberId };
    expect((await post(system.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth })).status).toBe(
      200,
    );
    await until('the other bindings', () => system.portal.bindings().length === 3);
    system.push(1, 1);
    await install(system);
    await until('the notification to be bound', () => handlers().length === 1);
    expect(handlers()).toEqual([`${url}/bitrix24/events`]);
    expect(system.portal.notifications.filter(({ status }) => status !== 200)).toEqual([]);
    expect(linesOf(system.bridge, 'notification.refused')).toEqual([]);
    await until('the event', () => system.delivered().size === 1);
  });

  it('an announcement without the right application token changes nothing', async () => {
    await open();
    await until('the notification to be bound', () => handlers().length === 1);
    system.portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: '1' } } });
    await until('the first round', () => system.delivered().size === 1);
    await system.portal.notified();
    // The round that follows an announcement is over, and those by themselves are an hour apart.
    await seconds(3);
    const { requests } = system.portal.counters;
    const auth = { ...authOf(system.portal), application_token: 'guessed' };
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect((await post(system.bridge, '/bitrix24/events', { event: EVENT, auth })).status).toBe(403);
    }
    await until('their lines', () => linesOf(system.bridge, 'notification.refused').length >= 5);
    expect(linesOf(system.bridge, 'notification.refused')).toHaveLength(5);
    // A true one counts, so the forged ones were no poke.
    expect(
      (await post(system.bridge, '/bitrix24/events', { event: EVENT, auth: authOf(system.portal) })).status,
    ).toBe(200);
    await until('one more round', () => system.portal.counters.requests > requests);
    expect(system.portal.counters.requests - requests).toBeLessThanOrEqual(2);
  });

  it('an updated application gets its bindings back at once', async () => {
    await open();
    await until('the notification to be bound', () => handlers().length === 1);
    // An update drops all bindings; so does this, save that it says nothing.
    await system.portal.install('http://127.0.0.1:1/nobody');
    expect(system.portal.bindings()).toEqual([]);
    const { status } = await post(system.bridge, '/bitrix24/events', {
      event: 'ONAPPUPDATE',
      data: { VERSION: '2' },
      auth: authOf(system.portal),
    });
    expect(status).toBe(200);
    await until('bindings', () => system.portal.bindings().length === 4);
    system.push(1, 2);
    await until('events', () => system.delivered().size === 2);
  });

  it.each(['http://localhost:3000', 'https://bridge'])(
    '%s, which portals refuse, costs the notifications alone, and the log says what is wrong',
    async (refused) => {
      await open({ PUBLIC_URL: refused, DRAIN_INTERVAL_MS: '300' });
      system.push(1, 3);
      await until('events, by asking', () => system.delivered().size === 3);
      expect(handlers()).toEqual([]);
      const [line] = linesOf(system.bridge, 'bindings.refused');
      expect(line?.message).toMatchObject({ code: EVENT, handler: `${refused}/bitrix24/events` });
      expect(line?.message['reason']).toContain('ERROR_WRONG_HANDLER_URL');
      expect(line?.message['advice']).toMatch(/is polled meanwhile: PUBLIC_URL must be .* with a dot/);
    },
  );

  it('that moves is announced to at the new one, and others who listen there are left alone', async () => {
    const url = await open();
    await until('the notification to be bound', () => handlers().length === 1);
    await until(
      'the address to be remembered',
      () =>
        portalRow(system.bridge, system.portal.memberId)?.['notification_handler'] ===
        `${url}/bitrix24/events`,
    );
    const others = 'http://127.0.0.1:1/bitrix24/events';
    system.portal.bindNotification(others);
    expect(await system.bridge.stop()).toBe(0);
    system.bridge.settings['PUBLIC_URL'] = `${url}/moved`;
    system.bridge.start();
    await until('the new address', () => handlers().includes(`${url}/moved/bitrix24/events`));
    await until('the old one to be gone', () => !handlers().includes(`${url}/bitrix24/events`));
    expect(handlers()).toContain(others);

    await until(
      'the new address to be remembered',
      () =>
        portalRow(system.bridge, system.portal.memberId)?.['notification_handler'] ===
        `${url}/moved/bitrix24/events`,
    );
    expect(await system.bridge.stop()).toBe(0);
    delete system.bridge.settings['PUBLIC_URL'];
    system.bridge.start();
    await until('no address of ours', () => handlers().every((handler) => handler === others));
    expect(handlers()).toEqual([others]);
  });
});

describe('bindings', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  it('that a portal does not know are reported by name and hold nothing back; those of others are left alone', async () => {
    system = await openBeforeInstall({
      portal: { unknownEvents: ['ONCRMTYPOADD', 'ONCRMOTHERTYPO'] },
      settings: {
        B24_EVENTS: 'ONCRMTYPOADD,ONCRMDEALADD,ONCRMOTHERTYPO,ONCRMDEALUPDATE',
        B24_AUTH_CONNECTOR: 'erp',
      },
    });
    expect((await system.portal.install(`${system.bridge.url}/bitrix24/install`)).status).toBe(200);
    system.portal.bind('ONCRMLEADADD', 'another-source');
    system.portal.bind('ONCRMLEADADD');
    system.portal.bind('ONCRMCONTACTADD', 'erp');
    const bound = () => system.portal.bindings().map(({ event, connector }) => `${event}@${connector}`);
    await until(
      'bindings',
      () => bound().includes('ONCRMDEALUPDATE@erp') && bound().includes('ONCRMDEALADD@erp'),
    );
    system.portal.push({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: '1' } }, connector: 'erp' });
    await until('an event', () => system.delivered().size === 1);
    const refused = linesOf(system.bridge, 'bindings.refused');
    expect(refused.map((line) => line.message['code']).sort()).toEqual(['ONCRMOTHERTYPO', 'ONCRMTYPOADD']);
    expect(refused.every((line) => line.level === 'error')).toBe(true);
    expect(bound()).toEqual(expect.arrayContaining(['ONCRMLEADADD@another-source', 'ONCRMLEADADD@']));
    expect((await system.get('/metrics')).body).toContain(
      'bridge_portal_state{portal="acme",state="active"} 1',
    );
  });
});
