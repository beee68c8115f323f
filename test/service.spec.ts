import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { asyncapiDocument } from '../src/contract/asyncapi.js';
import { BridgeProcess } from './support/bridge-process.js';
import { RABBITMQ_URL } from './support/test-bridge.js';
import { OwnPortal } from './support/own-portal.js';
import { startDist } from './support/programs.js';
import { TestSystem } from './support/test-system.js';
import { startProxyTo, startTcpProxy, type TcpProxy } from './support/tcp-proxy.js';
import { until } from './support/until.js';

describe('the service', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  // Beside the bundles of other tests, what users start is tried too.
  describe('as users start it', () => {
    let startBundles: () => void;
    let proxy: TcpProxy;
    let system: TestSystem;
    let installed: Promise<unknown> | null = null;
    beforeAll(async () => {
      startBundles = startDist();
      const through = await startProxyTo(RABBITMQ_URL);
      ({ proxy } = through);
      await proxy.refuse();
      system = await TestSystem.prepare({ settings: { LOG_LEVEL: 'debug', RABBITMQ_URL: through.url } });
      system.bridge.start();
    });
    afterAll(async () => {
      startBundles();
      await system.close();
      await proxy.close();
    });
    /** When there is a broker, which the service began without. */
    const complete = () =>
      (installed ??= (async () => {
        await system.bridge.logged('http.listening');
        await proxy.accept();
        await system.downstream.start();
        await until('bindings', () => system.portal.bindings().length >= 3);
      })());

    it('names every wrong setting in one message and exits with 78', async () => {
      const bridge = new BridgeProcess({ DRAIN_LIMIT: '0', HTTP_PORT: 'x', B24_CLIENT_SECRET: '' });
      closing.push(() => bridge.remove());
      bridge.start();
      expect(await bridge.exited()).toBe(78);
      for (const name of ['B24_CLIENT_ID', 'B24_CLIENT_SECRET', 'DRAIN_LIMIT', 'HTTP_PORT']) {
        expect(bridge.output).toContain(name);
      }
    });

    it('starts without a broker, says so, and becomes ready when it comes', async () => {
      await system.bridge.logged('http.listening');
      expect((await system.get('/health/live')).status).toBe(200);
      await until('readiness to say why not', async () => {
        const { status, body } = await system.get('/health/ready');
        return (
          status === 503 && (JSON.parse(body) as { error: { broker?: object } }).error.broker !== undefined
        );
      });
      await proxy.accept();
      await until('readiness', async () => (await system.get('/health/ready')).status === 200, 10_000);
      const { password } = new URL(RABBITMQ_URL);
      expect(system.bridge.output).not.toContain(`:${password}@`);
    });

    it('serves its metrics under the documented names, and its contract with its own', async () => {
      await complete();
      const { status, body: contract } = await system.get('/asyncapi.yaml');
      expect(status).toBe(200);
      const { prefix } = system.downstream;
      expect(parse(contract)).toEqual(
        parse(asyncapiDocument({ prefix, ownKeys: false, ownEnvelopes: false })),
      );
      expect(contract).toContain(`name: ${prefix}.events`);
      system.push(1, 20);
      await until(
        'everything settled',
        () => system.delivered().size === 20 && system.portal.rows().length === 0,
      );
      const { body } = await system.get('/metrics');
      for (const line of [
        'bridge_events_published_total{portal="acme"} 20',
        'bridge_events_settled_total{portal="acme",outcome="processed"} 20',
        'bridge_portal_requests_total{portal="acme",method="batch",outcome="ok"}',
        'bridge_round_duration_seconds_count{portal="acme"}',
        'bridge_publish_lag_seconds_count{portal="acme"} 20',
        'bridge_portal_state{portal="acme",state="active"} 1',
        'bridge_events_in_flight{portal="acme"}',
      ]) {
        expect(body).toContain(line);
      }
    });

    // The last one: the service ends.
    it('never writes a token, a secret or a password', async () => {
      await complete();
      const own = await OwnPortal.installed(system);
      own.portal.expireAccessTokens();
      own.push(1, 5);
      await until('delivery with a renewed token', () => own.delivered().size === 5);
      await system.bridge.stop();
      expect(system.bridge.output).toContain('"event":"round"');
      expect(system.bridge.output).not.toContain(system.emulator.clientSecret);
      expect(system.bridge.output).not.toContain(system.bridge.settings['B24_REFRESH_TOKEN']);
      expect(system.bridge.output).not.toMatch(/access_token|refresh_token|guest:guest/);
    });
  });

  it('says what to set where its port is taken', async () => {
    const other = await startTcpProxy('127.0.0.1', 9);
    closing.push(() => other.close());
    const bridge = new BridgeProcess({
      HTTP_PORT: String(other.port),
      B24_CLIENT_ID: 'local.1',
      B24_CLIENT_SECRET: 'unused-secret',
    });
    closing.push(() => bridge.remove());
    bridge.start();
    expect(await bridge.exited()).toBe(1);
    expect(bridge.output).toContain('Another program listens there: set HTTP_PORT to a free port.');
  });
});
