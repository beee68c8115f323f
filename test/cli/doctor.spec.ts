import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import amqp from 'amqplib';
import { topologyNames } from '../../src/broker/topology.js';
import { BridgeProcess } from '../support/bridge-process.js';
import { RABBITMQ_URL, type TestBridge } from '../support/test-bridge.js';
import { startProxyTo, type TcpProxy } from '../support/tcp-proxy.js';
import { TestSystem } from '../support/test-system.js';
import { json, run } from './in-process.js';
import { until } from '../support/until.js';

interface Diagnosis {
  readonly ok: boolean;
  readonly findings: readonly { subject: string; verdict: string; text: string }[];
}

/** A port on which nothing listens. */
const NOBODY = '1';

const examine = async (bridge: TestBridge, settings: Record<string, string> = {}) => {
  // What answers on the default port of this machine is none of ours.
  const diagnosis = await json<Diagnosis>(bridge, ['doctor'], { HTTP_PORT: NOBODY, ...settings });
  const verdicts = Object.fromEntries(diagnosis.findings.map(({ subject, verdict }) => [subject, verdict]));
  const textOf = (wanted: string) => diagnosis.findings.find(({ subject }) => subject === wanted)?.text ?? '';
  return { ...diagnosis, verdicts, textOf };
};

const key = (letter: string) => letter.repeat(43) + '=';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('the doctor', () => {
  let system: TestSystem;
  /** Between the service and its broker. */
  let proxy: TcpProxy;
  beforeAll(async () => {
    const through = await startProxyTo(RABBITMQ_URL);
    ({ proxy } = through);
    system = await TestSystem.open({
      consume: { bindings: ['nothing'] },
      settings: { TOKEN_ENCRYPTION_KEY: key('A'), RABBITMQ_URL: through.url },
    });
    // Its bindings may be there before anybody reads the replies.
    await system.bridge.logged('replies.consuming');
  });
  afterAll(async () => {
    await system?.close();
    await proxy.close();
  });

  it('finds a running service well, one line a thing', async () => {
    const { bridge } = system;
    const itself = { HTTP_PORT: new URL(bridge.url).port };
    const { exitCode, verdicts, textOf } = await examine(bridge, itself);
    expect(verdicts).toEqual({
      settings: 'ok',
      broker: 'ok',
      prefix: 'ok',
      topology: 'ok',
      queues: 'ok',
      readers: 'ok',
      service: 'ok',
      database: 'ok',
      tokens: 'ok',
      portals: 'ok',
      oauth: 'ok',
    });
    expect(exitCode).toBe(0);
    expect(textOf('portals')).toBe('acme is active');
    const { stdout } = await run(bridge, ['doctor'], itself);
    expect(stdout.trim().split('\n')).toHaveLength(11);
    expect(stdout).toMatch(/^ok +database +file:\S+, up to date, takes writes$/m);
    expect(textOf('service')).toMatch(/health\/ready says that it is ready$/);
    const inRussian = (await run(bridge, ['doctor', '--lang', 'ru'], itself)).stdout;
    expect(inRussian.trim().split('\n')).toHaveLength(11);
    expect(inRussian).toMatch(/^ок +база данных +file:\S+, актуальна, запись работает$/m);
    expect(inRussian).toMatch(/^ок +порталы +acme активен$/m);
    expect(inRussian.replace(/\S*[./_]\S*/g, '').match(/\b[a-z]{2,}\b/g)).toEqual(['acme']);
  }, 180_000);

  it('says what to do without a broker, an authorization server, the right keys, or the key of the tokens', async () => {
    const { bridge } = system;
    const down = await examine(bridge, {
      RABBITMQ_URL: 'amqp://user:sesame-open@127.0.0.1:1',
      B24_OAUTH_URL: 'http://127.0.0.1:1',
    });
    expect(down).toMatchObject({
      exitCode: 1,
      ok: false,
      verdicts: { broker: 'wrong', oauth: 'wrong', database: 'ok' },
    });
    expect(down.textOf('broker')).toContain('ECONNREFUSED');
    const { stdout } = await run(bridge, ['doctor', '--lang', 'ru'], {
      HTTP_PORT: NOBODY,
      RABBITMQ_URL: 'amqp://user:sesame-open@127.0.0.1:1',
    });
    expect(stdout).toMatch(
      /^ошибка +брокер +127\.0\.0\.1:1: там никто не отвечает \(.*ECONNREFUSED.*\)\. Запустите/m,
    );
    expect(stdout).toMatch(/^важно +сервис +здесь не запущен: на http:\S+ никто не отвечает/m);
    expect(stdout).not.toContain('sesame-open');
    expect(JSON.stringify(down)).not.toContain('sesame-open');

    const strangers = await examine(bridge, {
      B24_CLIENT_SECRET: 'of somebody else',
      TOKEN_ENCRYPTION_KEY: key('B'),
    });
    expect(strangers).toMatchObject({
      exitCode: 1,
      verdicts: { oauth: 'wrong', tokens: 'wrong', broker: 'ok' },
    });
    expect(strangers.textOf('oauth')).toContain('Check B24_CLIENT_ID and B24_CLIENT_SECRET');
    const elsewhere = await run(bridge, ['portals', 'list'], { TOKEN_ENCRYPTION_KEY: key('B') });
    expect(elsewhere.exitCode).toBe(78);

    const unused = await examine(bridge, { DATABASE_URL: 'file:./nowhere/bridge.db' });
    expect(unused).toMatchObject({ exitCode: 0, verdicts: { database: 'note' } });
    // To look is not to make one.
    expect(
      (await run(bridge, ['portals', 'list'], { DATABASE_URL: 'file:./nowhere/bridge.db' })).exitCode,
    ).toBe(1);
  }, 180_000);

  // It leaves in trouble what the tests before it find well.
  it('says what the service says of itself, which events are unprocessed, and what of the tokens and keys can be better', async () => {
    const { bridge, downstream } = system;
    system.push(1, 3);
    downstream.reply('this is no reply');
    const depth = (queue: string) => downstream.depth(queue);
    await until('the unprocessed events', async () => {
      const { unrouted, rejected } = downstream.names;
      return (await depth(unrouted)) === 3 && (await depth(rejected)) === 1;
    });
    const found = await examine(bridge, {
      HTTP_PORT: new URL(bridge.url).port,
      TOKEN_ENCRYPTION_KEY: `${key('A')},${key('B')}`,
    });
    expect(found).toMatchObject({ exitCode: 1, verdicts: { unrouted: 'wrong', rejected: 'wrong' } });
    expect(found.textOf('unrouted')).toContain('3 events');
    expect(found.textOf('unrouted')).toContain('queues republish unrouted --count 3');
    const tokens = (keys: string) => examine(bridge, { TOKEN_ENCRYPTION_KEY: keys });
    const said = (diagnosis: Awaited<ReturnType<typeof examine>>) =>
      diagnosis.findings
        .filter(({ subject }) => subject === 'tokens')
        .map(({ text }) => text)
        .join(' ');
    expect(said(found)).toContain('the keys behind it can go');
    expect(said(await tokens(`${key('B')},${key('A')}`))).toContain('acme are sealed with an old key still');

    await run(bridge, ['portals', 'pause', 'acme', '--reason', 'a move']);
    expect((await examine(bridge)).textOf('paused')).toMatch(
      /^acme is paused by \S.* \(a move\).*portals resume acme$/,
    );

    // Mistakes are answered with what was probably meant, as JSON by one object and nothing else.
    expect((await run(bridge, ['portals', 'check', 'acmee'])).stderr).toContain('did you mean acme?');
    const mistake = await run(bridge, ['events', 'list', '--event', 'ONCRMDEALUPDTE', '--json']);
    expect(mistake).toMatchObject({ exitCode: 2, stderr: '' });
    expect(JSON.parse(mistake.stdout)).toEqual({
      error: 'no event has the code ONCRMDEALUPDTE; did you mean ONCRMDEALUPDATE?',
    });
    const strange = await run(bridge, ['portals', 'list', '--colour', '--json']);
    expect(strange).toMatchObject({ exitCode: 2, stderr: '' });
    expect(JSON.parse(strange.stdout)).toEqual({
      error: expect.stringContaining("unknown option '--colour'"),
    });
    expect((await run(bridge, ['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);

    // A copy while it runs: whole, for its owner only, and never over another file.
    const copy = join(dirname(bridge.databaseFile), 'copy.db');
    expect(await json(bridge, ['database', 'backup', copy])).toMatchObject({ exitCode: 0, checked: true });
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(await json(bridge, ['portals', 'list'], { DATABASE_URL: `file:${copy}` })).toMatchObject({
      portals: [{ name: 'acme' }],
    });
    expect(await json(bridge, ['database', 'backup', copy])).toMatchObject({
      exitCode: 1,
      error: expect.stringContaining('is there already'),
    });

    // A service without its broker says so, and doctor passes it on.
    await proxy.refuse();
    closing.push(() => proxy.accept());
    proxy.cut();
    await until('it to be missed', async () =>
      (await system.get('/health/ready')).body.includes('ECONNREFUSED'),
    );
    const alone = await examine(bridge, { HTTP_PORT: new URL(bridge.url).port, RABBITMQ_URL });
    expect(alone.verdicts).toMatchObject({ service: 'wrong' });
    expect(alone.textOf('service')).toMatch(/not ready: broker: .*ECONNREFUSED/);
  }, 180_000);

  // The last one: it takes away what the others look at.
  it('finds what is missing on the broker, and what is of another kind', async () => {
    const names = topologyNames(system.bridge.settings['AMQP_PREFIX'] ?? '');
    await system.bridge.stop();
    const connection = await amqp.connect(RABBITMQ_URL);
    closing.push(() => connection.close());
    const channel = await connection.createChannel();
    channel.on('error', () => undefined); // the last question below
    await channel.deleteExchange(names.failures);
    await channel.deleteQueue(names.dead);
    await channel.assertQueue(names.dead, { durable: true });
    const { exitCode, findings, verdicts } = await examine(system.bridge);
    await channel.deleteQueue(names.dead);
    expect(exitCode).toBe(1);
    expect(verdicts).toMatchObject({ topology: 'wrong', broker: 'ok', service: 'note', readers: 'note' });
    const topology = findings.filter(({ subject }) => subject === 'topology').map(({ text }) => text);
    expect(topology).toHaveLength(2);
    expect(topology[0]).toMatch(new RegExp(`^queue ${names.dead}: .*x-queue-type.*delete it`));
    expect(topology[1]).toContain(`missing: exchange ${names.failures}`);
    await expect(channel.checkExchange(names.failures)).rejects.toThrow('NOT_FOUND');
  }, 180_000);
});

describe('the doctor', () => {
  it('names every wrong setting and exits with 78', async () => {
    const bridge = new BridgeProcess({});
    closing.push(() => bridge.remove());
    const { exitCode, stderr } = await run(bridge, ['doctor'], { DRAIN_LIMIT: '0', HTTP_PORT: 'x' });
    expect(exitCode).toBe(78);
    for (const name of ['B24_CLIENT_ID', 'B24_CLIENT_SECRET', 'DRAIN_LIMIT', 'HTTP_PORT']) {
      expect(stderr).toContain(name);
    }
    expect(await json(bridge, ['portals', 'list'], { HTTP_PORT: 'x' })).toMatchObject({ exitCode: 78 });
  });
});
