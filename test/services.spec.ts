import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'amqplib';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { type PrivatePostgres, providePostgres } from '../scripts/postgres.mjs';
import { descendantsOf, isAlive } from '../scripts/processes.mjs';
import { type PrivateRabbitmq, provideRabbitmq } from '../scripts/rabbitmq.mjs';

/** A clean machine installs the server first. */
const START_MS = 240_000;

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Runs `work` with these variables; undefined removes one. */
async function withEnvironment<T>(
  values: Record<string, string | undefined>,
  work: () => Promise<T>,
): Promise<T> {
  const before = Object.fromEntries(Object.keys(values).map((name) => [name, process.env[name]]));
  const set = (all: Record<string, string | undefined>) => {
    for (const [name, value] of Object.entries(all)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  set(values);
  try {
    return await work();
  } finally {
    set(before);
  }
}

describe('a private RabbitMQ', () => {
  let node: PrivateRabbitmq;

  beforeAll(async () => {
    node = await provideRabbitmq({ private: true });
  }, START_MS);
  afterAll(() => node.stop());

  it('keeps a confirmed message through kill -9 and a restart on the same data', async () => {
    const before = await connect(node.url);
    before.on('error', () => {}); // the kill below
    const channel = await before.createConfirmChannel();
    channel.on('error', () => {});
    await channel.assertQueue('kept', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    channel.sendToQueue('kept', Buffer.from('still here'), { persistent: true });
    await channel.waitForConfirms();
    await node.untilOnDisk('kept');
    const cut = new Promise((resolve) => before.once('close', resolve));

    await node.kill();
    await cut;
    await expect(connect(node.url)).rejects.toThrow('ECONNREFUSED');
    await node.restart();

    const after = await connect(node.url);
    const reader = await after.createChannel();
    const message = await reader.get('kept', { noAck: true });
    expect(message && message.content.toString()).toBe('still here');
    await after.close();
  }, 240_000);

  it('answers to rabbitmqctl, which tells of its failures', async () => {
    expect(await node.ctl('list_queues', '--quiet', 'name')).toContain('name');
    await expect(node.ctl('no_such_command')).rejects.toThrow('no_such_command');
    await node.eval('rabbit_vhost:exists(<<"/">>) orelse error(\'no vhost\').');
    await expect(node.eval('error(refused).')).rejects.toThrow('refused');
  }, 180_000);

  it('is used by a later call that finds it, which then does not stop it', async () => {
    const port = new URL(node.url).port;
    const found = await withEnvironment({ RABBITMQ_URL: undefined, RABBITMQ_PROBE_PORT: port }, () =>
      provideRabbitmq(),
    );
    expect(found.url).toBe(node.url);
    await found.stop();
    await (await connect(node.url)).close();
  });

  it('gives way to RABBITMQ_URL', async () => {
    const given = 'amqp://somebody@elsewhere.example,amqp://somebody@second.example';
    const found = await withEnvironment({ RABBITMQ_URL: given }, () => provideRabbitmq());
    expect(found.url).toBe(given);
    await found.stop();
  });

  it('leaves no process and no folder when stopped', async () => {
    expect(existsSync(node.folder)).toBe(true);
    const processes = node.processes();
    expect(processes.length).toBeGreaterThanOrEqual(2); // the node and its port mapper
    await node.stop();
    expect(existsSync(node.folder)).toBe(false);
    expect(processes.filter(isAlive)).toEqual([]);
  });
});

describe('a RabbitMQ whose owner is killed', () => {
  let owner: ChildProcess | undefined;
  afterAll(() => {
    owner?.kill('SIGKILL');
  });

  it('goes with it; it was started because another server held the port', async () => {
    const stranger = createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    await once(stranger.listen(0, '127.0.0.1'), 'listening');
    const { port } = stranger.address() as AddressInfo;
    const module = fileURLToPath(new URL('../scripts/rabbitmq.mjs', import.meta.url));
    const program = `
      import { provideRabbitmq } from ${JSON.stringify(module)};
      const { url, folder } = await provideRabbitmq();
      console.log(JSON.stringify({ url, folder }));
      setInterval(() => {}, 1000);
    `;
    const { RABBITMQ_URL: _, ...environment } = process.env;
    owner = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      env: { ...environment, RABBITMQ_PROBE_PORT: String(port) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(owner.stdout!, 'data')) as [Buffer];
    const { url, folder } = JSON.parse(line.toString()) as { url: string; folder: string };
    stranger.close();
    await (await connect(url)).close();

    const processes = descendantsOf(owner.pid!);
    expect(processes.length).toBeGreaterThanOrEqual(3); // the node, its port mapper, and who watches over them
    owner.kill('SIGKILL');
    await until('folder and processes are gone', () => !existsSync(folder) && !processes.some(isAlive));
    await expect(connect(url)).rejects.toThrow('ECONNREFUSED');
  }, 240_000);
});

describe('a private PostgreSQL', () => {
  let cluster: PrivatePostgres;
  const query = async (text: string): Promise<unknown[]> => {
    const client = new pg.Client({ connectionString: cluster.url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };

  beforeAll(async () => {
    cluster = await providePostgres({ private: true });
  }, START_MS);
  afterAll(() => cluster.stop());

  it('keeps a committed row through kill -9 and a restart on the same data', async () => {
    await query('CREATE DATABASE another');
    await query('CREATE TABLE kept AS SELECT 7 AS seven');
    const processes = cluster.processes();
    await cluster.kill();
    expect(processes.filter(isAlive)).toEqual([]);
    await expect(query('SELECT 1')).rejects.toThrow('ECONNREFUSED');
    await cluster.restart();
    expect(await query('SELECT seven FROM kept')).toEqual([{ seven: 7 }]);
  }, 180_000);

  it('lets nobody in without its password', async () => {
    const url = new URL(cluster.url);
    url.password = 'postgres';
    const client = new pg.Client({ connectionString: url.href });
    await expect(client.connect()).rejects.toThrow('password authentication failed');
  });

  it('gives way to DATABASE_URL_TEST and POSTGRES_URL', async () => {
    for (const name of ['DATABASE_URL_TEST', 'POSTGRES_URL']) {
      const values = { DATABASE_URL_TEST: undefined, POSTGRES_URL: undefined, [name]: 'postgres://given' };
      const found = await withEnvironment(values, () => providePostgres());
      expect(found.url).toBe('postgres://given');
      await found.stop();
    }
  });

  it('leaves no process and no folder when stopped', async () => {
    const processes = cluster.processes();
    expect(processes.length).toBeGreaterThanOrEqual(2); // the server and what it starts, each in its own session
    await cluster.stop();
    expect(existsSync(cluster.folder)).toBe(false);
    expect(processes.filter(isAlive)).toEqual([]);
  });
});
