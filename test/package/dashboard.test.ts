import 'reflect-metadata';
import assert from 'node:assert/strict';
import { type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  DashboardModule,
  OfflineBridge,
  OfflineBridgeModule,
  type OfflineBridgeExtras,
  SettingsError,
} from 'bitrix24-offline-bridge';
import { Scene } from './scene.js';

const PASSWORD = 'correct horse battery';

void describe('the dashboard in an application of somebody else', () => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await Scene.open();
  });
  afterEach(() => scene.close());

  function application(http: NonNullable<OfflineBridgeExtras['http']>, password?: string): Type {
    const bridge = OfflineBridgeModule.forRoot({
      settings: { ...scene.own, ...(password === undefined ? {} : { DASHBOARD_PASSWORD: password }) },
      log: scene.log,
      http,
    });
    @Module({ imports: [bridge, DashboardModule.of(bridge)] })
    class AppModule {}
    return AppModule;
  }

  const bridges: [string, NonNullable<OfflineBridgeExtras['http']>, [string, number][]][] = [
    [
      'under a prefix',
      { prefix: 'crm' },
      [
        ['/crm/health/live', 200],
        ['/health/live', 404],
        ['/crm/events', 404],
      ],
    ],
    ['left out', false, [['/health/live', 404]]],
  ];
  for (const [how, http, others] of bridges) {
    void it(`stands at the root where the bridge's endpoints are ${how}`, async () => {
      const app = await NestFactory.create(application(http, PASSWORD), { logger: false, bodyParser: false });
      scene.closes(app);
      await app.listen(0, '127.0.0.1');
      await app.get(OfflineBridge).started();
      await scene.consume();
      const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
      const cookies = new Map<string, string>();
      const ask = async (path: string, fields?: Record<string, string>) => {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
          redirect: 'manual',
          headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
          ...(fields === undefined ? {} : { method: 'POST', body: new URLSearchParams(fields) }),
        });
        for (const cookie of answer.headers.getSetCookie()) {
          const [name = '', value = ''] = (cookie.split(';', 1)[0] ?? '').split('=');
          cookies.set(name, value);
        }
        return { status: answer.status, to: answer.headers.get('location'), text: await answer.text() };
      };
      assert.deepEqual((await ask('/')).to, '/log-in');
      const [, formToken = ''] = /name="formToken" value="([^"]+)"/.exec((await ask('/log-in')).text) ?? [];
      assert.equal((await ask('/log-in', { formToken, password: PASSWORD })).to, '/');
      const overview = await ask('/');
      assert.equal(overview.status, 200);
      assert.match(overview.text, /href="\/portals\/acme"/);
      assert.equal((await ask('/portals/acme')).status, 200);
      assert.equal((await ask('/events')).status, 200);
      const [, style = ''] = /href="(\/[^"]+\.css[^"]*)"/.exec(overview.text) ?? [];
      assert.equal((await ask(style)).status, 200);
      for (const [path, status] of others) assert.equal((await ask(path)).status, status, path);
    });
  }

  void it('is refused where no setting opens it', async () => {
    const starting = NestFactory.create(application({}), { logger: false, abortOnError: false });
    await assert.rejects(starting, (error: unknown) => {
      assert.ok(error instanceof SettingsError, String(error));
      assert.match(error.message, /DASHBOARD_PASSWORD or DASHBOARD_PROXY_HEADER/);
      return true;
    });
  });
});
