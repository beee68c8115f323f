import 'reflect-metadata';
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DashboardModule, OfflineBridge, OfflineBridgeModule } from 'bitrix24-offline-bridge';

@Injectable()
class Support {
  constructor(private readonly bridge: OfflineBridge) {}

  tryAgain(portal: string) {
    return this.bridge.retry({ portal, states: ['dead'] });
  }
}

void it('an application tests with a bridge of its own in place of ours: nothing is started', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-testing-'));
  let connections = 0;
  const broker = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
  const { port } = broker.address() as AddressInfo;
  const lines: unknown[] = [];
  const write = (line: unknown) => void lines.push(line);
  const database = join(folder, 'bridge.db');
  const bridge = OfflineBridgeModule.forRoot({
    settings: {
      RABBITMQ_URL: `amqp://127.0.0.1:${port}`,
      DATABASE_URL: `file:${database}`,
      B24_CLIENT_ID: 'a',
      B24_CLIENT_SECRET: 'b',
      DASHBOARD_PASSWORD: 'correct horse battery',
    },
    log: { debug: write, info: write, warn: write, error: write },
    http: false,
  });
  const asked: unknown[] = [];
  const testing = await Test.createTestingModule({
    imports: [bridge, DashboardModule.of(bridge)],
    providers: [Support],
  })
    .overrideProvider(OfflineBridge)
    .useValue({
      retry: (selection: unknown) => {
        asked.push(selection);
        return Promise.resolve({ done: 3, later: 0, left: {} });
      },
    })
    .compile();
  try {
    const app = testing.createNestApplication({ logger: false, bodyParser: false });
    await app.init();
    assert.deepEqual(await app.get(Support).tryAgain('acme'), { done: 3, later: 0, left: {} });
    assert.deepEqual(asked, [{ portal: 'acme', states: ['dead'] }]);
    await app.close();
    assert.deepEqual([existsSync(database), connections, lines], [false, 0, []]);
  } finally {
    broker.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
