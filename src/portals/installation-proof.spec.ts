import { describe, expect, it } from '@jest/globals';
import { OutcomeUnknown, PortalMisconfigured, PortalUnauthorized } from '../bitrix24/errors.js';
import { type TokenGrant } from '../bitrix24/oauth-client.js';
import { InstallationProof, InstallationRefuted, ProofUnavailable } from './installation-proof.js';

const GRANT: TokenGrant = {
  accessToken: 'access',
  refreshToken: 'refresh',
  expiresAt: 0,
  clientEndpoint: 'https://acme.bitrix24.com/rest/',
  authorizationServer: 'oauth.bitrix.info',
  memberId: 'a'.repeat(32),
  scope: '',
  userId: null,
  status: 'L',
};
const details = (code: string) => ({ method: 'oauth/token', code, status: 400 });
const tick = () => new Promise((resolve) => setImmediate(resolve));

/** An authorization server whose answers the test gives. */
class Server {
  readonly asked: string[] = [];
  readonly pending = new Map<string, { grant: () => void; fail: (error: Error) => void }>();
  most = 0;

  refresh(token: string): Promise<TokenGrant> {
    this.asked.push(token);
    return new Promise((resolve, reject) => {
      const end = () => this.pending.delete(token);
      this.pending.set(token, {
        grant: () => (end(), resolve(GRANT)),
        fail: (error) => (end(), reject(error)),
      });
      this.most = Math.max(this.most, this.pending.size);
    });
  }
}

