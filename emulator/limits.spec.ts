import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type EmulatedPortal, type Emulator } from './index.js';
import { LeakyBucket } from './limits.js';
import { PortalCaller } from './fixtures/portal-caller.js';
import { TestClock } from './fixtures/test-clock.js';

describe('LeakyBucket', () => {
  it('admits a burst and then the rate, and a refused request costs nothing', () => {
    const clock = new TestClock();
    const bucket = new LeakyBucket(clock.now, 2, 50);
    const admitted = (count: number): number =>
      Array.from({ length: count }, () => bucket.admit()).filter(Boolean).length;
    expect(admitted(60)).toBe(50);
    clock.forward(3);
    expect(admitted(60)).toBe(6);
    clock.forward(1000);
    expect(admitted(60)).toBe(50);
  });
});

describe('limits over HTTP', () => {
  let clock: TestClock;
  let emulator: Emulator;
  let portal: EmulatedPortal;
  let rest: PortalCaller;

  beforeEach(async () => {
    clock = new TestClock();
    emulator = await startEmulator({ now: clock.now });
    portal = emulator.addPortal({ name: 'acme', ratePerSecond: 2, burst: 3 });
    rest = new PortalCaller(emulator, portal);
  });

  afterEach(() => emulator.close());

  it('answers 503 QUERY_LIMIT_EXCEEDED above the burst and leaks at the rate', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 5; i += 1) statuses.push((await rest.call('event.get')).status);
    expect(statuses).toEqual([200, 200, 200, 503, 503]);
    expect((await rest.call('event.get')).error).toBe('QUERY_LIMIT_EXCEEDED');
    clock.forward(0.5);
    expect((await rest.call('event.get')).status).toBe(200);
    expect((await rest.call('event.get')).status).toBe(503);
    expect(portal.counters.refusals).toEqual({ QUERY_LIMIT_EXCEEDED: 4 });
    expect(portal.counters.requests).toBe(8);
  });

  it('sums execution time over ten minutes and answers 429 OPERATION_TIME_LIMIT for that method alone', async () => {
    portal.setLimits({ burst: 1000, operatingLimitSeconds: 0.05, serviceTimeMs: 30 });
    const first = await rest.call('event.get');
    expect(first.body['time']).toMatchObject({ processing: 0.03, operating: 0.03 });
    clock.forward(60);
    const last = await rest.call('event.get');
    const { operating, operating_reset_at: resetAt } = last.body['time'] as Record<string, number>;
    expect(operating).toBeCloseTo(0.06);

    const refused = await rest.call('event.get');
    expect(refused).toMatchObject({ status: 429, error: 'OPERATION_TIME_LIMIT' });
    expect((await rest.call('feature.get', { CODE: 'rest_auth_connector' })).status).toBe(200);

    clock.forward((resetAt ?? 0) - clock.now() / 1000);
    expect((await rest.call('event.get')).status).toBe(200);
  });

  it('prints the time block of an answer', async () => {
    const { body } = await rest.call('event.get');
    expect(body['time']).toEqual({
      start: clock.now() / 1000,
      finish: clock.now() / 1000,
      duration: 0,
      processing: 0,
      date_start: '2024-07-18T12:32:31+02:00',
      date_finish: '2024-07-18T12:32:31+02:00',
      operating: 0,
      operating_reset_at: expect.any(Number) as unknown,
    });
  });

  it('does not take the service time twice in a batch', async () => {
    portal.setLimits({ serviceTimeMs: 40 });
    const answer = await rest.call<{ result_time: Record<string, { processing: number }> }>('batch', {
      cmd: { a: 'event.get', b: 'event.get' },
    });
    expect(answer.result.result_time['a']?.processing).toBe(0.02);
  });

  it('takes time for every row, and says so', async () => {
    portal.setLimits({ serviceTimePerRowMs: 10, operatingLimitSeconds: 100 });
    for (let id = 1; id <= 4; id += 1) portal.push({ event: 'ONX', data: id, force: true });
    const { body } = await rest.call('event.offline.get', { clear: 0 });
    expect(body['time']).toMatchObject({ processing: 0.04, operating: 0.04 });
  });

  it('cuts a request that takes too long: what was done stays done, the rest is not, and the answer is a page', async () => {
    portal.setLimits({ burst: 1000, serviceTimePerRowMs: 40, requestLimitMs: 100 });
    for (let id = 1; id <= 3; id += 1) portal.push({ event: 'ONX', data: id, force: true });
    const cmd = {
      reserve: 'event.offline.get?clear=0&limit=2',
      more: 'event.offline.get?clear=0&limit=1',
      never: 'event.bind?event=ONX&event_type=offline',
    };
    const cut = await rest.raw('batch', { cmd });
    expect(cut.status).toBe(504);
    expect(cut.headers.get('content-type')).toContain('text/html');
    expect(portal.rows().every((row) => row.PROCESS_ID !== '')).toBe(true);
    expect(portal.bindings()).toEqual([]);
    expect((await rest.raw('event.offline.list')).status).toBe(504);
    portal.setLimits({ requestLimitMs: 60_000 });
    expect((await rest.call('event.offline.list')).status).toBe(200);
  });

  it('lets two gets at once reserve the same rows, as a portal does', async () => {
    portal.setLimits({ serviceTimeMs: 60 });
    portal.push({ event: 'ONX', data: 1, force: true });
    const get = () => rest.call<{ process_id: string; events: unknown[] }>('event.offline.get', { clear: 0 });
    const [one, two] = await Promise.all([get(), get()]);
    expect(one.result.events).toEqual(two.result.events);
    const holder = portal.rows()[0]?.PROCESS_ID;
    expect([one.result.process_id, two.result.process_id]).toContain(holder);
  });
});
