import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import createClient from 'openapi-fetch';
import { type paths } from '../api/openapi-types.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { Visitor } from '../support/visitor.js';

const PASSWORD = 'correct horse battery';
const OPERATE = 'c0ffee00c0ffee11c0ffee22c0ffeeab';
const READ = 'f00dfeed0123f00dfeed4567f00dfeed';
const PATH = '/portals/acme/snapshots';

describe('people and snapshots', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.open({
      settings: {
        DASHBOARD_PASSWORD: PASSWORD,
        API_TOKEN: `erp:read:${READ},ops:operate:${OPERATE}`,
        B24_RATE_PER_SECOND: '20',
      },
      portal: { ratePerSecond: 1000, burst: 1000, serviceTimePerPageMs: 200 },
    });
    system.portal.objects.seed(2, { count: 3000 });
    system.portal.objects.seed(3, { count: 20 });
  });
  afterAll(() => system.close());

  it('start, watch and steer them at the dashboard, in either language', async () => {
    const person = new Visitor(system.bridge.url);
    await person.logIn(PASSWORD);
    expect((await person.get('/portals/acme')).body).toContain(`href="${PATH}"`);
    expect((await person.get(PATH)).body).toContain('There was none yet.');
    const unclear = await person.post(PATH, [['types', 'crm.unicorn']]);
    expect(unclear.status).toBe(303);
    expect((await person.get(PATH)).body).toContain('is none of crm.lead');
    await person.post(PATH, [
      ['types', 'crm.deal'],
      ['filter', 'opportunity>=0'],
      ['key', ''],
    ]);
    await until('progress', async () =>
      /<progress max="1" value="0\.\d+"/.test((await person.get(PATH)).body),
    );
    const running = (await person.get(PATH)).body;
    for (const text of [
      'Snapshot 1',
      'running',
      'crm.deal',
      'opportunity&gt;=0',
      `${PATH}/1/pause`,
      `${PATH}/1/cancel`,
    ])
      expect(running).toContain(text);
    await person.post(`${PATH}/1/pause`);
    expect((await person.get(PATH)).body).toContain('Snapshot 1: paused.');
    await person.post(`${PATH}/1/cancel`);
    expect((await person.get(PATH)).body).not.toContain('/1/resume');
    // What its state does not allow is said, and not done.
    await person.post(`${PATH}/1/resume`);
    expect((await person.get(PATH)).body).toContain('snapshot 1 of acme is cancelled');
    const russian = new Visitor(system.bridge.url, '127.0.0.1', { 'accept-language': 'ru' });
    await russian.logIn(PASSWORD);
    expect((await russian.get(PATH)).body).toContain('Снимок 1');
    expect((await person.get('/audit')).body).toContain('started a snapshot');
  }, 120_000);

  it('do so by the API, those who may operate', async () => {
    const clientOf = (secret: string) =>
      createClient<paths>({ baseUrl: system.bridge.url, headers: { Authorization: `Bearer ${secret}` } });
    const [operator, reader] = [clientOf(OPERATE), clientOf(READ)];
    const params = { path: { portal: 'acme' } };
    const body = { types: ['crm.contact'] };
    const forbidden = await reader.POST('/api/v1/portals/{portal}/snapshots', { params, body });
    expect(forbidden.response.status).toBe(403);
    const unclear = await operator.POST('/api/v1/portals/{portal}/snapshots', {
      params,
      body: { types: ['crm.unicorn'] },
    });
    expect([unclear.response.status, unclear.error?.type]).toEqual([
      400,
      'urn:bitrix24-bridge:problem:invalid-request',
    ]);
    const started = await operator.POST('/api/v1/portals/{portal}/snapshots', { params, body });
    expect(started.response.status).toBe(201);
    expect(started.data).toMatchObject({ portal: 'acme', state: 'running', askedBy: 'ops (API)' });
    await until('its end', async () => {
      const { data } = await reader.GET('/api/v1/portals/{portal}/snapshots', { params });
      return data?.items[0]?.state === 'completed';
    });
    const { data } = await reader.GET('/api/v1/portals/{portal}/snapshots', { params });
    expect(data?.items[0]).toMatchObject({
      fraction: 1,
      types: [{ type: 'crm.contact', objects: 20, superseded: 0 }],
    });
    const late = await operator.POST('/api/v1/portals/{portal}/snapshots/pause', { params });
    expect([late.response.status, late.error?.type]).toEqual([409, 'urn:bitrix24-bridge:problem:conflict']);
    const nowhere = await operator.POST('/api/v1/portals/{portal}/snapshots/pause', {
      params: { path: { portal: 'nobody' } },
    });
    expect(nowhere.response.status).toBe(404);
    // An event of it is shown like any other, with where it comes from.
    const found = await reader.GET('/api/v1/events', { params: { query: { object: 'crm.contact/7' } } });
    expect(found.data?.items).toMatchObject([
      { code: 'crm.contact.snapshot', origin: 'snapshot', subject: 'crm.contact/7' },
    ]);
  }, 120_000);
});