describe('the proof of an installation', () => {
  it('asks for few at a time, lets some wait and sends the others away', async () => {
    const server = new Server();
    const proof = new InstallationProof(server, { inFlight: 4, waiting: 6, refuted: 10 });
    const proofs = Array.from({ length: 100 }, (_, index) => proof.prove(`t${index}`));
    const outcomes = Promise.allSettled(proofs);
    for (let answered = 0; answered < 10; answered += 1) {
      await tick();
      [...server.pending.values()][0]?.grant();
    }
    const results = await outcomes;
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    for (const result of results.slice(10)) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(ProofUnavailable) });
    }
    expect(server.asked).toHaveLength(10);
    expect(server.most).toBe(4);
    // Afterwards there is room again.
    const later = proof.prove('later');
    await tick();
    server.pending.get('later')?.grant();
    await expect(later).resolves.toBe(GRANT);
  });

  it('is one for all who bring the same token at the same time', async () => {
    const server = new Server();
    const proof = new InstallationProof(server);
    const proofs = [proof.prove('t'), proof.prove('t'), proof.prove('t')];
    await tick();
    server.pending.get('t')?.grant();
    await expect(Promise.all(proofs)).resolves.toEqual([GRANT, GRANT, GRANT]);
    expect(server.asked).toEqual(['t']);
  });

  it('remembers what was refuted, for as many as it may, and only a clear no', async () => {
    const server = new Server();
    const proof = new InstallationProof(server, { inFlight: 4, waiting: 4, refuted: 2 });
    const refused = async (token: string, error: Error) => {
      const asked = server.asked.length;
      const outcome = proof.prove(token).catch((reason: unknown) => reason);
      await tick();
      server.pending.get(token)?.fail(error);
      return { outcome: await outcome, asked: server.asked.length - asked };
    };
    const no = new PortalUnauthorized(details('invalid_grant'));
    expect(await refused('a', no)).toMatchObject({ outcome: expect.any(InstallationRefuted), asked: 1 });
    expect(await refused('a', no)).toMatchObject({ outcome: expect.any(InstallationRefuted), asked: 0 });
    for (const token of ['b', 'c']) await refused(token, no);
    expect((await refused('a', no)).asked).toBe(1);
    expect((await refused('c', no)).asked).toBe(0);

    const ourKeys = new PortalMisconfigured(details('invalid_client'));
    const moved = new PortalMisconfigured({ ...details('REDIRECTED'), executed: 'unknown' });
    const lost = new OutcomeUnknown(details('TIMEOUT'));
    for (let time = 0; time < 2; time += 1) {
      expect(await refused('d', ourKeys)).toMatchObject({
        outcome: expect.any(InstallationRefuted),
        asked: 1,
      });
      expect(await refused('e', moved)).toMatchObject({ outcome: expect.any(ProofUnavailable), asked: 1 });
      expect(await refused('f', lost)).toMatchObject({ outcome: expect.any(ProofUnavailable), asked: 1 });
    }
  });

  const from = (network: string, memberId: string, recognised = false) => ({
    path: [network, memberId],
    memberId,
    recognised,
  });
  const LIMITS = { inFlight: 2, waiting: 10, refuted: 10 };

  it('takes turns among those who wait, by where they come from', async () => {
    const server = new Server();
    const proof = new InstallationProof(server, LIMITS);
    const proofs = ['f1', 'f2', 'f3', 'f4', 'f5'].map((token) =>
      proof.prove(token, {}, from('flood', token)),
    );
    proofs.push(proof.prove('genuine', {}, from('elsewhere', 'm')));
    await tick();
    expect(server.asked).toEqual(['f1', 'f2']);
    server.pending.get('f1')?.grant();
    await tick();
    server.pending.get('f2')?.grant();
    await tick();
    expect(server.asked).toContain('genuine');
    while (server.pending.size > 0) {
      for (const { grant } of server.pending.values()) grant();
      await tick();
    }
    await Promise.all(proofs);
  });

  it('has portals that are known wait for no others', async () => {
    const server = new Server();
    const proof = new InstallationProof(server, LIMITS);
    const forged = Array.from({ length: 12 }, (_, n) => proof.prove(`f${n}`, {}, from('flood', `m${n}`)));
    const outcomes = Promise.allSettled(forged);
    void proof.prove('known', {}, from('flood', 'm', true)).catch(() => undefined);
    await tick();
    expect(server.asked).toEqual(['f0', 'f1', 'known']);
    while (server.pending.size > 0) {
      for (const { grant } of server.pending.values()) grant();
      await tick();
    }
    await outcomes;
  });

  it('asks for one claimed portal no more often at once than it may, and for others meanwhile', async () => {
    const server = new Server();
    const proof = new InstallationProof(server, { ...LIMITS, inFlight: 3, inFlightOfMember: 1 });
    const all = ['v1', 'v2', 'v3'].map((token, n) => proof.prove(token, {}, from(`n${n}`, 'victim')));
    all.push(proof.prove('o1', {}, from('n9', 'other')));
    await tick();
    expect(server.asked).toEqual(['v1', 'o1']);
    server.pending.get('v1')?.grant();
    await tick();
    expect(server.asked).toEqual(['v1', 'o1', 'v2']);
    while (server.pending.size > 0) {
      for (const { grant } of server.pending.values()) grant();
      await tick();
    }
    await Promise.all(all);
  });

  it('lets few come to nothing in a time; what succeeds does not count', async () => {
    const server = new Server();
    const futile = { atOnce: 2, perSecond: 0.001 };
    const proof = new InstallationProof(server, { ...LIMITS, inFlight: 4, futile });
    const good = proof.prove('good');
    const bad = proof.prove('bad').catch((error: unknown) => error);
    void proof.prove('next').catch(() => undefined);
    await tick();
    expect(server.asked).toEqual(['good', 'bad']);
    server.pending.get('bad')?.fail(new PortalUnauthorized(details('invalid_grant')));
    expect(await bad).toBeInstanceOf(InstallationRefuted);
    await tick();
    expect(server.asked).toEqual(['good', 'bad']);
    server.pending.get('good')?.grant();
    await good;
    await tick();
    expect(server.asked).toEqual(['good', 'bad', 'next']);
  });
});
