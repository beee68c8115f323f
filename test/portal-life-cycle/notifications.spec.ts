import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import {
  atPublicAddress,
  authOf,
  install,
  linesOf,
  openBeforeInstall,
  post,
} from '../support/before-install.js';

const EVENT = 'ONOFFLINEEVENT';

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));

const handlersOf = ({ portal }: OwnPortal) =>
  portal
    .bindings()
    .filter(({ event }) => event === EVENT)
    .map(({ handler }) => handler);

describe('with a public address', () => {
  let system: TestSystem;
  let url: string;
  let own: OwnPortal;
  beforeAll(async () => {
    const { HTTP_PORT, PUBLIC_URL } = await atPublicAddress();
    url = PUBLIC_URL;
    system = await openBeforeInstall({
      settings: { HTTP_PORT, PUBLIC_URL: `${url}/`, DRAIN_INTERVAL_MS: '3600000' },
    });
  });
  afterAll(() => system.close());
  beforeEach(() => {
    own = new OwnPortal(system);
  });
  const handlers = () => handlersOf(own);
  const refusals = () => linesOf(system.bridge, 'notification.refused');

  it('a portal notifies of new events, which are fetched at once', async () => {
    await install(system, own.portal);
    await until('the notification to be bound', () => handlers().length === 1);
    expect(handlers()).toEqual([`${url}/bitrix24/events`]);
    own.push(1, 1);
    await until('the first round', () => own.delivered().size === 1);
    // The round that follows a notification is over, and those by themselves are an hour apart.
    await seconds(3);
    const notified = () => own.portal.notifications.filter(({ event }) => event === EVENT);
    const before = notified().length;
    own.push(2, 4);
    await until('the notified events', () => own.delivered().size === 4);
    await own.portal.notified();
    expect(notified().length).toBeGreaterThan(before);
    expect(notified().map(({ status }) => status)).toEqual(notified().map(() => 200));
  });

  it('a portal is asked to notify only once it can prove its notifications', async () => {
    const { portal } = own;
    const auth = { refresh_token: portal.issueRefreshToken(), member_id: portal.memberId };
    expect((await post(system.bridge, '/bitrix24/install', { event: 'ONAPPINSTALL', auth })).status).toBe(
      200,
    );
    await until('the other bindings', () => portal.bindings().length === 3);
    own.push(1, 1);
    const refusedBefore = refusals().length;
    await install(system, portal);
    await until('the notification to be bound', () => handlers().length === 1);
    expect(handlers()).toEqual([`${url}/bitrix24/events`]);
    expect(portal.notifications.filter(({ status }) => status !== 200)).toEqual([]);
    expect(refusals().slice(refusedBefore)).toEqual([]);
    await until('the event', () => own.delivered().size === 1);
  });

  it('a notification without the right application token changes nothing', async () => {
    await install(system, own.portal);
    await until('the notification to be bound', () => handlers().length === 1);
    own.portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: '1' } } });
    await until('the first round', () => own.delivered().size === 1);
    await own.portal.notified();
    // The round that follows a notification is over, and those by themselves are an hour apart.
    await seconds(3);
    const { requests } = own.portal.counters;
    const auth = { ...authOf(own.portal), application_token: 'guessed' };
    const refusedBefore = refusals().length;
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect((await post(system.bridge, '/bitrix24/events', { event: EVENT, auth })).status).toBe(403);
    }
    await until('their lines', () => refusals().length >= refusedBefore + 5);
    expect(refusals()).toHaveLength(refusedBefore + 5);
    // A true one counts, so the forged ones woke nothing.
    expect(
      (await post(system.bridge, '/bitrix24/events', { event: EVENT, auth: authOf(own.portal) })).status,
    ).toBe(200);
    await until('one more round', () => own.portal.counters.requests > requests);
    expect(own.portal.counters.requests - requests).toBeLessThanOrEqual(2);
  });

  it('an updated application gets its bindings back at once', async () => {
    await install(system, own.portal);
    await until('the notification to be bound', () => handlers().length === 1);
    // An update drops all bindings; so does this, save that it says nothing.
    await own.portal.install('http://127.0.0.1:1/nobody');
    expect(own.portal.bindings()).toEqual([]);
    const { status } = await post(system.bridge, '/bitrix24/events', {
      event: 'ONAPPUPDATE',
      data: { VERSION: '2' },
      auth: authOf(own.portal),
    });
    expect(status).toBe(200);
    await until('bindings', () => own.portal.bindings().length === 4);
    own.push(1, 2);
    await until('events', () => own.delivered().size === 2);
  });
});

