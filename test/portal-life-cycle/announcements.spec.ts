import { afterEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../scripts/free-ports.mjs';
import { type Stage } from '../support/stage.js';
import { until } from '../support/until.js';
import { authOf, install, linesOf, openVestibule, portalRow, post } from '../support/vestibule.js';

const EVENT = 'ONOFFLINEEVENT';

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));

describe('with a public address', () => {
  let stage: Stage;
  afterEach(() => stage.close());
  const open = async (settings: Record<string, string> = {}, installed = true) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    stage = await openVestibule({
      settings: { HTTP_PORT: String(port), PUBLIC_URL: `${url}/`, DRAIN_INTERVAL_MS: '3600000', ...settings },
    });
    if (installed) await install(stage);
    return url;
  };
  const handlers = () =>
    stage.portal
      .bindings()
      .filter(({ event }) => event === EVENT)
      .map(({ handler }) => handler);

  it('a portal announces new events, which are fetched at once', async () => {
    const url = await open();
    await until('the notification to be bound', () => handlers().length === 1);
    expect(handlers()).toEqual([`${url}/bitrix24/events`]);
    stage.push(1, 1);
    await until('the first round', () => stage.delivered().size === 1);
    // The round that follows an announcement is over, and those by themselves are an hour apart.
    await seconds(3);
    const announced = () => stage.portal.notifications.filter(({ event }) => event === EVENT);
    const before = announced().length;
    stage.push(2, 4);
    await until('the announced events', () => stage.delivered().size === 4);
    await stage.portal.notified();
    expect(announced().length).toBeGreaterThan(before);
    expect(announced().map(({ status }) => status)).toEqual(announced().map(() => 200));
  });

  it('an idle portal is asked less and less often, and its events still come at once', async () => {
    await open({ DRAIN_INTERVAL_MS: '300' });
    await until('the notification to be bound', () => handlers().length === 1);
    stage.push(1, 1);
    await until(
      'the first event, settled',
      () => stage.delivered().size === 1 && stage.portal.rows().length === 0,
    );
    await seconds(5);
    const before = stage.portal.counters.requests;
    await seconds(3);
    // Polling would have asked ten times.
    expect(stage.portal.counters.requests - before).toBeLessThanOrEqual(2);
    // Soon after a round, so that the next one that comes by itself is further away than is waited here.
    const asked = stage.portal.counters.requests;
    await until('one more round', () => stage.portal.counters.requests > asked);
    await seconds(1);
    stage.push(2, 2);
    await until('the announced event', () => stage.delivered().size === 2, 7000);
  });

  it('a portal is asked to announce only once it can prove its announcements', async () => {
    const url = await open({}, false);
    const auth = { refresh_token: stage.portal.issueRefreshToken(), member_id: stage.portal.memberId };
    expect((await post(stage.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth })).status).toBe(200);
    await until('the other bindings', () => stage.portal.bindings().length === 3);
    stage.push(1, 1);
    await install(stage);
    await until('the notification to be bound', () => handlers().length === 1);
    expect(handlers()).toEqual([`${url}/bitrix24/events`]);
    expect(stage.portal.notifications.filter(({ status }) => status !== 200)).toEqual([]);
    expect(linesOf(stage.bridge, 'notification.refused')).toEqual([]);
    await until('the event', () => stage.delivered().size === 1);
  });

  it('an announcement without the right application token changes nothing', async () => {
    await open();
    await until('the notification to be bound', () => handlers().length === 1);
    stage.portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: '1' } } });
    await until('the first round', () => stage.delivered().size === 1);
    await stage.portal.notified();
    // The round that follows an announcement is over, and those by themselves are an hour apart.
    await seconds(3);
    const { requests } = stage.portal.counters;
    const auth = { ...authOf(stage.portal), application_token: 'guessed' };
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect((await post(stage.bridge, '/bitrix24/events', { event: EVENT, auth })).status).toBe(403);
    }
    await until('their lines', () => linesOf(stage.bridge, 'notification.refused').length >= 5);
    expect(linesOf(stage.bridge, 'notification.refused')).toHaveLength(5);
    // A true one counts, so the forged ones were no poke.
    expect(
      (await post(stage.bridge, '/bitrix24/events', { event: EVENT, auth: authOf(stage.portal) })).status,
    ).toBe(200);
    await until('one more round', () => stage.portal.counters.requests > requests);
    expect(stage.portal.counters.requests - requests).toBeLessThanOrEqual(2);
  });

  it('an updated application gets its bindings back at once', async () => {
    await open();
    await until('the notification to be bound', () => handlers().length === 1);
    // An update drops all bindings; so does this, save that it says nothing.
    await stage.portal.install('http://127.0.0.1:1/nobody');
    expect(stage.portal.bindings()).toEqual([]);
    const { status } = await post(stage.bridge, '/bitrix24/events', {
      event: 'ONAPPUPDATE',
      data: { VERSION: '2' },
      auth: authOf(stage.portal),
    });
    expect(status).toBe(200);
    await until('bindings', () => stage.portal.bindings().length === 4);
    stage.push(1, 2);
    await until('events', () => stage.delivered().size === 2);
  });

  it('that moves is announced to at the new one, and others who listen there are left alone', async () => {
    const url = await open();
    await until('the notification to be bound', () => handlers().length === 1);
    await until(
      'the address to be remembered',
      () =>
        portalRow(stage.bridge, stage.portal.memberId)?.['notification_handler'] === `${url}/bitrix24/events`,
    );
    const others = 'http://127.0.0.1:1/bitrix24/events';
    stage.portal.bindNotification(others);
    expect(await stage.bridge.stop()).toBe(0);
    stage.bridge.settings['PUBLIC_URL'] = `${url}/moved`;
    stage.bridge.start();
    await until('the new address', () => handlers().includes(`${url}/moved/bitrix24/events`));
    await until('the old one to be gone', () => !handlers().includes(`${url}/bitrix24/events`));
    expect(handlers()).toContain(others);

    await until(
      'the new address to be remembered',
      () =>
        portalRow(stage.bridge, stage.portal.memberId)?.['notification_handler'] ===
        `${url}/moved/bitrix24/events`,
    );
    expect(await stage.bridge.stop()).toBe(0);
    delete stage.bridge.settings['PUBLIC_URL'];
    stage.bridge.start();
    await until('no address of ours', () => handlers().every((handler) => handler === others));
    expect(handlers()).toEqual([others]);
  });
});

