import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FaultSet } from './faults.js';
import { startEmulator, type EmulatedPortal, type Emulator } from './index.js';
import { PortalCaller, type BatchAnswer } from './fixtures/portal-caller.js';

describe('faults', () => {
  let emulator: Emulator;
  let portal: EmulatedPortal;
  let rest: PortalCaller;

  beforeEach(async () => {
    emulator = await startEmulator();
    portal = emulator.addPortal({ name: 'acme' });
    rest = new PortalCaller(emulator, portal);
    portal.push({ event: 'ONX', data: 1, force: true });
  });

  afterEach(() => emulator.close());

  const get = () => rest.call('event.offline.get', { clear: 0 });
  const reserved = (): boolean => portal.rows().some((row) => row.PROCESS_ID !== '');
  const raw = () =>
    fetch(`${rest.root}event.offline.get?clear=0&auth=${portal.issueAccessToken()}`, { method: 'POST' });

  it('drops the connection before or after the effects happen', async () => {
    portal.inject({ method: 'event.offline.get', kind: 'drop-before-commit' });
    await expect(get()).rejects.toThrow();
    expect(reserved()).toBe(false);
    portal.inject({ method: 'event.offline.get', kind: 'drop-after-commit' });
    await expect(get()).rejects.toThrow();
    expect(reserved()).toBe(true);
    expect(portal.counters.perMethod['event.offline.get']).toBe(2);
    expect((await get()).status).toBe(200);
  });

  it('answers an error, with or without the effects', async () => {
    const fault = { method: '*', kind: 'error', status: 503, error: 'QUERY_LIMIT_EXCEEDED' } as const;
    portal.inject(fault);
    expect(await get()).toMatchObject({ status: 503, error: 'QUERY_LIMIT_EXCEEDED' });
    expect(reserved()).toBe(false);
    expect(portal.counters.refusals).toEqual({ QUERY_LIMIT_EXCEEDED: 1 });
    portal.inject({ ...fault, status: 500, error: 'INTERNAL_SERVER_ERROR', commit: true });
    expect((await get()).status).toBe(500);
    expect(reserved()).toBe(true);
  });

  it('answers a web page', async () => {
    portal.inject({ method: 'event.offline.get', kind: 'html' });
    const response = await raw();
    expect(response.status).toBe(502);
    expect(response.headers.get('content-type')).toMatch(/text\/html/);
    expect(reserved()).toBe(false);
  });

  it('truncates the JSON of an answer whose effects happened', async () => {
    portal.inject({ method: 'event.offline.get', kind: 'truncated' });
    const text = await (await raw()).text();
    expect(text).toMatch(/^\{"result"/);
    expect(() => JSON.parse(text) as unknown).toThrow();
    expect(reserved()).toBe(true);
  });

  it('stalls: the effects happen and no answer comes', async () => {
    portal.inject({ method: 'event.offline.get', kind: 'stall' });
    const abort = new AbortController();
    const stalled = fetch(`${rest.root}event.offline.get?clear=0&auth=${portal.issueAccessToken()}`, {
      signal: abort.signal,
    });
    const outcome = expect(stalled).rejects.toThrow();
    while (!reserved()) await new Promise((resolve) => setImmediate(resolve));
    await rest.call('event.get');
    abort.abort();
    await outcome;
  });

  it('delays and then serves, and can fail the same request too', async () => {
    portal.inject({ method: 'event.offline.get', kind: 'delay', ms: 80 });
    portal.inject({ method: 'event.offline.get', kind: 'error', status: 500 });
    const started = performance.now();
    expect((await get()).status).toBe(500);
    expect(performance.now() - started).toBeGreaterThan(70);
  });

  it('fails one command of a batch by its name, and the whole batch by any other kind', async () => {
    const batch = () =>
      rest.call<BatchAnswer>('batch', { cmd: { b: 'event.get', get: 'event.offline.get?clear=0' } });
    portal.inject({ method: 'event.offline.get', kind: 'error', status: 429, error: 'OPERATION_TIME_LIMIT' });
    const answer = await batch();
    expect(answer.result.result).toEqual({ b: [] });
    expect(answer.result.result_error).toMatchObject({ get: { error: 'OPERATION_TIME_LIMIT' } });
    expect(reserved()).toBe(false);
    portal.inject({ method: 'event.offline.get', kind: 'drop-after-commit' });
    await expect(batch()).rejects.toThrow();
    expect(reserved()).toBe(true);
    portal.inject({ method: 'batch', kind: 'error', status: 500 });
    expect((await batch()).status).toBe(500);
  });

  it('hits the authorization server: the token is spent and the answer never arrives', async () => {
    emulator.faults.inject({ method: 'oauth', kind: 'drop-after-commit' });
    const refreshToken = portal.issueRefreshToken();
    const query = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: emulator.clientId,
      client_secret: emulator.clientSecret,
      refresh_token: refreshToken,
    });
    const url = `${emulator.url}/oauth/token/?${query.toString()}`;
    await expect(fetch(url)).rejects.toThrow();
    expect(await (await fetch(url)).json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('hits as often as told, by chance where told, and stops when removed', () => {
    const draws = [0.9, 0.1, 0.9, 0.1];
    const faults = new FaultSet(() => draws.shift() ?? 0);
    const take = (): boolean => faults.take(['batch']) !== null;
    const half = faults.inject({ method: 'batch', kind: 'stall', times: Infinity, probability: 0.5 });
    expect([take(), take(), take(), take()]).toEqual([false, true, false, true]);
    expect(half.hits).toBe(2);
    half.remove();
    expect(take()).toBe(false);
    faults.inject({ method: 'Batch', kind: 'stall', times: 2 });
    expect([take(), take(), take()]).toEqual([true, true, false]);
    expect(() => faults.inject({ method: 'batch', kind: 'nosuch' as 'stall' })).toThrow(/Unknown kind/);
  });
});
