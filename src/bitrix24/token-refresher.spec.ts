import { describe, expect, it } from '@jest/globals';
import { OutcomeUnknown, PortalUnauthorized, PortalUnreachable } from './errors.js';
import { type TokenGrant } from './oauth-client.js';
import { TokenRefresher, type StoredTokens, type TokenStore } from './token-refresher.js';

const MEMBER = 'a223c6b3710f85df22e9377d6c4f7553';
const ENDPOINT = 'https://acme.bitrix24.com/rest/';
const invalidGrant = (): Error =>
  new PortalUnauthorized({ method: 'oauth/token', code: 'invalid_grant', status: 400 });
const lost = (): Error => new OutcomeUnknown({ method: 'oauth/token', code: 'TIMEOUT' });
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Tokens on disk: what was saved is all that another process would find. */
class Disk implements TokenStore {
  tokens: StoredTokens = { accessToken: 'access-1', refreshToken: 'refresh-1', clientEndpoint: ENDPOINT };
  loads = 0;
  broken = false;

  async load(): Promise<StoredTokens> {
    this.loads += 1;
    await tick();
    return this.tokens;
  }
  async save(grant: TokenGrant): Promise<void> {
    await tick();
    if (this.broken) throw new Error('disk full');
    this.tokens = {
      accessToken: grant.accessToken,
      refreshToken: grant.refreshToken,
      clientEndpoint: grant.clientEndpoint,
    };
  }
}

/** An authorization server that takes each refresh token once. */
class Server {
  valid = 'refresh-1';
  asked: string[] = [];
  grants = 1;
  memberId = MEMBER;
  /** Faults of the next refreshes: lost before or after the server took the token. */
  faults: ('before' | 'after' | 'unreachable')[] = [];

  async refresh(refreshToken: string): Promise<TokenGrant> {
    this.asked.push(refreshToken);
    await tick();
    const fault = this.faults.shift();
    if (fault === 'unreachable') throw new PortalUnreachable({ method: 'oauth/token', code: 'ECONNREFUSED' });
    if (fault === 'before') throw lost();
    if (refreshToken !== this.valid) throw invalidGrant();
    this.grants += 1;
    this.valid = `refresh-${this.grants}`;
    if (fault === 'after') throw lost();
    return {
      accessToken: `access-${this.grants}`,
      refreshToken: this.valid,
      expiresAt: 0,
      clientEndpoint: ENDPOINT.replace('acme', `acme${this.grants}`),
      authorizationServer: 'oauth.bitrix.info',
      memberId: this.memberId,
      scope: '',
      userId: null,
      status: 'L',
    };
  }
}

function setUp(): { disk: Disk; server: Server; refresher: TokenRefresher } {
  const disk = new Disk();
  const server = new Server();
  return { disk, server, refresher: new TokenRefresher(MEMBER, disk, server, 0) };
}

describe('TokenRefresher', () => {
  it('serves the stored token and address', async () => {
    const { refresher, disk } = setUp();
    expect(() => refresher.endpoint()).toThrow(/not loaded/);
    expect(await refresher.accessToken()).toBe('access-1');
    expect(await refresher.accessToken()).toBe('access-1');
    expect(refresher.endpoint()).toBe(ENDPOINT);
    expect(disk.loads).toBe(1);
  });

  it('refreshes once for fifty callers with the same expired token', async () => {
    const { refresher, server } = setUp();
    const used = await refresher.accessToken();
    const renewed = await Promise.all(Array.from({ length: 50 }, () => refresher.renew(used)));
    expect(new Set(renewed)).toEqual(new Set(['access-2']));
    expect(server.asked).toEqual(['refresh-1']);
    // One that comes late with the old token gets the current one.
    expect(await refresher.renew(used)).toBe('access-2');
    expect(server.asked).toHaveLength(1);
    expect(refresher.endpoint()).toBe('https://acme2.bitrix24.com/rest/');

    expect(await refresher.renew('access-2')).toBe('access-3');
    expect(server.asked).toEqual(['refresh-1', 'refresh-2']);
  });

  it('fails for all of them together, and may be asked again', async () => {
    const { refresher, server } = setUp();
    server.faults = ['unreachable'];
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => refresher.renew('access-1')));
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(server.asked).toHaveLength(1);
    expect(await refresher.renew('access-1')).toBe('access-2');
  });

  it('uses a new pair only once it is stored, and never loses one that was not', async () => {
    const { refresher, server, disk } = setUp();
    disk.broken = true;
    await expect(refresher.renew('access-1')).rejects.toThrow('disk full');
    expect(await refresher.accessToken()).toBe('access-1');
    await expect(refresher.renew('access-1')).rejects.toThrow('disk full');
    disk.broken = false;
    expect(await refresher.renew('access-1')).toBe('access-2');
    expect(disk.tokens).toMatchObject({ accessToken: 'access-2', refreshToken: 'refresh-2' });
    // The server would have refused a second refresh with the old token.
    expect(server.asked).toEqual(['refresh-1']);
  });

  it('tries the old refresh token once more when the answer was lost', async () => {
    const { refresher, server } = setUp();
    server.faults = ['before'];
    expect(await refresher.renew('access-1')).toBe('access-2');
    expect(server.asked).toEqual(['refresh-1', 'refresh-1']);
  });

  it('is unauthorized only when the server says so', async () => {
    const { refresher, server } = setUp();
    server.faults = ['before', 'before'];
    await expect(refresher.renew('access-1')).rejects.toMatchObject({ action: 'unknown-outcome' });
    expect(server.asked).toHaveLength(2);
    server.faults = ['after'];
    await expect(refresher.renew('access-1')).rejects.toMatchObject({ action: 'unauthorized' });
    expect(server.asked).toHaveLength(4);
  });

  it('takes over what another process renewed', async () => {
    const { refresher, server, disk } = setUp();
    await refresher.accessToken();
    disk.tokens = { accessToken: 'access-9', refreshToken: 'refresh-9', clientEndpoint: ENDPOINT };
    expect(await refresher.renew('access-1')).toBe('access-9');
    expect(server.asked).toEqual([]);
  });

  it('takes over what another process renewed at the same moment', async () => {
    const { refresher, server, disk } = setUp();
    server.valid = 'refresh-9';
    const renewing = refresher.renew('access-1');
    while (server.asked.length === 0) await tick();
    disk.tokens = { accessToken: 'access-9', refreshToken: 'refresh-9', clientEndpoint: ENDPOINT };
    expect(await renewing).toBe('access-9');
  });

  it('waits a moment for another process to store what it was granted', async () => {
    const { server, disk } = setUp();
    const refresher = new TokenRefresher(MEMBER, disk, server, 10_000);
    server.valid = 'refresh-9';
    const renewing = refresher.renew('access-1');
    while (disk.loads < 3) await tick();
    disk.tokens = { accessToken: 'access-9', refreshToken: 'refresh-9', clientEndpoint: ENDPOINT };
    expect(await renewing).toBe('access-9');
    expect(server.asked).toEqual(['refresh-1']);
  });

  it('takes no tokens of another portal', async () => {
    const { refresher, server, disk } = setUp();
    server.memberId = 'b'.repeat(32);
    await expect(refresher.renew('access-1')).rejects.toMatchObject({
      action: 'configuration',
      code: 'WRONG_PORTAL',
    });
    expect(disk.tokens.accessToken).toBe('access-1');
  });
});
