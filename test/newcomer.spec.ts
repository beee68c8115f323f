import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import amqp from 'amqplib';
import { deleteTopology, topologyNames } from '../src/broker/topology.js';
import { RABBITMQ_URL } from './support/test-bridge.js';
import { ProgramRun } from './support/program-run.js';
import { program } from './support/programs.js';
import { freePort } from '../scripts/free-ports.mjs';
import { Visitor } from './support/visitor.js';

const root = join(import.meta.dirname, '..');
const LIMIT_MS = 60_000;

describe('who follows the section "Rehearse" of docs/install.md', () => {
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const queue = `${prefix}.example`;
  let folder: string;
  const terminals: ProgramRun[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'newcomer-'));
  });
  afterEach(async () => {
    await Promise.all(terminals.map((terminal) => terminal.end()));
    rmSync(folder, { recursive: true });
    const connection = await amqp.connect(RABBITMQ_URL);
    const channel = await connection.createChannel();
    await deleteTopology(channel, topologyNames(prefix));
    await channel.deleteQueue(queue);
    await connection.close();
  });

  it('has a portal that he installs by link and code, sees an event fail and retries it', async () => {
    const [, section = ''] =
      /^## Rehearse$([^]*?)^### /m.exec(readFileSync(join(root, 'docs/install.md'), 'utf8')) ?? [];
    const [portal = '', dotenv = '', start = '', commands = ''] = [
      ...section.matchAll(/```sh\n([^]*?)```/g),
    ].map(([, text = '']) => text.trim());
    /** Addresses that may be taken here, and what would collide with another run. */
    const [port, httpPort] = [String(await freePort()), String(await freePort())];
    const env = { RABBITMQ_URL, AMQP_PREFIX: prefix, HTTP_PORT: httpPort, QUEUE: queue };
    const open = (file: string, line: string, more: string[] = []): ProgramRun => {
      const words = line
        .replace(/ +#.*/, '')
        .replaceAll(':4000', `:${port}`)
        .split(/ +/)
        .filter((word) => word !== '');
      const terminal = new ProgramRun(resolve(root, file), [...words, ...more], {
        cwd: folder,
        env,
        stdin: 'pipe',
        limitMs: LIMIT_MS,
      });
      terminals.push(terminal);
      return terminal;
    };
    const after = (beginning: string, line: string) => {
      expect(line).toContain(beginning);
      return line.slice(beginning.length).trim();
    };

    const plays = open('scripts/portal.mjs', after('npm run portal --', portal), ['--port', port]);
    await plays.says(/portals add/);
    // What the page shows of .env is what the portal's terminal begins with, and a password.
    const printed = [...plays.output.matchAll(/^B24_.*$/gm)].map(([line]) => line);
    const shown = dotenv.split('\n');
    const names = (lines: string[]) => lines.map((line) => line.split('=')[0]);
    expect(names(printed.slice(0, shown.length - 1))).toEqual(names(shown.slice(0, -1)));
    const password = after('DASHBOARD_PASSWORD=', shown.at(-1) ?? '');
    writeFileSync(join(folder, '.env'), [...printed.slice(0, shown.length - 1), shown.at(-1), ''].join('\n'));

    expect(start).toBe('npm start');
    const service = open(program('main.js'), '');
    await service.says(/bridge\.no_portal/);

    // The command is that of dist itself. npx starts it as a program; the compiler leaves it a text.
    accessSync(join(root, 'dist/cli/main.js'), constants.X_OK);
    const [add = '', check = '', consume = ''] = commands.split('\n');
    const adds = open('dist/cli/main.js', after('npx bitrix24-bridge', add));
    const link = new URL(await adds.says(/^ {2}(http\S+)$[^]*Paste/m));
    // Not every machine resolves the portal's name outside of a browser.
    const [name = ''] = link.hostname.split('.');
    const browser = await fetch(`http://127.0.0.1:${port}/${name}${link.pathname}${link.search}`, {
      redirect: 'manual',
    });
    adds.type(browser.headers.get('location') ?? '');
    expect(await adds.exit).toBe(0);
    await service.says(/bindings\.changed[^]*bindings\.changed[^]*bindings\.changed/);
    const checks = open('dist/cli/main.js', after('npx bitrix24-bridge', check));
    expect({ exit: await checks.exit, output: checks.output }).toMatchObject({ exit: 0 });

    const consumer = open(after('node', consume).replace(/ +#.*/, ''), '');
    await consumer.says(/waiting for deals/);
    // It is one of the twenty that change at random; nobody wants to wait for it here.
    await fetch(`http://127.0.0.1:${port}/_control/portals/${name}/push`, {
      method: 'POST',
      body: JSON.stringify({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: '7' } } }),
    });
    await consumer.says(/deal 7 failed, attempt 1/);
    const visitor = new Visitor(`http://127.0.0.1:${httpPort}`);
    expect(await visitor.logIn(password)).toMatchObject({ status: 303 });
    const retry = await visitor.retryButton('/events', LIMIT_MS);
    await visitor.post('/events/retry', [['only', retry]]);
    await consumer.says(/deal 7 done, attempt 2/);
  }, 180_000);
});