describe('bindings', () => {
  let stage: Stage;
  afterEach(() => stage.close());

  it('that a portal does not know are reported by name and hold nothing back; those of others are left alone', async () => {
    stage = await openVestibule({
      portal: { unknownEvents: ['ONCRMTYPOADD', 'ONCRMOTHERTYPO'] },
      settings: {
        B24_EVENTS: 'ONCRMTYPOADD,ONCRMDEALADD,ONCRMOTHERTYPO,ONCRMDEALUPDATE',
        B24_AUTH_CONNECTOR: 'erp',
      },
    });
    expect((await stage.portal.install(`${stage.bridge.url}/bitrix24/install`)).status).toBe(200);
    stage.portal.bind('ONCRMLEADADD', 'another-source');
    stage.portal.bind('ONCRMLEADADD');
    stage.portal.bind('ONCRMCONTACTADD', 'erp');
    const bound = () => stage.portal.bindings().map(({ event, connector }) => `${event}@${connector}`);
    await until(
      'bindings',
      () => bound().includes('ONCRMDEALUPDATE@erp') && bound().includes('ONCRMDEALADD@erp'),
    );
    stage.portal.push({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: '1' } }, connector: 'erp' });
    await until('an event', () => stage.delivered().size === 1);
    const refused = linesOf(stage.bridge, 'bindings.refused');
    expect(refused.map((line) => line.message['code']).sort()).toEqual(['ONCRMOTHERTYPO', 'ONCRMTYPOADD']);
    expect(refused.every((line) => line.level === 'error')).toBe(true);
    expect(bound()).toEqual(expect.arrayContaining(['ONCRMLEADADD@another-source', 'ONCRMLEADADD@']));
    expect((await stage.get('/metrics')).body).toContain(
      'bridge_portal_state{portal="acme",state="active"} 1',
    );
  });
});
