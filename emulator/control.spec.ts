import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type Emulator } from './index.js';
import { LoadGenerator } from './load.js';
import { PortalCaller } from './fixtures/portal-caller.js';

describe('control API', () => {
  let emulator: Emulator;

  beforeEach(async () => {
    emulator = await startEmulator();
    emulator.addPortal({ name: 'acme' });
  });

  afterEach(() => emulator.close());

  async function control<T = Record<string, unknown>>(verb: string, path: string, body?: unknown) {
    const init = body === undefined ? { method: verb } : { method: verb, body: JSON.stringify(body) };
    const response = await fetch(`${emulator.url}/_control/${path}`, init);
    return { status: response.status, body: (await response.json()) as T };
  }

  it('adds portals, pushes changes and shows rows by state', async () => {
    expect(await control('POST', 'portals', { name: 'globex', extended: false })).toMatchObject({
      status: 201,
      body: { name: 'globex', features: { extended: false, connector: true } },
    });
    expect((await control<{ portals: unknown[] }>('GET', 'portals')).body.portals).toHaveLength(2);

    await control('POST', 'portals/acme/bind', { event: 'ONX' });
    await control('POST', 'portals/acme/push', { event: 'ONX', data: 1 });
    const bulk = await control<unknown[]>('POST', 'portals/acme/push', {
      changes: [
        { event: 'ONX', data: 2 },
        { event: 'ONUNBOUND', data: 3 },
        { event: 'ONUNBOUND', data: 4, force: true, userId: null },
      ],
    });
    expect(bulk.body).toMatchObject([{ id: 2 }, null, { id: 3 }]);

    emulator.portal('acme').queue.get({ clear: 0, limit: 1 });
    const rows = async (state: string) =>
      (await control<{ total: number }>('GET', `portals/acme/rows?state=${state}`)).body.total;
    expect([await rows('all'), await rows('pending'), await rows('held'), await rows('error')]).toEqual([
      3, 2, 1, 0,
    ]);
    expect((await control<unknown[]>('GET', 'portals/acme/journal')).body).toHaveLength(3);
  });

  it('pushes data as it is written, and prints the time of change as told', async () => {
    const text = '{"FIELDS":{"ID":9007199254740993,"SUM":100.00,"":[1e400,-0,1E5,"1.0"]}}';
    const portal = emulator.portal('acme');
    const rest = new PortalCaller(emulator, portal);
    await control('POST', 'portals/acme/push', { event: 'ONX', dataText: text, force: true });
    expect(
      (await control('POST', 'portals/acme/push', { event: 'ONX', dataText: '{', force: true })).status,
    ).toBe(400);
    expect(await (await rest.raw('event.offline.list')).text()).toContain(`"EVENT_DATA":${text},`);
    const printed = async (timestamps: string) => {
      await control('POST', 'portals/acme/timestamps', { timestamps });
      return (await rest.call<{ TIMESTAMP_X: unknown }[]>('event.offline.list')).result[0]?.TIMESTAMP_X;
    };
    expect(await printed('iso-basic')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0200$/);
    expect(await printed('utc')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await printed('database')).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(await printed('site')).toMatch(/^\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d$/);
    expect(await printed('unix')).toBe(portal.rows()[0]?.TIMESTAMP_X);
    expect(await printed('null')).toBeNull();
    expect(await printed('none')).toBeUndefined();
    expect((await control('POST', 'portals/acme/timestamps', { timestamps: 'x' })).status).toBe(400);
    expect((await control('POST', 'portals', { name: 'odd', timestamps: 'null' })).status).toBe(201);
  });

  it('switches features, state, administrator, limits and tokens', async () => {
    const portal = emulator.portal('acme');
    const rest = new PortalCaller(emulator, portal);
    await control('POST', 'portals/acme/features', { extended: false });
    expect((await rest.call('event.offline.get', { clear: 0 })).error).toBe('WRONG_LICENSE');
    await control('POST', 'portals/acme/state', { state: 'overload' });
    expect((await rest.call('event.get')).error).toBe('OVERLOAD_LIMIT');
    await control('POST', 'portals/acme/state', { state: 'active' });
    await control('POST', 'portals/acme/administrator', { administrator: false });
    expect((await rest.call('event.offline.list')).error).toBe('ACCESS_DENIED');
    await control('POST', 'portals/acme/limits', { burst: 0 });
    expect((await rest.call('event.get')).error).toBe('QUERY_LIMIT_EXCEEDED');
    await control('POST', 'portals/acme/limits', { burst: 50 });
    await control('POST', 'portals/acme/expire-tokens');
    expect((await rest.call('event.get')).error).toBe('expired_token');
    const issued = await control<{ accessToken: string }>('POST', 'portals/acme/access-token');
    rest.use(issued.body.accessToken);
    expect((await rest.call('event.get')).status).toBe(200);
    await control('POST', 'portals/acme/revoke');
    expect((await rest.call('event.get')).error).toBe('invalid_token');
    const counters = await control<{ requests: number }>('GET', 'portals/acme/counters');
    expect(counters.body.requests).toBe(7);
  });

  it('injects faults, into one portal or into all', async () => {
    const rest = new PortalCaller(emulator, emulator.portal('acme'));
    const fault = { method: '*', kind: 'error', status: 500, error: 'INTERNAL_SERVER_ERROR', times: 'all' };
    await control('POST', 'portals/acme/faults', fault);
    await control('POST', 'faults', { ...fault, error: 'ERROR_UNEXPECTED_ANSWER' });
    expect((await rest.call('event.get')).error).toBe('INTERNAL_SERVER_ERROR');
    await control('DELETE', 'portals/acme/faults');
    expect((await rest.call('event.get')).error).toBe('ERROR_UNEXPECTED_ANSWER');
    await control('DELETE', 'faults');
    expect((await rest.call('event.get')).status).toBe(200);
  });

  it('shows a webhook and hands out a token of another application', async () => {
    const { body } = await control<{ webhookEndpoint: string }>('GET', 'portals/acme');
    expect(body.webhookEndpoint).toBe(emulator.portal('acme').webhookEndpoint);
    emulator.portal('acme').bind('ONCRMDEALADD');
    const rest = new PortalCaller(emulator, emulator.portal('acme'));
    for (const request of [{}, { clientId: 'local.another' }]) {
      const issued = await control<{ accessToken: string }>(
        'POST',
        'portals/acme/other-application',
        request,
      );
      rest.use(issued.body.accessToken);
      await rest.call('crm.deal.add');
    }
    expect(emulator.portal('acme').rows()).toHaveLength(2);
  });

  it('shows what was destroyed and runs the clean-up agent', async () => {
    const { queue } = emulator.portal('acme');
    const { messageId } = queue.push({ event: 'ONX', data: 1 });
    queue.error({ process_id: 'stale', message_id: [messageId] });
    expect((await control<unknown[]>('GET', 'portals/acme/destroyed')).body).toMatchObject([
      { row: { EVENT_NAME: 'ONX' }, by: { processId: 'stale' } },
    ]);
    expect((await control('POST', 'portals/acme/cleanup')).body).toEqual({ deleted: 0 });
  });

  it('raises changes at a rate until stopped', async () => {
    const load = { ratePerSecond: 2000, objects: 10, events: ['ONX'], force: true };
    await control('POST', 'portals/acme/load', load);
    while (emulator.portal('acme').queue.journal.length < 50) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const stopped = await control<{ pushed: number; entered: number }>('DELETE', 'portals/acme/load');
    expect(stopped.body.pushed).toBe(stopped.body.entered);
    expect(emulator.portal('acme').queue.journal).toHaveLength(stopped.body.pushed);
    expect(emulator.portal('acme').rows().length).toBeLessThanOrEqual(10);
  });

  it.each([
    ['POST', 'portals/acme/push', { data: 1 }, 400],
    ['POST', 'portals/acme/faults', { method: '*', kind: 'nosuch' }, 400],
    ['POST', 'portals/acme/state', { state: 'nosuch' }, 400],
    ['POST', 'portals', { name: 'acme' }, 400],
    ['POST', 'portals', { name: 'Not a label' }, 400],
    ['GET', 'portals/acme/rows?state=nosuch', undefined, 400],
    ['GET', 'portals/nobody/rows', undefined, 404],
    ['POST', 'portals/acme/nosuch', {}, 404],
  ])('%s %s %j is refused', async (verb, path, body, status) => {
    expect((await control(verb, path, body)).status).toBe(status);
  });
});

describe('LoadGenerator', () => {
  it('changes only what is bound, spread over the objects', async () => {
    const emulator = await startEmulator();
    try {
      const portal = emulator.addPortal({ name: 'acme' });
      portal.bind('ONA');
      const load = new LoadGenerator(portal, { ratePerSecond: 1, objects: 5, events: ['ONA', 'ONB'] });
      load.change(1000);
      expect(load.counts.pushed).toBe(1000);
      expect(load.counts.entered).toBe(portal.queue.journal.length);
      expect(portal.rows()).toHaveLength(5);
      expect(new Set(portal.rows().map((row) => row.EVENT_NAME))).toEqual(new Set(['ONA']));
    } finally {
      await emulator.close();
    }
  });
});
