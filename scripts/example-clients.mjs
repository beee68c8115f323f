import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { aptInstall, canAptInstall } from './installers.mjs';
import { root } from './prepare.mjs';
import { findProgram } from './temporary-server.mjs';

const CLIENTS = join(root, 'examples/clients');
/** A runtime or dependency that cannot be had within this time is skipped. */
const INSTALL_WITHIN_MS = 120_000;
const DEBIAN_GO = '/usr/share/gocode';

const run = promisify(execFile);

/**
 * @typedef {object} Client
 * @property {string} name of its folder in examples/clients
 * @property {string} advice what to install where it cannot be run
 * @property {string[]} [debian] packages that it needs
 * @property {() => Promise<string[] | undefined>} command with arguments; undefined or an error: it cannot be run
 */

/** @type {Client[]} */
const clients = [
  {
    name: 'nestjs',
    advice: 'npm run build:tools',
    command: async () => [process.execPath, join(root, 'build/examples/clients/nestjs/main.js')],
  },
  { name: 'golevelup', advice: 'npm install in its folder', command: golevelup },
  nodeClient('amqplib'),
  nodeClient('amqp-connection-manager'),
  nodeClient('rabbitmq-client', { install: true }),
  nodeClient('cloudamqp', { install: true }),
  nodeClient('rascal', { install: true }),
  pythonClient('pika', 'pika'),
  pythonClient('aio-pika', 'aio_pika'),
  pythonClient('kombu', 'kombu'),
  pythonClient('celery', 'celery'),
  phpClient('php-amqplib', ['PhpAmqpLib/autoload.php'], ['php-amqplib'], 'php-amqplib/php-amqplib'),
  phpClient(
    'symfony-messenger',
    [
      'Symfony/Component/Messenger/Bridge/Amqp/autoload.php',
      'Symfony/Component/EventDispatcher/autoload.php',
    ],
    ['php-symfony-amqp-messenger', 'php-symfony-event-dispatcher', 'php-amqp'],
    'symfony/amqp-messenger symfony/event-dispatcher, with the extension amqp',
    'amqp',
  ),
  {
    name: 'bunny',
    advice: 'apt-get install ruby-bunny, or gem install bunny',
    debian: ['ruby-bunny'],
    command: async () => {
      const ruby = findProgram('ruby');
      return succeeds(ruby, ['-e', 'require "bunny"'])
        ? [ruby, programOf('bunny', 'consumer.rb')]
        : undefined;
    },
  },
  {
    name: 'go',
    advice: 'apt-get install golang-go golang-github-rabbitmq-amqp091-go-dev, or install Go',
    debian: ['golang-go', 'golang-github-rabbitmq-amqp091-go-dev'],
    command: goProgram,
  },
];

/** Every example that can be asked for; each is a folder in examples/clients. */
export const clientNames = clients.map(({ name }) => name);

/**
 * The example clients, each with the command that runs it, or with what is missing.
 * @param {{ only?: string[], log: (line: string) => void }} options `only`: names; none means all
 * @returns {Promise<{ name: string, command?: string[], advice: string }[]>}
 */
export async function exampleClients({ only = [], log }) {
  const unknown = only.filter((name) => !clientNames.includes(name));
  if (unknown.length > 0) throw new Error(`no example is called ${unknown.join(', ')}`);
  const wanted = clients.filter(({ name }) => only.length === 0 || only.includes(name));
  if (process.env.CI === 'true' && canAptInstall()) await installRuntimes(wanted, log);
  return await Promise.all(
    wanted.map(async ({ name, advice, command }) => {
      try {
        const found = await command();
        return { name, advice, ...(found && { command: found }) };
      } catch (error) {
        const [reason = ''] = String(error.stderr || error.message)
          .trim()
          .split('\n')
          .slice(-1);
        return { name, advice: `${reason}; ${advice}` };
      }
    }),
  );
}

/** For all of Debian's packages together. */
const APT_WITHIN_MS = 180_000;

