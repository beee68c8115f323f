import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { json } from '../cli/command-line.js';
import { Authority } from '../support/certificates.js';
import { HttpProxy } from '../support/http-proxy.js';
import { OwnPortal } from '../support/own-portal.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';

const LOGIN = 'bridge:se@cret-of-the-proxy';
const IN_ADDRESS = 'bridge:se%40cret-of-the-proxy@';
const SECRETS = ['se@cret-of-the-proxy', 'se%40cret-of-the-proxy', Buffer.from(LOGIN).toString('base64')];

interface Diagnosis {
  readonly findings: readonly { subject: string; verdict: string; text: string }[];
}

describe('a bridge behind a proxy', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const openProxy = async () => {
    const proxy = await HttpProxy.open({ login: LOGIN });
    closing.push(() => proxy.close());
    return proxy;
  };
  const drained = async (system: TestSystem) => {
    system.push(1, 3);
    await until('three events', () => system.downstream.received.length >= 3);
  };
  const keepsItsSecrets = (text: string) => {
    for (const secret of SECRETS) expect(text).not.toContain(secret);
  };

  describe('of http', () => {
    let proxy: HttpProxy;
    let system: TestSystem;
    beforeAll(async () => {
      proxy = await HttpProxy.open({ login: LOGIN });
      system = await TestSystem.prepare({
        emulator: { authorizationServers: ['past'] },
        settings: { HTTP_PROXY: `http://${IN_ADDRESS}${proxy.host}`, LOG_LEVEL: 'debug' },
      });
      const past = new URL(system.emulator.authorizationServer('past').url);
      system.bridge.settings['NO_PROXY'] = `past.localhost,${past.host}`;
      system.bridge.start();
      await system.downstream.start();
      await until('bindings', () => system.portal.bindings().length >= 3);
    });
    afterAll(async () => {
      await system.close();
      await proxy.close();
    });

    it('reaches http portals and their authorization server through it, and says so', async () => {
      await drained(system);
      const asked = proxy.asked.map(({ line }) => line);
      expect(asked.some((line) => line.includes(`${system.emulator.url}/oauth/token/`))).toBe(true);
      expect(asked.some((line) => /^POST http:\/\/\S+\/rest\/batch/.test(line))).toBe(true);
      const way = await system.bridge.logged('outbound.way');
      expect(way.message['httpProxy']).toBe(`http://${proxy.host}`);

      const before = proxy.asked.length;
      const doctor = await json<Diagnosis>(system.bridge, ['doctor']);
      expect(doctor.findings.filter(({ subject }) => ['proxy', 'oauth'].includes(subject))).toEqual([
        { subject: 'proxy', verdict: 'note', text: expect.stringContaining(`http://${proxy.host}`) },
        // One for each authorization server.
        { subject: 'oauth', verdict: 'ok', text: expect.anything() },
        { subject: 'oauth', verdict: 'ok', text: expect.anything() },
      ]);
      expect(proxy.asked.length).toBeGreaterThan(before);
      keepsItsSecrets(JSON.stringify(doctor) + system.bridge.output);
    }, 120_000);

    it('goes past it where NO_PROXY says so', async () => {
      const { emulator } = system;
      const before = proxy.asked.length;
      const own = await OwnPortal.installed(system, { name: 'past', authorizationServer: 'past' });
      own.push(1, 3);
      await until('three events', () => own.delivered().size === 3);
      expect(emulator.authorizationServer('past').asked.length).toBeGreaterThan(0);
      const lines = proxy.asked.slice(before).map(({ line }) => line);
      const { url } = emulator.authorizationServer('past');
      expect(lines.filter((line) => line.includes('past.localhost') || line.includes(`${url}/`))).toEqual([]);
    }, 120_000);
  });

  it('reaches https ones through tunnels of it, with an authority of .env, and says so', async () => {
    const authority = Authority.make();
    const folder = mkdtempSync(join(tmpdir(), 'authority-'));
    closing.push(() => Promise.resolve(rmSync(folder, { recursive: true })));
    const caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, authority.cert);
    // TLS for the emulator, which has none itself; it learns where the emulator listens when it does.
    let behind = 0;
    const gate = createServer(authority.for('gate.localhost'));
    gate.removeAllListeners('secureConnection');
    gate.on('secureConnection', (secure) => {
      const plain = connect(behind, '127.0.0.1');
      secure.on('error', () => plain.destroy());
      plain.on('error', () => secure.destroy());
      secure.pipe(plain).pipe(secure);
    });
    await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
    closing.push(() => Promise.resolve(gate.close()));
    const gateHost = `gate.localhost:${(gate.address() as AddressInfo).port}`;
    const proxy = await openProxy();
    const system = await TestSystem.prepare({
      emulator: { publicUrl: `https://${gateHost}`, endpointStyle: 'path' },
      settings: {
        B24_OAUTH_URL: `https://${gateHost}`,
        B24_ALLOW_HTTP: 'false',
        https_proxy: `http://${IN_ADDRESS}${proxy.host}`,
        NODE_EXTRA_CA_CERTS: '',
        LOG_LEVEL: 'debug',
      },
    });
    closing.push(() => system.close());
    behind = system.emulator.port;
    writeFileSync(join(system.bridge.databaseFile, '../.env'), `NODE_EXTRA_CA_CERTS=${caFile}\n`);
    system.bridge.start();
    await until('bindings', () => system.portal.bindings().length >= 3);
    await system.downstream.start();
    await drained(system);
    expect(new Set(proxy.asked.map(({ line }) => line))).toEqual(new Set([`CONNECT ${gateHost}`]));
    expect((await system.bridge.logged('outbound.way')).message).toMatchObject({
      httpsProxy: `http://${proxy.host}`,
      extraCertificates: caFile,
    });
    const doctor = await json<Diagnosis>(system.bridge, ['doctor']);
    expect(doctor.findings).toContainEqual({
      subject: 'proxy',
      verdict: 'ok',
      text: `http://${proxy.host} (HTTPS_PROXY) leads to ${gateHost}`,
    });
    keepsItsSecrets(JSON.stringify(doctor) + system.bridge.output);
  }, 120_000);
});
