import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const LIMIT_MS = 30_000;
/** Nothing listens there. */
const NO_BROKER = 'amqp://127.0.0.1:1';
const EVENTS = 20;

/**
 * Runs each bundled program once, so that the code that tests need is compiled, and kept beside it. The service drains
 * an emulated portal onto the broker, one event fails and is retried; without a broker it starts and stops only. Whether
 * it did well is for tests to say.
 * @param {{ folder: string, programs: string, broker?: string }} where the project, the bundles, RabbitMQ's address
 */
export async function rehearse({ folder, programs, broker }) {
  const cwd = mkdtempSync(join(tmpdir(), 'rehearsal-'));
  const from = (path) => import(pathToFileURL(join(folder, path)).href);
  const { startEmulator } = await from('build/emulator/index.js');
  const emulator = await startEmulator();
  const portal = emulator.addPortal({ name: 'rehearsal' });
  const prefix = `rehearsal-${randomBytes(6).toString('hex')}`;
  const env = {
    PATH: process.env.PATH,
    BRIDGE_KEEP_COMPILED: 'yes',
    DATABASE_URL: `file:${join(cwd, 'bridge.db')}`,
    HTTP_PORT: '0',
    LOG_FORMAT: 'json',
    RABBITMQ_URL: broker ?? NO_BROKER,
    AMQP_PREFIX: prefix,
    B24_OAUTH_URL: [...emulator.authorizationServers.values()].map(({ url }) => url).join(','),
    B24_CLIENT_ID: emulator.clientId,
    B24_CLIENT_SECRET: emulator.clientSecret,
    B24_ALLOW_HTTP: 'true',
    DRAIN_INTERVAL_MS: '300',
    SETTLE_AFTER_MS: '1500',
    RETRY_BASE_DELAY_MS: '300',
  };
  try {
    const service = new Program(join(programs, 'main.js'), [], { env, cwd });
    await service.says('"database.ready"');
    if (broker !== undefined) {
      const topology = await from('dist/broker/topology.js');
      await drain(service, portal, { broker: broker.split(',')[0], prefix, topology }).catch(() => {});
    }
    await service.end();
    await new Program(join(programs, 'cli/main.js'), ['portals', 'list'], { env, cwd }).ended;
  } finally {
    await emulator.close();
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** What nearly every journey does: an installation, rounds, events, replies, a mark, the metrics. */
async function drain(service, portal, { broker, prefix, topology }) {
  const { default: amqp } = await import('amqplib');
  const names = topology.topologyNames(prefix);
  const connection = await amqp.connect(broker);
  connection.on('error', () => {});
  try {
    const channel = await connection.createChannel();
    const url = /"url":"([^"]+)"/.exec(await service.says('"http.listening"'))?.[1];
    await service.says('"replies.consuming"');
    await portal.install(`${url}/bitrix24/install`);
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, names.events, '#');
    let received = 0;
    await channel.consume(
      queue,
      (message) => {
        if (message === null) return;
        received += 1;
        const reply = received === 1 ? { status: 'failed', reason: 'rehearsed' } : { status: 'processed' };
        const { correlationId } = message.properties;
        channel.sendToQueue(names.replies, Buffer.from(JSON.stringify(reply)), { correlationId });
      },
      { noAck: true },
    );
    await until(() => portal.bindings().length >= 3);
    for (let id = 1; id <= EVENTS; id += 1)
      portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: String(id) } }, userId: '1' });
    await until(() => received > EVENTS && portal.rows().length === 0);
    await (await fetch(new URL('/metrics', url))).text();
    await service.end();
    await topology.deleteTopology(channel, names);
  } finally {
    await connection.close().catch(() => {});
  }
}

/** For a while: what does not come true is no reason to run no tests. */
async function until(condition) {
  const deadline = Date.now() + LIMIT_MS;
  while (!condition() && Date.now() < deadline) await pause(20);
}

/** A program that is killed when it takes too long. */
class Program {
  #output = '';
  #child;

  constructor(file, args, options) {
    this.#child = spawn(process.execPath, [file, ...args], {
      ...options,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), 2 * LIMIT_MS);
    this.#child.stdout.on('data', (chunk) => (this.#output += chunk));
    this.hasEnded = false;
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', resolve);
    }).finally(() => {
      this.hasEnded = true;
      clearTimeout(limit);
    });
  }

  /** Waits for a text, or the end. Returns the line that has it. */
  async says(text) {
    const line = () => this.#output.split('\n').find((one) => one.includes(text));
    await until(() => line() !== undefined || this.hasEnded);
    return line() ?? '';
  }

  async end() {
    this.#child.kill('SIGTERM');
    await this.ended;
  }
}
