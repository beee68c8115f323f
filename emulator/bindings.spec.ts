import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type EmulatedPortal, type Emulator } from './index.js';
import { PortalCaller } from './fixtures/portal-caller.js';

const HANDLER = 'http://127.0.0.1:1/events';
const NOTICE = { event: 'ONOFFLINEEVENT', handler: HANDLER };

describe('event.bind, event.unbind, event.get', () => {
  let emulator: Emulator;
  let portal: EmulatedPortal;
  let rest: PortalCaller;

  beforeEach(async () => {
    emulator = await startEmulator();
    portal = emulator.addPortal({ name: 'acme', unknownEvents: ['ONNOSUCH'] });
    rest = new PortalCaller(emulator, portal);
  });

  afterEach(() => emulator.close());

  const bind = (params: Record<string, unknown>) => rest.call('event.bind', params);
  const unbind = (params: Record<string, unknown>) => rest.call('event.unbind', params);

  it('binds offline events per source key, lists and unbinds them', async () => {
    const bind = (params: Record<string, unknown> = {}) =>
      rest.call('event.bind', { event: 'OnCrmDealAdd', event_type: 'offline', ...params });
    expect((await bind()).result).toBe(true);
    const again = await bind();
    expect(again).toMatchObject({ status: 400, error: 'ERROR_CORE' });
    expect(again.description).toBe('Unable to set event handler: Handler already binded');
    expect((await bind({ auth_connector: 'erp' })).result).toBe(true);
    const online = { event: 'ONOFFLINEEVENT', handler: HANDLER, options: { minTimeout: 5 } };
    expect((await rest.call('event.bind', online)).result).toBe(true);
    expect((await rest.call('event.get')).result).toEqual([
      { event: 'ONCRMDEALADD', connector_id: '', offline: 1 },
      { event: 'ONCRMDEALADD', connector_id: 'erp', offline: 1 },
      { event: 'ONOFFLINEEVENT', handler: HANDLER, auth_type: '0', offline: 0 },
    ]);
    const unbind = { event: 'ONCRMDEALADD', event_type: 'offline' };
    expect((await rest.call('event.unbind', unbind)).result).toEqual({ count: 1 });
    expect((await rest.call('event.unbind', unbind)).result).toEqual({ count: 0 });
    expect((await rest.call('event.unbind', { event: 'ONOFFLINEEVENT', handler: HANDLER })).result).toEqual({
      count: 1,
    });
    expect(portal.bindings()).toHaveLength(1);
  });

  it('binds offline events for administrators only, and known events only', async () => {
    const bind = (event: string) => rest.call('event.bind', { event, event_type: 'offline' });
    expect(await bind('ONNOSUCH')).toMatchObject({ status: 400, error: 'ERROR_EVENT_NOT_FOUND' });
    portal.setAdministrator(false);
    expect(await bind('ONCRMDEALADD')).toMatchObject({ status: 403, error: 'ACCESS_DENIED' });
  });

  it('has nothing to unbind where ONOFFLINEEVENT is asked for as offline', async () => {
    await bind(NOTICE);
    const answer = await unbind({ event: 'ONOFFLINEEVENT', event_type: 'offline' });
    expect(answer).toMatchObject({ status: 200, result: { count: 0 } });
    expect(portal.bindings()).toHaveLength(1);
  });

  it('knows no event that cannot be unbound', async () => {
    const answer = await unbind({ event: 'ONNOSUCH', event_type: 'offline' });
    expect(answer).toMatchObject({ status: 200, result: { count: 0 } });
  });

  it.each([
    ['http://bridge:3000/events', 'ERROR_WRONG_HANDLER_URL'],
    ['http://localhost/events', 'ERROR_WRONG_HANDLER_URL'],
    ['http://[::1]:3000/events', 'ERROR_WRONG_HANDLER_URL'],
    ['http://.example/events', 'ERROR_WRONG_HANDLER_URL'],
    ['http:///events.php', 'ERROR_WRONG_HANDLER_URL'],
    ['http://bridge.example:70000/', 'ERROR_WRONG_HANDLER_URL'],
    ['bridge.example/events', 'ERROR_WRONG_HANDLER_URL'],
    ['/events', 'ERROR_WRONG_HANDLER_URL'],
    ['http://bridge/path.with.dots', 'ERROR_WRONG_HANDLER_URL'],
    ['http://user.name@bridge/', 'ERROR_WRONG_HANDLER_URL'],
    ['ftp://bridge.example/events', 'ERROR_UNSUPPORTED_PROTOCOL'],
    ['HTTPS://bridge.example/events', 'ERROR_UNSUPPORTED_PROTOCOL'],
    ['//bridge.example/events', 'ERROR_UNSUPPORTED_PROTOCOL'],
  ])('refuses the handler %s with %s', async (handler, error) => {
    expect(await bind({ ...NOTICE, handler })).toMatchObject({ status: 400, error });
    expect(portal.bindings()).toEqual([]);
  });

  it.each(['https://bridge.example', 'http://127.0.0.1:3000/a?b=c#d', 'http://u:p@bridge.example:8080/'])(
    'takes the handler %s without trying it',
    async (handler) => {
      expect((await bind({ ...NOTICE, handler })).result).toBe(true);
    },
  );

  it('does not look at the handler of an offline event', async () => {
    const params = { event: 'ONX', event_type: 'offline', handler: 'nonsense' };
    expect((await bind(params)).result).toBe(true);
    expect((await unbind({ ...params, handler: 'another' })).result).toEqual({ count: 1 });
  });

  it('binds one handler for several users, and unbinds it for one of them or for all', async () => {
    for (const user of [0, 1, 5]) expect((await bind({ ...NOTICE, auth_type: user })).result).toBe(true);
    expect(await bind({ ...NOTICE, auth_type: '5' })).toMatchObject({ status: 400, error: 'ERROR_CORE' });
    const users = () => portal.bindings().map(({ authType }) => authType);
    expect((await unbind({ ...NOTICE, auth_type: 5 })).result).toEqual({ count: 1 });
    expect(users()).toEqual([0, 1]);
    expect((await unbind({ ...NOTICE, auth_type: 0 })).result).toEqual({ count: 1 });
    expect(users()).toEqual([1]);
    await bind({ ...NOTICE, auth_type: 7 });
    expect((await unbind(NOTICE)).result).toEqual({ count: 2 });
  });

  it('lets anybody but an administrator bind, see and unbind under his own name only', async () => {
    await bind({ event: 'ONX', event_type: 'offline' });
    await bind({ ...NOTICE, auth_type: 5 });
    portal.setAdministrator(false);
    expect((await bind(NOTICE)).result).toBe(true);
    expect((await rest.call('event.get')).result).toEqual([{ ...NOTICE, auth_type: '1', offline: 0 }]);
    const denied = { status: 403, error: 'ACCESS_DENIED' };
    expect(await bind({ ...NOTICE, auth_type: 6 })).toMatchObject(denied);
    expect(await unbind({ ...NOTICE, auth_type: 5 })).toMatchObject(denied);
    expect(await unbind({ event: 'ONX', event_type: 'offline' })).toMatchObject(denied);
    expect((await unbind(NOTICE)).result).toEqual({ count: 1 });
    expect(portal.bindings()).toHaveLength(2);
  });
});
