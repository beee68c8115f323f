import { afterEach, describe, expect, it } from '@jest/globals';
import amqp from 'amqplib';
import { topologyNames } from '../../src/broker/topology.js';
import { BridgeProcess, RABBITMQ_URL } from '../support/bridge-process.js';
import { Stage } from '../support/stage.js';
import { json, run } from './command-line.js';

interface Diagnosis {
  readonly ok: boolean;
  readonly findings: readonly { subject: string; verdict: string; text: string }[];
}

describe('the doctor', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const open = async () => {
    const stage = await Stage.open({
      consume: false,
      settings: { TOKEN_ENCRYPTION_KEY: 'A'.repeat(43) + '=' },
    });
    closing.push(() => stage.close());
    // Its bindings may be there before anybody reads the replies.
    await stage.bridge.logged('replies.consuming');
    return stage;
  };
  const examine = async (bridge: BridgeProcess, settings: Record<string, string> = {}) => {
    const diagnosis = await json<Diagnosis>(bridge, ['doctor'], settings);
    const verdicts = Object.fromEntries(diagnosis.findings.map(({ subject, verdict }) => [subject, verdict]));
    const textOf = (wanted: string) =>
      diagnosis.findings.find(({ subject }) => subject === wanted)?.text ?? '';
    return { ...diagnosis, verdicts, textOf };
  };

  it('finds a running service well, one line a thing', async () => {
    const { bridge } = await open();
    const { exitCode, verdicts, textOf } = await examine(bridge);
    expect(verdicts).toEqual({
      settings: 'ok',
      broker: 'ok',
      topology: 'ok',
      queues: 'ok',
      service: 'ok',
      database: 'ok',
      tokens: 'ok',
      portals: 'ok',
      oauth: 'ok',
    });
    expect(exitCode).toBe(0);
    expect(textOf('portals')).toBe('acme is active');
    const { stdout } = await run(bridge, ['doctor']);
    expect(stdout.trim().split('\n')).toHaveLength(9);
    expect(stdout).toMatch(/^ok +database +file:\S+, up to date$/m);
  }, 180_000);

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

  it('says what to do without a broker, an authorization server, the right keys, or the key of the tokens', async () => {
    const { bridge } = await open();
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
    expect(JSON.stringify(down)).not.toContain('sesame-open');

    const strangers = await examine(bridge, {
      B24_CLIENT_SECRET: 'of somebody else',
      TOKEN_ENCRYPTION_KEY: 'B'.repeat(43) + '=',
    });
    expect(strangers).toMatchObject({
      exitCode: 1,
      verdicts: { oauth: 'wrong', tokens: 'wrong', broker: 'ok' },
    });
    expect(strangers.textOf('oauth')).toContain('Check B24_CLIENT_ID and B24_CLIENT_SECRET');
    const elsewhere = await run(bridge, ['portals', 'list'], { TOKEN_ENCRYPTION_KEY: 'B'.repeat(43) + '=' });
    expect(elsewhere.exitCode).toBe(78);

    const unused = await examine(bridge, { DATABASE_URL: 'file:./nowhere/bridge.db' });
    expect(unused).toMatchObject({ exitCode: 0, verdicts: { database: 'note' } });
    // To look is not to make one.
    expect(
      (await run(bridge, ['portals', 'list'], { DATABASE_URL: 'file:./nowhere/bridge.db' })).exitCode,
    ).toBe(1);
  }, 180_000);

  it('finds what is missing on the broker, and what is of another kind', async () => {
    const stage = await open();
    const names = topologyNames(stage.bridge.settings['AMQP_PREFIX'] ?? '');
    await stage.bridge.stop();
    const connection = await amqp.connect(RABBITMQ_URL);
    closing.push(() => connection.close());
    const channel = await connection.createChannel();
    channel.on('error', () => undefined); // the last question below
    await channel.deleteExchange(names.failures);
    await channel.deleteQueue(names.dead);
    await channel.assertQueue(names.dead, { durable: true });
    const { exitCode, findings, verdicts } = await examine(stage.bridge);
    await channel.deleteQueue(names.dead);
    expect(exitCode).toBe(1);
    expect(verdicts).toMatchObject({ topology: 'wrong', broker: 'ok', service: 'note' });
    const topology = findings.filter(({ subject }) => subject === 'topology').map(({ text }) => text);
    expect(topology).toHaveLength(2);
    expect(topology[0]).toMatch(new RegExp(`^queue ${names.dead}: .*x-queue-type.*delete it`));
    expect(topology[1]).toContain(`missing: exchange ${names.failures}`);
    await expect(channel.checkExchange(names.failures)).rejects.toThrow('NOT_FOUND');
  }, 180_000);
});