/** Debian's packages, the large ones of Go by themselves: whatever fails skips only the examples concerned. */
async function installRuntimes(wanted, log) {
  const missing = [];
  for (const client of wanted) {
    if (client.debian === undefined) continue;
    const found = client.name === 'go' ? findProgram('go') : await client.command().catch(() => undefined);
    if (found === undefined) missing.push(client);
  }
  const deadline = Date.now() + APT_WITHIN_MS;
  for (const isGo of [false, true]) {
    const packages = missing.filter(({ name }) => (name === 'go') === isGo).flatMap(({ debian }) => debian);
    if (packages.length === 0) continue;
    // Each of apt's two steps may take half of what is left.
    const timeoutMs = Math.max(1, Math.floor((deadline - Date.now()) / 2));
    await aptInstall([...new Set(packages)], log, { timeoutMs }).catch((error) => log(error.message));
  }
}

const programOf = (name, file) => join(CLIENTS, name, file);

function nodeClient(name, { install = false } = {}) {
  return {
    name,
    advice: 'npm install in its folder',
    command: async () => {
      if (install) await npmInstall(name);
      return [process.execPath, programOf(name, 'consumer.mjs')];
    },
  };
}

async function npmInstall(name) {
  const cwd = join(CLIENTS, name);
  const record = join(cwd, 'node_modules/.package-lock.json');
  if (existsSync(record) && statSync(record).mtimeMs >= statSync(join(cwd, 'package-lock.json')).mtimeMs)
    return;
  const options = { cwd, timeout: INSTALL_WITHIN_MS };
  await run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], options);
}

/** Its decorators need a compiler. */
async function golevelup() {
  await npmInstall('golevelup');
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [compiler, '-p', join(CLIENTS, 'golevelup')], { timeout: INSTALL_WITHIN_MS });
  return [process.execPath, programOf('golevelup', 'dist/main.js')];
}

function pythonClient(name, module) {
  const debian = `python3-${name}`;
  return {
    name,
    advice: `apt-get install ${debian}, or pip install ${name}`,
    debian: [debian],
    command: async () => {
      // Debian's python3 has Debian's packages, and another python3 may come before it on the PATH.
      const candidates = [findProgram('python3'), '/usr/bin/python3', findProgram('python')];
      const python = candidates.find((program) => succeeds(program, ['-c', `import ${module}`]));
      return python && [python, programOf(name, 'consumer.py')];
    },
  };
}

function phpClient(name, autoloads, debian, composer, extension) {
  return {
    name,
    advice: `apt-get install php-cli ${debian.join(' ')}, or composer require ${composer} in its folder`,
    debian: ['php-cli', ...debian],
    command: async () => {
      const installed = programOf(name, 'vendor/autoload.php');
      const php = findProgram('php');
      const needed = extension === undefined ? 'true' : `extension_loaded('${extension}')`;
      const files = existsSync(installed) ? [installed] : autoloads;
      const test = `${files.map((file) => `require '${file}';`).join(' ')} exit(${needed} ? 0 : 1);`;
      return succeeds(php, ['-r', test]) ? [php, programOf(name, 'consumer.php')] : undefined;
    },
  };
}

/** With Debian's copy of the library where there is one, else with what go.mod names. */
async function goProgram() {
  const go = findProgram('go');
  if (go === undefined) return undefined;
  const folder = join(root, 'build/examples/clients/go');
  mkdirSync(folder, { recursive: true });
  const program = join(folder, 'deals');
  const debian = existsSync(join(DEBIAN_GO, 'src/github.com/rabbitmq/amqp091-go'));
  await run(go, ['build', '-o', program, 'main.go'], {
    cwd: join(CLIENTS, 'go'),
    timeout: INSTALL_WITHIN_MS,
    env: { ...process.env, ...(debian && { GO111MODULE: 'off', GOPATH: DEBIAN_GO }) },
  });
  return [program];
}

function succeeds(program, args) {
  if (program === undefined || !existsSync(program)) return false;
  return spawnSync(program, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;
}
