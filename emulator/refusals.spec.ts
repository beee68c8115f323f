import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type EmulatedPortal, type Emulator, type PortalState } from './index.js';
import { PortalCaller } from './fixtures/portal-caller.js';

describe('refusals', () => {
  let emulator: Emulator;
  let portal: EmulatedPortal;
  let rest: PortalCaller;

  beforeEach(async () => {
    emulator = await startEmulator();
    portal = emulator.addPortal({ name: 'acme' });
    rest = new PortalCaller(emulator, portal);
  });

  afterEach(() => emulator.close());

  it.each<[PortalState, number, string]>([
    ['not-commercial', 403, 'ACCESS_DENIED'],
    ['overload', 503, 'OVERLOAD_LIMIT'],
    ['deleted', 500, 'PORTAL_DELETED'],
    ['manifest-unavailable', 404, 'ERROR_MANIFEST_IS_NOT_AVAILABLE'],
    ['payment-required', 403, 'PAYMENT_REQUIRED'],
    ['https-required', 400, 'INVALID_REQUEST'],
    ['access-restricted', 403, 'user_access_error'],
    ['internal-error', 500, 'INTERNAL_SERVER_ERROR'],
    ['unexpected-answer', 500, 'ERROR_UNEXPECTED_ANSWER'],
    [{ status: 403, error: 'insufficient_scope' }, 403, 'insufficient_scope'],
    [{ status: 403, error: 'INVALID_CREDENTIALS' }, 403, 'INVALID_CREDENTIALS'],
  ])('in state %j every call gets %i %s, until it is active again', async (state, status, error) => {
    portal.setState(state);
    expect(await rest.call('event.get')).toMatchObject({ status, error });
    portal.setState('active');
    expect((await rest.call('event.get')).status).toBe(200);
  });

  it('are hidden by a web server before the portal, where it has pages of its own for their statuses', async () => {
    const hidden = emulator.addPortal({ name: 'hidden', errorPages: [401] });
    const rest = new PortalCaller(emulator, hidden);
    hidden.expireAccessTokens();
    const refused = await rest.raw('app.info');
    expect([refused.status, await refused.text()]).toEqual([401, expect.stringContaining('<html>')]);
    hidden.setState('overload');
    expect(await rest.call('app.info')).toMatchObject({ status: 503, error: 'OVERLOAD_LIMIT' });
  });

  it('tells of commercial plans in the words a client can tell apart', async () => {
    portal.setState('not-commercial');
    expect((await rest.call('event.get')).description).toMatch(/available only on commercial plans/);
  });

  it.each(['event.offline.get', 'event.offline.list', 'event.offline.clear', 'event.offline.error'])(
    '%s needs an application and an administrator',
    async (method) => {
      const webhook = await rest.post(`1/${portal.webhook.secret}/${method}`, 'application/json', '{}');
      expect(webhook).toMatchObject({ status: 403, error: 'WRONG_AUTH_TYPE' });
      portal.setAdministrator(false);
      expect(await rest.call(method)).toMatchObject({ status: 403, error: 'ACCESS_DENIED' });
    },
  );

  it('lets a webhook ask for features', async () => {
    const answer = await rest.post(
      `1/${portal.webhook.secret}/feature.get`,
      'application/json',
      '{"CODE":"rest_auth_connector"}',
    );
    expect(answer.result).toEqual({ value: 'Y' });
  });

  it('refuses what the plan has not', async () => {
    portal.setFeatures({ extended: false, connector: false });
    const wrong = { status: 403, error: 'WRONG_LICENSE' };
    expect(await rest.call('event.offline.get', { clear: 0 })).toMatchObject(wrong);
    expect(await rest.call('event.offline.list', { auth_connector: 'erp' })).toMatchObject(wrong);
    expect((await rest.call('event.offline.get')).status).toBe(200);
    for (const CODE of ['rest_offline_extended', 'rest_auth_connector', 'something_else']) {
      expect((await rest.call('feature.get', { CODE })).result).toEqual({ value: 'N' });
    }
    portal.setFeatures({ extended: true });
    expect((await rest.call('event.offline.get', { clear: 0 })).status).toBe(200);
  });

  it('refuses a source key in the commands that need it, where the portal is one of those', async () => {
    const lenient = emulator.addPortal({ name: 'lenient', connector: false, connectorRefusal: 'command' });
    const batch = {
      auth_connector: 'erp',
      cmd: {
        features: 'feature.get?CODE=rest_auth_connector',
        bound: 'event.get',
        rows: 'event.offline.list',
      },
    };
    const answer = await new PortalCaller(emulator, lenient).call('batch', batch);
    expect(answer.result).toMatchObject({ result: { features: { value: 'N' }, bound: [] } });
    expect(answer.result).toMatchObject({ result_error: { rows: { error: 'WRONG_LICENSE' } } });
  });

  it.each([
    ['event.offline.get', { limit: 0 }],
    ['event.offline.get', { limit: 'many' }],
    ['event.offline.clear', {}],
    ['event.offline.clear', { process_id: 'p', id: '1' }],
    ['event.offline.clear', { process_id: 'p', id: ['x'] }],
    ['event.offline.clear', { process_id: 'p', message_id: ['too short'] }],
    ['event.offline.error', { message_id: ['m'] }],
    ['event.offline.error', { process_id: 'p' }],
    ['event.offline.error', { process_id: 'p', message_id: 'm' }],
    ['event.bind', { event_type: 'offline' }],
    ['event.bind', { event: 'ONX' }],
    ['event.bind', { event: 'ONX', event_type: 'sometimes' }],
    ['event.bind', { event: 'ONOFFLINEEVENT', event_type: 'offline' }],
    ['event.unbind', { event_type: 'offline' }],
    ['event.unbind', { event: 'ONX' }],
    ['event.unbind', { event: 'ONX', event_type: 'sometimes' }],
  ])('%s %j is a 400 ERROR_ARGUMENT', async (method, params) => {
    expect(await rest.call(method, params)).toMatchObject({ status: 400, error: 'ERROR_ARGUMENT' });
  });

  it('answers 404 for an unknown method', async () => {
    expect(await rest.call('event.offline.nosuch')).toMatchObject({
      status: 404,
      error: 'ERROR_METHOD_NOT_FOUND',
    });
  });

  it('answers true to error and clear even when nothing matched', async () => {
    const params = { process_id: 'nobody', message_id: ['x'.repeat(32)] };
    expect((await rest.call('event.offline.error', params)).result).toBe(true);
    expect((await rest.call('event.offline.clear', params)).result).toBe(true);
  });

  it('takes a change into the queue only where its event is bound for its source key', () => {
    portal.bind('ONX', 'erp');
    expect(portal.push({ event: 'ONX', data: 1 })).toBeNull();
    expect(portal.push({ event: 'ONY', data: 1, connector: 'erp' })).toBeNull();
    expect(portal.push({ event: 'ONX', data: 1, connector: 'erp' })).toMatchObject({ id: 1 });
    expect(portal.push({ event: 'ONX', data: 1, force: true })).toMatchObject({ id: 2 });
    expect(portal.rows().map((row) => row.CONNECTOR_ID)).toEqual(['erp', '']);
  });
});
