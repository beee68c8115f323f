import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type EmulatedPortal, type Emulator } from './index.js';
import { readBody } from './http-answer.js';
import { phpValue } from './php.js';
import { parseStr } from './php-query.js';
import { PortalCaller } from './fixtures/portal-caller.js';
import { TestClock } from './fixtures/test-clock.js';

interface Posted {
  type: string | undefined;
  body: string;
  form: { event: string; auth: Record<string, string>; data: unknown };
}

describe('notifications', () => {
  let clock: TestClock;
  let emulator: Emulator;
  let portal: EmulatedPortal;
  let receiver: Server;
  let handler: string;
  let posted: Posted[];

  beforeEach(async () => {
    clock = new TestClock();
    posted = [];
    receiver = createServer((request, response) => {
      void readBody(request).then((body) => {
        const form = phpValue(parseStr(body)) as Posted['form'];
        posted.push({ type: request.headers['content-type'], body, form });
        response.end('ok');
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    handler = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/bitrix24/events`;
    emulator = await startEmulator({ now: clock.now });
    portal = emulator.addPortal({ name: 'acme', memberId: 'm1' });
    portal.bind('ONX');
  });

  afterEach(async () => {
    await emulator.close();
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
  });

  async function change(): Promise<number> {
    portal.push({ event: 'ONX', data: { FIELDS: { ID: '1' } } });
    await portal.notified();
    return posted.length;
  }

  function onlyForm(): Posted['form'] {
    const [first, ...rest] = posted;
    if (!first || rest.length > 0) throw new Error(`One notification expected, got ${posted.length}`);
    return first.form;
  }

  it('notifies of a changed queue, without its data, at most once in minTimeout seconds', async () => {
    const rest = new PortalCaller(emulator, portal);
    expect(await change()).toBe(0);
    const options = { minTimeout: 5 };
    await rest.call('event.bind', { event: 'ONOFFLINEEVENT', handler, options });

    expect(await change()).toBe(1);
    expect(await change()).toBe(1);
    clock.forward(4.9);
    expect(await change()).toBe(1);
    clock.forward(0.1);
    expect(await change()).toBe(2);

    const [first] = posted;
    expect(first?.type).toBe('application/x-www-form-urlencoded');
    expect(first?.body).toContain('auth%5Bmember_id%5D=m1');
    expect(first?.form).toMatchObject({
      event: 'ONOFFLINEEVENT',
      data: '',
      auth: {
        domain: portal.domain,
        member_id: 'm1',
        application_token: portal.applicationToken,
        client_endpoint: portal.clientEndpoint,
        server_endpoint: `${emulator.url}/rest/`,
        status: 'L',
        expires_in: '3600',
        scope: 'crm',
      },
    });
    expect(first?.body).not.toContain('FIELDS');
  });

  it('carries no tokens for a change that no user made', async () => {
    portal.bindNotification(handler);
    portal.push({ event: 'ONX', data: 1, userId: null });
    await portal.notified();
    const { event, auth } = onlyForm();
    expect(event).toBe('ONOFFLINEEVENT');
    expect(auth).toEqual({
      domain: portal.domain,
      member_id: 'm1',
      application_token: portal.applicationToken,
    });
  });

  it('notifies of a change by a REST call to those who hear of it', async () => {
    portal.bind('ONCRMDEALADD');
    portal.bindNotification(handler);
    const rest = new PortalCaller(emulator, portal);
    await rest.call('crm.deal.add');
    await portal.notified();
    expect(posted).toEqual([]);
    rest.use(portal.accessTokenOfOther());
    await rest.call('crm.deal.add');
    await portal.notified();
    expect(onlyForm().event).toBe('ONOFFLINEEVENT');
  });

  it('says nothing of changes that did not enter the queue', async () => {
    portal.bindNotification(handler);
    portal.push({ event: 'ONNOTBOUND', data: 1 });
    await portal.notified();
    expect(posted).toEqual([]);
  });

  it('brings working tokens with an installation, which drops every binding', async () => {
    portal.bindNotification(handler);
    expect(await portal.install(handler)).toMatchObject({ event: 'ONAPPINSTALL', status: 200 });
    expect(portal.bindings()).toEqual([]);
    const { event, auth } = onlyForm();
    expect(event).toBe('ONAPPINSTALL');
    expect(auth['application_token']).toBe(portal.applicationToken);
    const rest = new PortalCaller(emulator, portal);
    rest.use(auth['access_token'] ?? '');
    expect((await rest.call('event.get')).status).toBe(200);
    const query = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: emulator.clientId,
      client_secret: emulator.clientSecret,
      refresh_token: auth['refresh_token'] ?? '',
    });
    const exchanged = await fetch(`${emulator.url}/oauth/token/?${query.toString()}`);
    expect(await exchanged.json()).toMatchObject({ member_id: 'm1' });
  });

  it('carries no tokens with a removal, which revokes the old ones', async () => {
    const rest = new PortalCaller(emulator, portal);
    await portal.uninstall(handler);
    const { event, auth } = onlyForm();
    expect(event).toBe('ONAPPUNINSTALL');
    expect(Object.keys(auth).sort()).toEqual([
      'application_token',
      'client_endpoint',
      'domain',
      'member_id',
      'server_endpoint',
      'status',
    ]);
    expect(await rest.call('event.get')).toMatchObject({ error: 'invalid_token' });
    expect(portal.bindings()).toEqual([]);
  });

  it('remembers a handler that could not be reached', async () => {
    const answer = await portal.install('http://127.0.0.1:1/nobody');
    expect(answer.status).toBeNull();
    expect(answer.error).toMatch(/ECONNREFUSED/);
    expect(portal.notifications).toEqual([answer]);
  });
});
