import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type PortalError, PortalUnreachable, RequestCancelled } from '../../src/bitrix24/errors.js';
import { type HttpRequest, sendRequest } from '../../src/bitrix24/send-request.js';
import { OutboundHttp, OutboundRoutes, type OutboundSettings } from '../../src/bitrix24/outbound-routes.js';
import { Authority, type Certified } from '../support/certificates.js';
import { HttpProxy, type HttpProxyOptions } from '../support/http-proxy.js';
import { until } from '../support/until.js';

const LOGIN = 'bridge:se@cret';
const IN_ADDRESS = 'bridge:se%40cret@';

describe('a request', () => {
  let authority: Authority;
  let acme: Certified;
  let folder: string;
  let caFile: string;
  let calls: {
    host: string | undefined;
    url: string | undefined;
    body: string;
    proxyAuthorization: unknown;
  }[];
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'way-out-'));
    caFile = join(folder, 'ca.pem');
    authority = Authority.make();
    acme = authority.for('acme.localhost');
    writeFileSync(caFile, `# ours\n${authority.cert}`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach(() => {
    calls = [];
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** A portal that remembers its calls; its port. */
  const portal = async (certified: Certified | null): Promise<number> => {
    const server = certified === null ? createServer() : createSecureServer(certified);
    server.on('request', (request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const proxyAuthorization = request.headers['proxy-authorization'];
        calls.push({ host: request.headers.host, url: request.url, body, proxyAuthorization });
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"result":true}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as AddressInfo).port;
  };
  const proxyWith = async (options: HttpProxyOptions = {}): Promise<HttpProxy> => {
    const proxy = await HttpProxy.open(options);
    closing.push(() => proxy.close());
    return proxy;
  };
  const client = (settings: OutboundSettings) => {
    const http = new OutboundHttp(new OutboundRoutes(settings));
    return (url: string, more: Partial<HttpRequest> = {}) =>
      sendRequest(http, {
        name: 'event.offline.get',
        verb: 'POST',
        url,
        body: '{"auth":"an-access-token"}',
        timeoutMs: 10_000,
        connection: 'kept',
        limits: { bytes: 10_000, values: 1000, depth: 100 },
        ...more,
      });
  };
  const failure = async (answer: Promise<unknown>): Promise<PortalError> => {
    const error: unknown = await answer.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(PortalUnreachable);
    expect((error as Error).message).not.toMatch(/se@cret|se%40cret|bridge:/);
    return error as PortalError;
  };

  it('to https goes through a tunnel of the proxy, which is kept and shows it nothing', async () => {
    const port = await portal(acme);
    const proxy = await proxyWith({ login: LOGIN });
    const send = client({ HTTPS_PROXY: `http://${IN_ADDRESS}${proxy.host}`, NODE_EXTRA_CA_CERTS: caFile });
    const url = `https://acme.localhost:${port}/rest/event.offline.get`;
    for (let count = 0; count < 3; count += 1) {
      expect(await send(url)).toEqual({ status: 200, body: { result: true } });
    }
    expect(proxy.asked).toEqual([
      {
        line: `CONNECT acme.localhost:${port}`,
        authorization: `Basic ${Buffer.from(LOGIN).toString('base64')}`,
      },
    ]);
    expect(await send(url, { connection: 'fresh' })).toMatchObject({ status: 200 });
    expect(proxy.asked).toHaveLength(2);
    expect(calls).toHaveLength(4);
    expect(calls[0]).toEqual({
      host: `acme.localhost:${port}`,
      url: '/rest/event.offline.get',
      body: '{"auth":"an-access-token"}',
      proxyAuthorization: undefined,
    });
  });

  it('to http goes to the proxy with its whole address', async () => {
    const port = await portal(null);
    const proxy = await proxyWith({ login: LOGIN });
    const send = client({ HTTP_PROXY: `${IN_ADDRESS}${proxy.host}` });
    const url = `http://acme.localhost:${port}/rest/event.offline.get?a=b`;
    for (let count = 0; count < 2; count += 1) expect(await send(url)).toMatchObject({ status: 200 });
    expect(proxy.asked.map(({ line }) => line)).toEqual([`POST ${url}`, `POST ${url}`]);
    expect(calls[0]).toMatchObject({
      host: `acme.localhost:${port}`,
      url: '/rest/event.offline.get?a=b',
      body: '{"auth":"an-access-token"}',
      proxyAuthorization: undefined,
    });
  });

  it('goes through a proxy that is reached by TLS itself, whose certificate has to name it', async () => {
    const secured = await portal(acme);
    const plain = await portal(null);
    const proxy = await proxyWith({ tls: authority.for('proxy.localhost') });
    const address = `https://proxy.localhost:${new URL(`http://${proxy.host}`).port}`;
    const send = client({ HTTPS_PROXY: address, HTTP_PROXY: address, NODE_EXTRA_CA_CERTS: caFile });
    expect(await send(`https://acme.localhost:${secured}/rest/`)).toMatchObject({ status: 200 });
    expect(await send(`http://acme.localhost:${plain}/rest/`)).toMatchObject({ status: 200 });
    expect(proxy.asked).toHaveLength(2);

    const stranger = await failure(
      client({ HTTPS_PROXY: address })(`https://acme.localhost:${secured}/rest/`),
    );
    expect(stranger.message).toContain(`the proxy ${address} cannot be reached`);
    expect(stranger.message).toContain('NODE_EXTRA_CA_CERTS');
  });

  it('goes directly where NO_PROXY says so, and where there is no proxy for its scheme', async () => {
    const port = await portal(null);
    const proxy = await proxyWith({ refuse: 403 });
    const url = `http://acme.localhost:${port}/rest/`;
    const address = `http://${proxy.host}`;
    expect(await client({ HTTP_PROXY: address, NO_PROXY: ['.localhost'] })(url)).toMatchObject({
      status: 200,
    });
    expect(await client({ HTTPS_PROXY: address })(url)).toMatchObject({ status: 200 });
    expect(proxy.asked).toEqual([]);
  });

  it.each([
    [407, 'user and password'],
    [403, 'does not permit'],
    [502, 'cannot reach'],
    [302, 'does not permit'],
  ])('that the proxy answers %d has not been sent, and its error names the proxy', async (status, why) => {
    const port = await portal(acme);
    const proxy = await proxyWith({ refuse: status });
    const send = client({ HTTPS_PROXY: `http://${IN_ADDRESS}${proxy.host}` });
    const error = await failure(send(`https://acme.localhost:${port}/rest/`));
    expect(error).toMatchObject({ code: 'PROXY_REFUSED', executed: 'no' });
    expect(error.message).toContain(
      `the proxy http://${proxy.host} answered ${status} for acme.localhost:${port}`,
    );
    expect(error.message).toContain(why);
    await until('nothing is left open', () => proxy.connections === 0);
    expect(calls).toEqual([]);
  });

  it('to http that the proxy wants another password for has not been sent on', async () => {
    const proxy = await proxyWith({ login: LOGIN });
    const send = client({ HTTP_PROXY: `http://bridge:wrong@${proxy.host}` });
    const error = await failure(send('http://acme.localhost/rest/'));
    expect(error.message).toContain(`the proxy http://${proxy.host} answered 407 for acme.localhost`);
  });

  it('has not been sent where the proxy is not there', async () => {
    const proxy = await HttpProxy.open();
    const address = `http://${IN_ADDRESS}${proxy.host}`;
    await proxy.close();
    const send = client({ HTTPS_PROXY: address, HTTP_PROXY: address });
    const secured = await failure(send('https://acme.localhost/rest/'));
    expect(secured.message).toContain(`the proxy http://${proxy.host} cannot be reached: ECONNREFUSED`);
    const plain = await failure(send('http://acme.localhost/rest/'));
    expect(plain.message).toContain(`through the proxy http://${proxy.host}`);
    expect(plain.code).toBe('ECONNREFUSED');
  });

  it('waits no longer for a proxy that never answers than for a portal, and leaves nothing open', async () => {
    const proxy = await proxyWith({ silent: true });
    const send = client({ HTTPS_PROXY: `http://${proxy.host}` });
    const startedAt = performance.now();
    for (const connection of ['kept', 'fresh'] as const) {
      const error = await failure(send('https://acme.localhost/rest/', { timeoutMs: 200, connection }));
      expect(error.code).toBe('TIMEOUT');
      expect(error.message).toContain(`through the proxy http://${proxy.host}`);
    }
    expect(performance.now() - startedAt).toBeLessThan(5000);
    await until('nothing is left open', () => proxy.connections === 0);

    const cut = new AbortController();
    const waiting = failure(send('https://acme.localhost/rest/', { cut: cut.signal }));
    await until('the proxy is asked', () => proxy.connections === 1);
    cut.abort();
    expect((await waiting).code).toBe('CUT_OFF');
    await until('nothing is left open', () => proxy.connections === 0);
  });

  it('is not sent through a tunnel where it is not permitted any more by then', async () => {
    const port = await portal(acme);
    const proxy = await proxyWith();
    const send = client({ HTTPS_PROXY: `http://${proxy.host}`, NODE_EXTRA_CA_CERTS: caFile });
    const answer = send(`https://acme.localhost:${port}/rest/`, { permitted: () => false });
    await expect(answer).rejects.toBeInstanceOf(RequestCancelled);
    expect(proxy.asked).toHaveLength(1);
    expect(calls).toEqual([]);
  });

  describe('to a server with a certificate', () => {
    const tell = async (certified: Certified, settings: OutboundSettings = {}) => {
      const port = await portal(certified);
      const url = `https://acme.localhost:${port}/rest/`;
      const proxy = await proxyWith();
      const direct = await failure(client(settings)(url));
      const tunnelled = await failure(client({ ...settings, HTTPS_PROXY: `http://${proxy.host}` })(url));
      expect(tunnelled.code).toBe(direct.code);
      expect(tunnelled.message).toContain(`through the proxy http://${proxy.host}`);
      expect(calls).toEqual([]);
      return direct.message;
    };

    it('of an unknown authority says that NODE_EXTRA_CA_CERTS names such', async () => {
      expect(await tell(acme)).toMatch(/UNABLE_TO_VERIFY_LEAF_SIGNATURE .*NODE_EXTRA_CA_CERTS/);
      const chain = { key: acme.key, cert: acme.cert + authority.cert };
      expect(await tell(chain)).toMatch(/SELF_SIGNED_CERT_IN_CHAIN .*NODE_EXTRA_CA_CERTS/);
      expect(await tell(Authority.selfSigned('acme.localhost'))).toMatch(
        /DEPTH_ZERO_SELF_SIGNED_CERT .*NODE_EXTRA_CA_CERTS/,
      );
    });

    it('that has expired, or is for another name, says so', async () => {
      const trusting = { NODE_EXTRA_CA_CERTS: caFile };
      expect(await tell(authority.for('acme.localhost', -1), trusting)).toMatch(/CERT_HAS_EXPIRED .*expired/);
      expect(await tell(authority.for('other.localhost'), trusting)).toMatch(
        /ERR_TLS_CERT_ALTNAME_INVALID .*another name/,
      );
    });

    it('of an authority of the file, or signed by itself and in the file, is trusted', async () => {
      const port = await portal(acme);
      const send = client({ NODE_EXTRA_CA_CERTS: caFile });
      expect(await send(`https://acme.localhost:${port}/rest/`)).toMatchObject({ status: 200 });
      const own = Authority.selfSigned('acme.localhost');
      const file = join(folder, 'own.pem');
      writeFileSync(file, own.cert);
      const ownPort = await portal(own);
      const trusting = client({ NODE_EXTRA_CA_CERTS: file });
      expect(await trusting(`https://acme.localhost:${ownPort}/rest/`)).toMatchObject({ status: 200 });
    });
  });
});
