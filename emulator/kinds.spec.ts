import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type Emulator } from './index.js';
import { PortalCaller, type BatchAnswer } from './fixtures/portal-caller.js';

describe('kinds of portals and applications', () => {
  let emulator: Emulator;
  beforeEach(async () => {
    emulator = await startEmulator();
  });
  afterEach(() => emulator.close());

  it('a self-hosted portal has both features, an answer of its own, whole seconds and no limit', async () => {
    const portal = emulator.addPortal({ name: 'own', selfHosted: true });
    const rest = new PortalCaller(emulator, portal);
    for (let count = 0; count < 60; count += 1) {
      const { status, result, body } = await rest.call('feature.get', { CODE: 'rest_offline_extended' });
      expect([status, result]).toEqual([200, { value: 'en_selfhosted' }]);
      const time = body['time'] as Record<string, unknown>;
      expect(Number.isInteger(time['start'])).toBe(true);
      expect(Object.keys(time).filter((field) => field.startsWith('operating'))).toEqual([]);
    }
    const params = { clear: 0, auth_connector: 'key' };
    expect(await rest.call('event.offline.get', params)).toMatchObject({ status: 200 });
  });

  it('feature.get answers what it is told, and the calls go by what is', async () => {
    const portal = emulator.addPortal({ name: 'odd', featureAnswer: 'N' });
    const rest = new PortalCaller(emulator, portal);
    const asked = () => rest.call('feature.get', { CODE: 'rest_offline_extended' });
    expect((await asked()).result).toEqual({ value: 'N' });
    expect((await rest.call('event.offline.get', { clear: 0 })).status).toBe(200);
    portal.setFeatures({ extended: false, answer: 'Y' });
    expect((await asked()).result).toEqual({ value: 'Y' });
    expect((await rest.call('event.offline.get', { clear: 0 })).error).toBe('WRONG_LICENSE');
  });

  it('an application with an interface hears of nothing until its installation is finished', async () => {
    const portal = emulator.addPortal({ name: 'page', interface: true });
    const rest = new PortalCaller(emulator, portal);
    portal.bind('ONCRMDEALADD');
    const happened = () => portal.push({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: '1' } } });
    expect((await rest.call('app.info')).result).toMatchObject({ INSTALLED: false, STATUS: 'L' });
    expect(happened()).toBeNull();
    portal.finishInstallation();
    expect((await rest.call('app.info')).result).toMatchObject({ INSTALLED: true });
    expect(happened()).toMatchObject({ merged: false });
  });

  it('posts to the page of an application in capitals, with the domain in the address', async () => {
    const heard: { url: string; form: URLSearchParams }[] = [];
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        heard.push({ url: request.url ?? '', form: new URLSearchParams(body) });
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const portal = emulator.addPortal({ name: 'page', interface: true });
    const { port } = server.address() as AddressInfo;
    expect(await portal.openInterface(`http://127.0.0.1:${port}/page`)).toMatchObject({ status: 200 });
    server.close();
    const [{ url, form }] = heard as [{ url: string; form: URLSearchParams }];
    expect(Object.fromEntries(new URL(url, 'http://x').searchParams)).toMatchObject({
      DOMAIN: portal.domain,
      PROTOCOL: '0',
    });
    expect(form.get('APPLICATION_TOKEN')).toBe(portal.applicationToken);
    expect(form.get('member_id')).toBe(portal.memberId);
    expect([...form.keys()]).toEqual(
      expect.arrayContaining(['AUTH_ID', 'AUTH_EXPIRES', 'REFRESH_ID', 'SERVER_ENDPOINT', 'status']),
    );
    expect(form.has('event')).toBe(false);
  });

  it("a database's error fails one command, which has done its work or not", async () => {
    const portal = emulator.addPortal({ name: 'sick' });
    const rest = new PortalCaller(emulator, portal);
    portal.push({ event: 'ONX', data: 1, force: true });
    const held = () => portal.rows().some((row) => row.PROCESS_ID !== '');
    const batch = async () => {
      const cmd = { before: 'event.get', get: 'event.offline.get?clear=0', after: 'event.get' };
      return (await rest.call<BatchAnswer>('batch', { cmd })).result;
    };
    const failed = { get: { error: 'ERROR_CORE', error_description: 'SQL query error!' } };
    portal.inject({ method: 'event.offline.get', kind: 'sql-error' });
    expect(await batch()).toMatchObject({ result: { before: [], after: [] }, result_error: failed });
    expect(held()).toBe(false);
    portal.inject({ method: 'event.offline.get', kind: 'sql-error', commit: true });
    expect(await batch()).toMatchObject({ result: { before: [], after: [] }, result_error: failed });
    expect(held()).toBe(true);
    portal.inject({ method: 'event.offline.list', kind: 'sql-error' });
    expect(await rest.call('event.offline.list')).toMatchObject({ status: 500, error: 'ERROR_CORE' });
  });
});
