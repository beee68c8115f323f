import { describe, expect, it } from '@jest/globals';
import { OutcomeUnknown, PortalUnauthorized, PortalUnreachable } from './errors.js';
import { type TokenGrant } from './oauth-client.js';
import { TokenKeeper, type StoredTokens, type TokenStore } from './token-keeper.js';

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

function setUp(): { disk: Disk; server: Server; keeper: TokenKeeper } {
  const disk = new Disk();
  const server = new Server();
  return { disk, server, keeper: new TokenKeeper(MEMBER, disk, server, 0) };
}

describe('TokenKeeper', () => {
  it('serves the stored token and address', async () => {
    const { keeper, disk } = setUp();
    expect(() => keeper.endpoint()).toThrow(/not loaded/);
    expect(await keeper.accessToken()).toBe('access-1');
    expect(await keeper.accessToken()).toBe('access-1');
    expect(keeper.endpoint()).toBe(ENDPOINT);
    expect(disk.loads).toBe(1);
  });

  it('refreshes once for fifty callers with the same expired token', async () => {
    const { keeper, server } = setUp();
    const used = await keeper.accessToken();
    const renewed = await Promise.all(Array.from({ length: 50 }, () => keeper.renew(used)));
    expect(new Set(renewed)).toEqual(new Set(['access-2']));
    expect(server.asked).toEqual(['refresh-1']);
    // One that comes late with the old token gets the current one.
    expect(await keeper.renew(used)).toBe('access-2');
    expect(server.asked).toHaveLength(1);
    expect(keeper.endpoint()).toBe('https://acme2.bitrix24.com/rest/');

    expect(await keeper.renew('access-2')).toBe('access-3');
    expect(server.asked).toEqual(['refresh-1', 'refresh-2']);
  });

  it('fails for all of them together, and may be asked again', async () => {
    const { keeper, server } = setUp();
    server.faults = ['unreachable'];
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => keeper.renew('access-1')));
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(server.asked).toHaveLength(1);
    expect(await keeper.renew('access-1')).toBe('access-2');
  });

  it('uses a new pair only once it is stored, and never loses one that was not', async () => {
    const { keeper, server, disk } = setUp();
    disk.broken = true;
    await expect(keeper.renew('access-1')).rejects.toThrow('disk full');
    expect(await keeper.accessToken()).toBe('access-1');
    await expect(keeper.renew('access-1')).rejects.toThrow('disk full');
    disk.broken = false;
    expect(await keeper.renew('access-1')).toBe('access-2');
    expect(disk.tokens).toMatchObject({ accessToken: 'access-2', refreshToken: 'refresh-2' });
    // The server would have refused a second refresh with the old token.
    expect(server.asked).toEqual(['refresh-1']);
  });

  it('tries the old refresh token once more when the answer was lost', async () => {
    const { keeper, server } = setUp();
    server.faults = ['before'];
    expect(await keeper.renew('access-1')).toBe('access-2');
    expect(server.asked).toEqual(['refresh-1', 'refresh-1']);
  });

  it('is unauthorized only when the server says so', async () => {
    const { keeper, server } = setUp();
    server.faults = ['before', 'before'];
    await expect(keeper.renew('access-1')).rejects.toMatchObject({ action: 'unknown-outcome' });
    expect(server.asked).toHaveLength(2);
    server.faults = ['after'];
    await expect(keeper.renew('access-1')).rejects.toMatchObject({ action: 'unauthorized' });
    expect(server.asked).toHaveLength(4);
  });

  it('takes over what another process renewed', async () => {
    const { keeper, server, disk } = setUp();
    await keeper.accessToken();
    disk.tokens = { accessToken: 'access-9', refreshToken: 'refresh-9', clientEndpoint: ENDPOINT };
    expect(await keeper.renew('access-1')).toBe('access-9');
    expect(server.asked).toEqual([]);
  });

  it('takes over what another process renewed at the same moment', async () => {
    const { keeper, server, disk } = setUp();
    server.valid = 'refresh-9';
    const renewing = keeper.renew('access-1');
    while (server.asked.length === 0) await tick();
    disk.tokens = { accessToken: 'access-9', refreshToken: 'refresh-9', clientEndpoint: ENDPOINT };
    expect(await renewing).toBe('access-9');
  });

  it('waits a moment for another process to store what it was granted', async () => {
    const { server, disk } = setUp();
    const keeper = new TokenKeeper(MEMBER, disk, server, 10_000);
    server.valid = 'refresh-9';
    const renewing = keeper.renew('access-1');
    while (disk.loads < 3) await tick();
    disk.tokens = { accessToken: 'access-9', refreshToken: 'refresh-9', clientEndpoint: ENDPOINT };
    expect(await renewing).toBe('access-9');
    expect(server.asked).toEqual(['refresh-1']);
  });

  it('takes no tokens of another portal', async () => {
    const { keeper, server, disk } = setUp();
    server.memberId = 'b'.repeat(32);
    await expect(keeper.renew('access-1')).rejects.toMatchObject({
      action: 'configuration',
      code: 'WRONG_PORTAL',
    });
    expect(disk.tokens.accessToken).toBe('access-1');
  });
});
