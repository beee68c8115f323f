import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type EmulatedPortal, type Emulator } from './index.js';
import { PortalCaller } from './fixtures/portal-caller.js';

describe('the users of a portal', () => {
  let emulator: Emulator;
  let portal: EmulatedPortal;
  let rest: PortalCaller;
  beforeEach(async () => {
    emulator = await startEmulator();
    portal = emulator.addPortal({ name: 'acme' });
    rest = new PortalCaller(emulator, portal);
  });
  afterEach(() => emulator.close());

  const control = async <T>(action: string, fields: Record<string, unknown>): Promise<T> => {
    const response = await fetch(`${emulator.url}/_control/portals/acme/${action}`, {
      method: 'POST',
      body: JSON.stringify(fields),
    });
    return (await response.json()) as T;
  };
  const refresh = async (refreshToken: string) => {
    const { clientId, clientSecret } = emulator;
    const query = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: clientId,
      client_secret: clientSecret,
      refresh_token: refreshToken,
    });
    const response = await fetch(`${emulator.url}/oauth/token/?${query.toString()}`);
    return (await response.json()) as { access_token: string; refresh_token: string; user_id: number };
  };

  it('have tokens that may do what each of them may, and that stay theirs when they are renewed', async () => {
    const user = portal.addUser();
    const first = await refresh(portal.issueRefreshToken(user));
    const second = await refresh(first.refresh_token);
    for (const { access_token: token, user_id: id } of [first, second]) {
      expect(id).toBe(user);
      rest.use(token);
      expect(await rest.call('event.offline.list')).toMatchObject({ status: 403, error: 'ACCESS_DENIED' });
      expect((await rest.call('app.info')).status).toBe(200);
    }
    // The other one's are what they were.
    rest.use(portal.issueAccessToken());
    expect((await rest.call('event.offline.list')).status).toBe(200);
    portal.setAdministrator(true, user);
    rest.use(second.access_token);
    expect((await rest.call('event.offline.list')).status).toBe(200);
  });

  it('are made and changed over HTTP as well', async () => {
    const { userId } = await control<{ userId: number }>('users', { administrator: false });
    expect(userId).toBe(2);
    const { accessToken } = await control<{ accessToken: string }>('access-token', { user: userId });
    rest.use(accessToken);
    expect((await rest.call('event.offline.list')).error).toBe('ACCESS_DENIED');
    await control('administrator', { administrator: true, user: userId });
    expect((await rest.call('event.offline.list')).status).toBe(200);
    expect(await control('refresh-token', { user: 7 })).toEqual({ error: 'There is no user 7' });
  });
});