describe('rounds that come by themselves, too:', () => {
  let system: TestSystem;
  let url: string;
  let own: OwnPortal;
  beforeAll(async () => {
    const { HTTP_PORT, PUBLIC_URL } = await atPublicAddress();
    url = PUBLIC_URL;
    system = await openBeforeInstall({
      settings: {
        HTTP_PORT,
        PUBLIC_URL: `${url}/`,
        B24_EVENTS: 'ONCRMTYPOADD,ONCRMDEALADD,ONCRMOTHERTYPO,ONCRMDEALUPDATE',
        B24_AUTH_CONNECTOR: 'erp',
      },
    });
  });
  afterAll(() => system.close());
  afterEach(() => own.leave());
  const handlers = () => handlersOf(own);
  /** Has the service go on at another public address; without one, portals are not told any. */
  const moveTo = async (address: string | undefined) => {
    const { settings } = system.bridge;
    if (settings['PUBLIC_URL'] === address) return;
    expect(await system.bridge.stop()).toBe(0);
    if (address === undefined) delete settings['PUBLIC_URL'];
    else settings['PUBLIC_URL'] = address;
    system.bridge.start();
    // Portals that install the application before are told to come again.
    await system.ready();
  };
  const enter = async (address: string) => {
    await moveTo(address);
    own = await OwnPortal.installed(system);
    // One event more than an installation waits for.
    await until('all bindings', () => own.portal.bindings().length >= 4);
  };

  describe('bindings', () => {
    it('that a portal does not know are reported by name and hold nothing back; those of others are left alone', async () => {
      // An address that portals refuse would be one refusal more.
      await moveTo(`${url}/`);
      own = new OwnPortal(system, { unknownEvents: ['ONCRMTYPOADD', 'ONCRMOTHERTYPO'] });
      expect((await own.portal.install(`${system.bridge.url}/bitrix24/install`)).status).toBe(200);
      own.portal.bind('ONCRMLEADADD', 'another-source');
      own.portal.bind('ONCRMLEADADD');
      own.portal.bind('ONCRMCONTACTADD', 'erp');
      const bound = () => own.portal.bindings().map(({ event, connector }) => `${event}@${connector}`);
      await until(
        'bindings',
        () => bound().includes('ONCRMDEALUPDATE@erp') && bound().includes('ONCRMDEALADD@erp'),
      );
      own.push(1, 1, 'ONCRMDEALADD');
      await until('an event', () => own.delivered().size === 1);
      const refused = own.lines('bindings.refused');
      expect(refused.map((line) => line.message['code']).sort()).toEqual(['ONCRMOTHERTYPO', 'ONCRMTYPOADD']);
      expect(refused.every((line) => line.level === 'error')).toBe(true);
      expect(bound()).toEqual(expect.arrayContaining(['ONCRMLEADADD@another-source', 'ONCRMLEADADD@']));
      expect((await system.get('/metrics')).body).toContain(
        `bridge_portal_state{portal="${own.portal.name}",state="active"} 1`,
      );
    });
  });

  describe('with a public address', () => {
    it('an idle portal is asked less and less often, and its events still come at once', async () => {
      await enter(`${url}/`);
      await until('the notification to be bound', () => handlers().length === 1);
      own.push(1, 1);
      await until(
        'the first event, settled',
        () => own.delivered().size === 1 && own.portal.rows().length === 0,
      );
      await seconds(5);
      const before = own.portal.counters.requests;
      await seconds(3);
      // Polling would have asked ten times.
      expect(own.portal.counters.requests - before).toBeLessThanOrEqual(2);
      // Soon after a round, so that the next one that comes by itself is further away than is waited here.
      const asked = own.portal.counters.requests;
      await until('one more round', () => own.portal.counters.requests > asked);
      await seconds(1);
      own.push(2, 2);
      await until('the notified event', () => own.delivered().size === 2, 7000);
    });

    it('that moves is notified at the new one, and others who listen there are left alone', async () => {
      await enter(`${url}/`);
      await until('the notification to be bound', () => handlers().length === 1);
      const remembered = () => own.row()?.['notification_handler'];
      await until('the address to be remembered', () => remembered() === `${url}/bitrix24/events`);
      const others = 'http://127.0.0.1:1/bitrix24/events';
      own.portal.bindNotification(others);
      await moveTo(`${url}/moved`);
      await until('the new address', () => handlers().includes(`${url}/moved/bitrix24/events`));
      await until('the old one to be gone', () => !handlers().includes(`${url}/bitrix24/events`));
      expect(handlers()).toContain(others);

      await until('the new address to be remembered', () => remembered() === `${url}/moved/bitrix24/events`);
      await moveTo(undefined);
      await until('no address of ours', () => handlers().every((handler) => handler === others));
      expect(handlers()).toEqual([others]);
    });

    it.each(['http://localhost:3000', 'https://bridge'])(
      '%s, which portals refuse, costs the notifications alone, and the log says what is wrong',
      async (refused) => {
        await enter(refused);
        own.push(1, 3);
        await until('events, by asking', () => own.delivered().size === 3);
        expect(handlers()).toEqual([]);
        const [line] = own.lines('bindings.refused');
        expect(line?.message).toMatchObject({ code: EVENT, handler: `${refused}/bitrix24/events` });
        expect(line?.message['reason']).toContain('ERROR_WRONG_HANDLER_URL');
        expect(line?.message['advice']).toMatch(/is polled meanwhile: PUBLIC_URL must be .* with a dot/);
      },
    );
  });
});
