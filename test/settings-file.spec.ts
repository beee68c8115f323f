import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import amqp from 'amqplib';
import { deleteTopology, topologyNames } from '../src/broker/topology.js';
import { run } from './cli/command-line.js';
import { BridgeProcess } from './support/bridge-process.js';
import { RABBITMQ_URL } from './support/test-bridge.js';

/** Ends with 78 and tells what it has read, since a setting is always wrong. */
const REQUIRED = 'B24_CLIENT_ID=local.1\nB24_CLIENT_SECRET=sesame\n';

describe('settings in .env', () => {
  let bridge: BridgeProcess;
  let file: string;

  beforeEach(() => {
    bridge = new BridgeProcess({});
    file = join(dirname(bridge.databaseFile), '.env');
  });
  afterEach(() => bridge.remove());

  const faults = async (): Promise<string> => {
    bridge.start();
    expect(await bridge.exited()).toBe(78);
    return bridge.output;
  };

  it('count as if they were in the environment, line ends of Windows and all', async () => {
    writeFileSync(
      file,
      `${REQUIRED}DRAIN_LIMIT=none\nSETTLE_MODE=sometimes # one day\n`.replaceAll('\n', '\r\n'),
    );
    const output = await faults();
    expect(output).toContain('(got "none")');
    expect(output).toContain('(got "sometimes")');
    expect(output).not.toContain('B24_CLIENT');
  });

  it('give way to the environment, unless it is empty there', async () => {
    writeFileSync(file, `${REQUIRED}DRAIN_LIMIT=of-the-file\nFAILURE_BATCH_SIZE=of-the-file\n`);
    Object.assign(bridge.settings, { DRAIN_LIMIT: 'of-the-environment', FAILURE_BATCH_SIZE: '' });
    const output = await faults();
    expect(output).toContain('DRAIN_LIMIT must be a whole number from 1 to 10000 (got "of-the-environment")');
    expect(output).toContain('FAILURE_BATCH_SIZE must be a whole number from 1 to 10000 (got "of-the-file")');
  });

  it('are read past a mark of its encoding', async () => {
    writeFileSync(file, `\uFEFF${REQUIRED}DRAIN_LIMIT=none\n`.replaceAll('\n', '\r\n'));
    const output = await faults();
    expect(output).toBe(
      'Settings are not usable:\n  - DRAIN_LIMIT must be a whole number from 1 to 10000 (got "none")\n',
    );
  });

  it('explain what is missing by a line that sets nothing, or by a name that is nearly right', async () => {
    writeFileSync(file, 'B24_CLIENT_ID local.1.1\nB24_CLIENTSECRET=sesame-open\nq8sK3mvQ0aTz\n');
    expect(await faults()).toBe(`Settings are not usable:
  - B24_CLIENT_ID is required: the application's client_id (.env, line 1: there is no = after B24_CLIENT_ID, so it sets nothing)
  - B24_CLIENT_SECRET is required: the application's client_secret (B24_CLIENTSECRET in .env is no setting: is B24_CLIENT_SECRET meant?)
  - .env, line 3: there is no = in it, so it sets nothing
`);
  });

  it('where there are none: the message says where to begin', async () => {
    const output = await faults();
    expect(output).toContain('B24_CLIENT_ID is required');
    expect(output).toContain('B24_CLIENT_SECRET is required');
    expect(output).toMatch(/copy \.env\.example to \.env .*\ndocs\/install\.md/);
    expect(output).not.toContain('    at ');
  });

  it('are started with, and doubted in the log, where a name is nearly that of one', async () => {
    writeFileSync(
      file,
      `${REQUIRED}DRAIN_INTERVALL_MS=3\nLOG_LEVEL "debug"\nB24_REFRESH_TOKEN="\nHTTP_PROT=3\nB24_REFRESH_TOKEN=\n`,
    );
    const prefix = `t${randomBytes(6).toString('hex')}`;
    bridge.start({
      B24_EVENT: 'ONCRMLEADADD',
      RABBITMQ_PORT_5672_TCP: 'tcp://10.0.0.1:5672',
      FTP_PROXY: 'http://proxy',
      AMQP_PREFIX: prefix,
    });
    await bridge.logged('http.listening');
    const remarks = bridge.lines
      .filter(({ message }) => message.event === 'settings.doubtful')
      .map(({ level, message }) => `${level}: ${String(message['remark'])}`);
    expect(remarks).toEqual([
      'warn: B24_EVENT is no setting: is B24_EVENTS meant?',
      'warn: .env, line 4: there is no = after LOG_LEVEL, so it sets nothing',
      'warn: .env, line 5: the quote that begins the value of B24_REFRESH_TOKEN is not closed, so it counts as a part of it',
      'warn: .env, line 7: B24_REFRESH_TOKEN stands there again, and this line counts',
      'warn: DRAIN_INTERVALL_MS in .env is no setting: is DRAIN_INTERVAL_MS meant?',
      'warn: HTTP_PROT in .env is no setting: is HTTP_PORT meant?',
    ]);
    const command = await run(bridge, ['portals', 'list']);
    expect(command.stderr).toContain('Settings: B24_EVENT is no setting: is B24_EVENTS meant?\n');
    const doctor = await run(bridge, ['doctor']);
    expect(doctor.stdout).toMatch(/^note +settings +B24_EVENT is no setting/m);
    await bridge.stop();
    const connection = await amqp.connect(RABBITMQ_URL);
    await deleteTopology(await connection.createChannel(), topologyNames(prefix));
    await connection.close();
  }, 60_000);

  it('that cannot be read are a wrong setting', async () => {
    mkdirSync(file);
    expect(await faults()).toMatch(/Settings are not usable:\n {2}- \.env in .* cannot be read/);
    rmSync(file, { recursive: true });
  });
});
