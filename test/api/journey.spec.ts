import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import createClient from 'openapi-fetch';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { type components, type paths } from './openapi-types.js';

const OPERATE = 'c0ffee00c0ffee11c0ffee22c0ffeeab';
const READ = 'f00dfeed0123f00dfeed4567f00dfeed';
const QUICK = { RETRY_BASE_DELAY_MS: '100', RETRY_MAX_DELAY_MS: '200', FAILURE_BATCH_WAIT_MS: '50' };
const BATCH = 30;

type EventView = components['schemas']['Event'];

describe('the API, by a client that is made of its OpenAPI document,', () => {
  let system: TestSystem;
  let client: ReturnType<typeof createClient<paths>>;
  let onlyReads: ReturnType<typeof createClient<paths>>;
  const broken = new Set<string>();

  beforeAll(async () => {
    system = await TestSystem.open({
      settings: {
        ...QUICK,
        SETTLE_MODE: 'ack',
        SETTLE_AFTER_MS: '60000',
        RETRY_MAX_ATTEMPTS: '1',
        // It asks again and again until something has happened.
        API_RATE_PER_MINUTE: '6000',
        API_TOKEN: `erp:read:${READ},ops:operate:${OPERATE}`,
      },
      onEvent: (event, downstream) => {
        const status = broken.has(event.objectId) ? 'failed' : 'processed';
        downstream.reply({ status, reason: 'customer 42 is unknown' }, event);
        downstream.channel.ack(event.message);
      },
    });
    const clientOf = (secret: string) =>
      createClient<paths>({ baseUrl: system.bridge.url, headers: { Authorization: `Bearer ${secret}` } });
    client = clientOf(OPERATE);
    onlyReads = clientOf(READ);
    for (let id = 1; id <= BATCH; id += 1) broken.add(String(id));
    system.push(1, BATCH + 5);
    await until(
      'all that fails to be dead',
      async () => (await allEvents({ state: ['dead'] })).length === BATCH,
    );
  });
  afterAll(() => system?.close());

  /** Every page of what is found. */
  const allEvents = async (query: { state?: EventView['state'][]; q?: string }, limit = 100) => {
    const found: EventView[] = [];
    for (let cursor: string | undefined; ;) {
      const { data, error } = await client.GET('/api/v1/events', {
        params: { query: { ...query, limit, ...(cursor === undefined ? {} : { cursor }) } },
      });
      if (data === undefined) throw new Error(JSON.stringify(error));
      found.push(...data.items);
      if (data.next === null) return found;
      cursor = data.next;
    }
  };

  it('tells that the service is well, its portals and its queues', async () => {
    const health = await onlyReads.GET('/api/v1/health');
    expect(health.data).toEqual({
      ready: true,
      broker: { up: true, reason: null },
      database: { up: true, reason: null },
    });
    const { data } = await onlyReads.GET('/api/v1/portals', { params: { query: { state: 'active' } } });
    expect(data).toMatchObject({
      items: [{ name: 'acme', state: 'active', paused: null, troubled: { dead: BATCH } }],
    });
    expect(data?.next).toBeNull();
    const queues = await onlyReads.GET('/api/v1/queues');
    expect(queues.data?.items).toContainEqual(
      expect.objectContaining({ role: 'dead', messages: expect.any(Number) as unknown }),
    );
    const document = await fetch(`${system.bridge.url}/api/v1/openapi.json`, {
      headers: { Authorization: `Bearer ${READ}` },
    });
    expect(await document.json()).toMatchObject({ openapi: expect.stringMatching(/^3\./) as unknown });
  });

  it('finds events page by page, each of them once', async () => {
    const pages = await allEvents({ state: ['dead'] }, 7);
    expect(new Set(pages.map(({ id }) => id)).size).toBe(BATCH);
    expect(pages.every(({ reason }) => reason === 'customer 42 is unknown')).toBe(true);
    expect(await allEvents({ state: ['dead'], q: 'nothing of that kind' })).toEqual([]);
    const bad = await client.GET('/api/v1/events', { params: { query: { cursor: 'nonsense' } } });
    expect(bad.response.status).toBe(400);
    expect(bad.error?.type).toBe('urn:bitrix24-bridge:problem:invalid-cursor');
  });

  it('shows an event: its deliveries, and to whom may operate its body', async () => {
    const [dead] = await allEvents({ state: ['dead'] });
    const id = dead?.id ?? '';
    const { data } = await client.GET('/api/v1/events/{id}', { params: { path: { id } } });
    expect(data).toMatchObject({
      id,
      deliveries: [{ id, state: 'dead', portal: 'acme', subject: dead?.subject, attempts: 1 }],
      routingKey: 'acme.crm.deal.update',
      body: { id, type: 'ONCRMDEALUPDATE' },
      bodyHidden: false,
    });
    expect(data?.timeline.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['changed', 'reserved', 'published', 'failed', 'dead']),
    );
    const object = await client.GET('/api/v1/events', { params: { query: { object: dead?.subject ?? '' } } });
    expect(object.data?.items).toMatchObject([{ id }]);
    const hidden = await onlyReads.GET('/api/v1/events/{id}', { params: { path: { id } } });
    expect(hidden.data).toMatchObject({ id, body: null, bodyHidden: true });
    const none = await client.GET('/api/v1/events/{id}', { params: { path: { id: 'a-1-1' } } });
    expect(none.response.status).toBe(404);
    expect(none.response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(none.error).toMatchObject({ type: 'urn:bitrix24-bridge:problem:not-found', status: 404 });
  });

  it('retries events by their ids, once however often it is sent', async () => {
    const [one, two] = await allEvents({ state: ['dead'] });
    const ids = [one?.id ?? '', two?.id ?? ''];
    const deals = ids.map(
      (id) => system.downstream.received.find((event) => event.id === id)?.objectId ?? '',
    );
    for (const deal of deals) broken.delete(deal);
    const retry = (key: string, chosen = ids) =>
      client.POST('/api/v1/events/retry', {
        params: { header: { 'Idempotency-Key': key } },
        body: { ids: chosen },
      });
    const answers = await Promise.all([retry('first'), retry('first'), retry('first')]);
    const done = answers.filter(({ response }) => response.status === 200);
    expect(done.length).toBeGreaterThan(0);
    // The others came while it was under way, or after it, and were told what came of it.
    expect(answers.filter(({ response }) => ![200, 409].includes(response.status))).toEqual([]);
    expect(done[0]?.data).toEqual({ matched: 2, done: 2, left: {}, later: 0 });
    const again = await retry('first');
    expect(again.data).toEqual(done[0]?.data);
    expect(again.response.headers.get('idempotency-replayed')).toBe('true');
    const other = await retry('first', ids.slice(1));
    expect([other.response.status, other.error?.type]).toEqual([
      422,
      'urn:bitrix24-bridge:problem:idempotency-key-reused',
    ]);
    // What is over is still found, and who had it retried.
    await until('both to be processed', async () => {
      const found = await allEvents({ state: ['processed'] });
      return ids.every((id) => found.some((event) => event.id === id));
    });
    const attempts = system.downstream.received.filter(({ id }) => ids.includes(id)).length;
    expect(attempts).toBe(4);
    const { data } = await client.GET('/api/v1/events/{id}', { params: { path: { id: ids[0] ?? '' } } });
    expect(data?.timeline.find(({ what }) => what === 'retried')).toMatchObject({ by: 'ops (API)' });
  });

  it('discards by what events have in common, with a portal or all of them on purpose', async () => {
    const careless = await client.POST('/api/v1/events/discard', { body: { filter: { states: ['dead'] } } });
    expect([careless.response.status, careless.error?.errors?.[0]?.field]).toEqual([400, 'filter.portal']);
    // A search for nothing would find everything.
    const blank = await client.POST('/api/v1/events/discard', {
      body: { filter: { portal: 'acme', text: ' ' } },
    });
    expect([blank.response.status, blank.error?.errors?.[0]?.field]).toEqual([400, 'filter.text']);
    const discard = async (filter: components['schemas']['EventFilter']) =>
      (await client.POST('/api/v1/events/discard', { body: { filter: { portal: 'acme', ...filter } } })).data;
    expect(await discard({ text: 'nobody knows that' })).toMatchObject({ matched: 0 });
    expect(await discard({ from: '2026-01-01', to: '2026-01-02' })).toMatchObject({ matched: 0 });
    expect(await discard({ object: 'deal 7' })).toMatchObject({ matched: 1, done: 1 });
    const { data: told } = await client.GET('/api/v1/audit', { params: { query: { action: 'discarded' } } });
    expect(told?.items).toMatchObject([
      { portal: 'acme', target: 'all with object: deal 7; states: dead', count: 1 },
    ]);
    expect(await discard({ text: 'CUSTOMER 42' })).toMatchObject({
      matched: BATCH - 3,
      done: BATCH - 3,
      left: {},
    });
    expect(await allEvents({ state: ['dead'] })).toEqual([]);
    const gone = await client.POST('/api/v1/events/retry', { body: { ids: ['a223c6b3-17-1721298751'] } });
    expect(gone.response.status).toBe(404);
  });

  it('pauses a portal and resumes it, and wakes it', async () => {
    const path = { portal: 'acme' };
    const paused = await client.POST('/api/v1/portals/{portal}/pause', {
      params: { path },
      body: { reason: 'a move' },
    });
    expect(paused.data?.paused).toMatchObject({ reason: 'a move', by: 'ops (API)' });
    const received = system.downstream.received.length;
    system.push(500, 501);
    const woken = await client.POST('/api/v1/portals/{portal}/wake', { params: { path } });
    expect(woken.data).toEqual({ woken: 'acme' });
    expect(system.downstream.received).toHaveLength(received);
    const resumed = await client.POST('/api/v1/portals/{portal}/resume', { params: { path } });
    expect(resumed.data?.paused).toBeNull();
    await until('what waited to come', () => system.downstream.received.length === received + 2);
    const nobody = await client.POST('/api/v1/portals/{portal}/resume', {
      params: { path: { portal: 'nobody' } },
    });
    expect(nobody.response.status).toBe(404);
  });

  it('has dead events delivered again from their queue, by key and count, once however often it is sent', async () => {
    const path = { queue: 'dead' } as const;
    const look = () => client.POST('/api/v1/queues/{queue}/look', { params: { path } });
    const republish = (idempotencyKey: string, body: { key?: string; count: number }) =>
      client.POST('/api/v1/queues/{queue}/republish', {
        params: { path, header: { 'Idempotency-Key': idempotencyKey } },
        body,
      });
    const key = 'acme.crm.deal.update';
    for (const id of ['601', '602']) broken.add(id);
    system.push(601, 602);
    await until('their letters', async () => {
      const { data } = await onlyReads.GET('/api/v1/queues');
      return data?.items.some(({ role, messages }) => role === 'dead' && messages === BATCH + 2) === true;
    });
    // What one has looked at is back when it is answered.
    for (let time = 0; time < 5; time += 1) {
      expect((await look()).data).toEqual({
        keys: [{ key, count: BATCH + 2 }],
        seen: BATCH + 2,
        there: BATCH + 2,
        worn: false,
      });
    }
    expect((await republish('of-no-key', { key: 'acme.nothing', count: 5 })).data).toMatchObject({
      republished: 0,
      obsolete: 0,
    });
    for (const id of ['601', '602']) broken.delete(id);
    // The first thirty were processed or given up meanwhile.
    const done = await republish('again', { key, count: BATCH + 1 });
    expect(done.data).toEqual({ republished: 1, obsolete: BATCH, left: {}, cutShort: false });
    const replayed = await republish('again', { key, count: BATCH + 1 });
    expect([replayed.data, replayed.response.headers.get('idempotency-replayed')]).toEqual([
      done.data,
      'true',
    ]);
    expect((await look()).data).toMatchObject({ there: 1 });
    expect((await republish('the-rest', { count: 10 })).data).toEqual({
      republished: 1,
      obsolete: 0,
      left: {},
      cutShort: false,
    });
    await until('both to be processed', async () => {
      const found = await allEvents({ state: ['processed'], q: 'deal 601' });
      return [...found, ...(await allEvents({ state: ['processed'], q: 'deal 602' }))].length === 2;
    });
    expect((await republish('nothing', { count: 0 })).error?.errors?.[0]?.field).toBe('count');
    const reader = await onlyReads.POST('/api/v1/queues/{queue}/republish', {
      params: { path },
      body: { count: 1 },
    });
    expect(reader.response.status).toBe(403);
    const strange = await client.POST('/api/v1/queues/{queue}/look', {
      params: { path: { queue: 'replies' as 'dead' } },
    });
    expect(strange.response.status).toBe(404);
  });

  it('tells who did all that, and whence to whom may operate', async () => {
    const { data } = await client.GET('/api/v1/audit', { params: { query: { actor: 'ops', limit: 100 } } });
    expect(data?.items.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['retried', 'discarded', 'paused', 'resumed', 'woken', 'republished']),
    );
    expect(data?.items.find(({ action }) => action === 'retried')).toMatchObject({
      actor: { kind: 'api', name: 'ops', address: '127.0.0.1' },
      portal: 'acme',
      count: 2,
    });
    const page = await onlyReads.GET('/api/v1/audit', { params: { query: { limit: 1, action: 'paused' } } });
    expect(page.data?.items).toMatchObject([{ actor: { name: 'ops', address: null }, detail: 'a move' }]);
    const wrong = await client.GET('/api/v1/audit', { params: { query: { from: 'yesterday' } } });
    expect([wrong.response.status, wrong.error?.errors?.[0]?.field]).toEqual([400, 'from']);
    const metrics = await (await fetch(`${system.bridge.url}/metrics`)).text();
    expect(metrics).toContain(
      'bridge_api_requests_total{route="/api/v1/events/retry",method="POST",status="200"}',
    );
  });
});
