import 'reflect-metadata';
import assert from 'node:assert/strict';
import { type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type DynamicModule, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type EventHooks,
  OfflineBridge,
  OfflineBridgeModule,
  type OfflineBridgeOptions,
  type OfflineBridgeOptionsFactory,
  SelectionError,
  SettingsError,
  type SettingsInput,
} from 'bitrix24-offline-bridge';
import { Scene, until } from './scene.js';

/** What an application has to read its settings with. */
@Injectable()
class ConfigService {
  static values: SettingsInput = {};

  section(): SettingsInput {
    return ConfigService.values;
  }
}

@Module({ providers: [ConfigService], exports: [ConfigService] })
class ConfigModule {}

/** Injects the bridge as any of the application's services would. */
@Injectable()
class Watchman {
  constructor(readonly bridge: OfflineBridge) {}
}

function applicationWith(bridge: DynamicModule): DynamicModule {
  return { module: class Application {}, imports: [bridge], providers: [Watchman] };
}

void describe('the module in an application of somebody else', () => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await Scene.open();
  });
  afterEach(() => scene.close());

  /** Starts an application without HTTP. */
  async function start(options: Omit<OfflineBridgeOptions, 'settings' | 'log'> = {}): Promise<OfflineBridge> {
    const module = OfflineBridgeModule.forRoot({
      settings: scene.own,
      log: scene.log,
      http: false,
      ...options,
    });
    const app = await NestFactory.createApplicationContext(applicationWith(module), { logger: false });
    scene.closes(app);
    const { bridge } = app.get(Watchman);
    await bridge.started();
    await scene.consume();
    return bridge;
  }

  void it('takes its options from a service, serves under a prefix, delivers under keys of its own, stops', async () => {
    ConfigService.values = scene.own;
    const routingKey: EventHooks['routingKey'] = ({ userId }, standard) => `user-${userId}.${standard}`;
    const module = OfflineBridgeModule.forRootAsync({
      imports: [ConfigModule],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        settings: config.section(),
        log: scene.log,
        hooks: { routingKey },
      }),
      http: { prefix: 'crm' },
    });
    const app = await NestFactory.create(applicationWith(module), {
      logger: false,
      bodyParser: false,
    });
    scene.closes(app);
    app.setGlobalPrefix('api');
    app.enableShutdownHooks();
    await app.listen(0, '127.0.0.1');
    const server = app.getHttpServer() as Server;
    const { port } = server.address() as AddressInfo;
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
    const notify = async (body: string) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const url = `http://127.0.0.1:${port}/api/crm/bitrix24/events`;
      return (await fetch(url, { method: 'POST', headers, body })).status;
    };
    await until('readiness', async () => (await get('/api/crm/health/ready')).status === 200);
    assert.equal((await get('/health/ready')).status, 404);
    assert.equal(
      await notify('event=ONOFFLINEEVENT&auth[member_id]=a223c6b3710f85df&auth[application_token]=x'),
      403,
    );
    assert.equal(await notify('auth[member_id]=;'), 400);
    assert.match(await (await get('/api/crm/metrics')).text(), /bridge_portal_state/);
    for (const path of ['health/live', 'health/ready', 'metrics', 'asyncapi.yaml']) {
      assert.equal((await get(`/api/crm/${path}`)).headers.get('x-content-type-options'), 'nosniff', path);
    }
    const contract = await (await get('/api/crm/asyncapi.yaml')).text();
    assert.match(contract, new RegExp(`name: ${scene.prefix}\\.events`));
    assert.match(contract, /This bridge makes its own routing keys\./);
    await scene.consume();
    scene.change(1);
    await until('its event', () => scene.received.length === 1);
    assert.equal(scene.received[0]?.key, 'user-1.acme.crm.deal.update');
    assert.equal(scene.received[0]?.body['pattern'], 'user-1.acme.crm.deal.update');
    await app.close();
    assert.equal(scene.lines.at(-1)?.event, 'bridge.stopped');
  });

  void it('runs in an application context, and lets the application look, retry and discard', async () => {
    scene.failing.add('crm.deal/2');
    const bridge = await start();
    const { ready, broker, database } = await bridge.readiness();
    assert.deepEqual([ready, broker.up, database.up], [true, true, true]);
    const [portal, ...others] = bridge.portals();
    assert.deepEqual(
      [portal?.name, portal?.domain, portal?.state, others.length],
      ['acme', scene.portal.domain, 'active', 0],
    );
    assert.doesNotMatch(JSON.stringify(bridge.portals()), /token/i);
    scene.change(1);
    scene.change(2);
    bridge.wake('acme');
    await until('its mark', async () => (await bridge.events({ states: ['marked'] })).length === 1);
    const [event] = await bridge.events();
    assert.equal(event?.reason, `rejected by queue ${scene.prefix}.consumer`);
    assert.deepEqual([event.code, event.portal, event.attempt], ['ONCRMDEALUPDATE', 'acme', 1]);
    assert.deepEqual(await bridge.retry({ ids: [event.id] }), { done: 1, later: 0, left: {} });
    await until('its second delivery', () =>
      scene.received.some(({ body }) => body.id === event.id && body.attempt === 2),
    );
    await until('it to wait again', async () => (await bridge.events({ states: ['waiting'] })).length === 1);
    const selection = { portal: scene.portal.domain, states: ['waiting'] } as const;
    assert.deepEqual(await bridge.discard(selection, 'a test'), { done: 1, later: 0, left: {} });
    assert.throws(() => bridge.wake('globex'), SelectionError);
    await assert.rejects(bridge.retry({ ids: ['nonsense'] }), SelectionError);
    // Of JavaScript, or of a compiler that is not asked to tell the two apart.
    const unset = { portal: undefined } as unknown as { portal: string };
    await assert.rejects(bridge.discard(unset, 'a test'), SelectionError);
    // A failure may be told before the confirm of its delivery is counted.
    await until('three deliveries to be counted', async () =>
      /bridge_events_published_total\{portal="acme"\} 3/.test(await bridge.prometheus()),
    );
    const written = JSON.stringify(scene.lines);
    for (const secret of [scene.emulator.clientSecret, String(scene.own.B24_REFRESH_TOKEN)])
      assert.ok(!written.includes(secret));
  });

  void it('buries only the event whose hook fails, with the reason, and delivers the others', async () => {
    await start({
      hooks: {
        envelope: (event) => {
          if (event.subject === 'crm.deal/2') throw new Error('no such tenant');
          return { ...event, tenant: 'blue', data: { deal: event.subject } };
        },
      },
    });
    for (let id = 1; id <= 3; id += 1) scene.change(id);
    await until('the others', () => scene.received.length === 2);
    assert.deepEqual(
      scene.received.map(({ body }) => [body['tenant'], body['data']]),
      [
        ['blue', { deal: 'crm.deal/1' }],
        ['blue', { deal: 'crm.deal/3' }],
      ],
    );
    await until('the dead letter', async () => (await scene.depth('dead')) === 1);
    const dead = await scene.channel.get(`${scene.prefix}.dead`, { noAck: true });
    assert.ok(dead !== false);
    assert.equal(dead.properties.headers?.['x-bridge-reason'], 'the envelope hook failed: no such tenant');
    const { subject, data } = JSON.parse(dead.content.toString()) as {
      subject: string;
      data: { event: string };
    };
    assert.deepEqual([subject, data.event], ['crm.deal/2', 'ONCRMDEALUPDATE']);
  });

  void it('refuses to start with wrong settings, and names each', async () => {
    @Injectable()
    class Options implements OfflineBridgeOptionsFactory {
      createOfflineBridgeOptions(): OfflineBridgeOptions {
        return { settings: { DRAIN_LIMIT: 0, SETTLE_MODE: 'never' }, log: scene.log };
      }
    }
    const keys = { B24_CLIENT_ID: 'a', B24_CLIENT_SECRET: 'b', PUBLIC_URL: 'https://bridge.example' };
    const faultsOf = async (module: DynamicModule): Promise<string[]> => {
      const starting = NestFactory.createApplicationContext(applicationWith(module), {
        logger: false,
        abortOnError: false,
      });
      const error: unknown = await starting.then(
        () => null,
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof SettingsError, String(error));
      return error.faults.map((fault) => fault.split(' ', 1)[0] ?? '').sort();
    };
    assert.deepEqual(await faultsOf(OfflineBridgeModule.forRootAsync({ useClass: Options })), [
      'B24_CLIENT_ID',
      'B24_CLIENT_SECRET',
      'DRAIN_LIMIT',
      'SETTLE_MODE',
    ]);
    assert.deepEqual(await faultsOf(OfflineBridgeModule.forRoot({ settings: keys, http: false })), [
      'PUBLIC_URL',
    ]);
  });
});
