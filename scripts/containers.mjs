import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { freePorts } from './free-ports.mjs';
import { root } from './prepare.mjs';

const PROJECT = 'bitrix24-offline-bridge-test';
/** Inside the checkout, which is all that an engine elsewhere may see. */
const SETTINGS = 'build/containers/settings.env';
const STAND_INS = 'test/deploy/stand-ins/docker-compose.yml';
/** What the engine's client needs of our environment; variables of the composition come from the file alone. */
const CLIENT = /^(PATH|HOME|USER|TERM|SSH_AUTH_SOCK|DOCKER_.*|XDG_.*|https?_proxy|no_proxy)$/i;
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => CLIENT.test(name)));
/** Whatever means something to compose, a shell, an address or SQL. */
const ODD = 'p:a/s?s#w[o]r@d%2F,"\\;$HOME$$ {x}&=+`!';
const PORTS = [
  'RABBITMQ_PORT',
  'RABBITMQ_MANAGEMENT_PORT',
  'POSTGRES_PORT',
  'PROMETHEUS_PORT',
  'GRAFANA_PORT',
  'EMULATOR_PORT',
];

/** What is missing for containers to be tried on this machine; null: nothing. */
export function lacking() {
  const answers = (...args) => spawnSync('docker', args, { env, timeout: 60_000 }).status === 0;
  if (!answers('compose', 'version')) return 'there is no docker compose';
  return answers('info') ? null : 'no Docker engine answers';
}

/** docker-compose.yml as a project of its own, with the demo's settings, odd passwords and ports that are free. */
export class Composition {
  standIns = false;

  /** Writes the settings. */
  static async prepare() {
    const [bridge, ...ports] = await freePorts(PORTS.length + 1);
    const settings = {
      ...parseEnv(readFileSync(join(root, '.env.demo'), 'utf8')),
      BRIDGE_ENV_FILE: SETTINGS,
      BRIDGE_PUBLISH: `127.0.0.1:${bridge}`,
      RABBITMQ_USER: 'odd@user',
      RABBITMQ_PASSWORD: ODD,
      POSTGRES_USER: 'Odd User',
      POSTGRES_PASSWORD: `${ODD}é`,
      GRAFANA_PASSWORD: ODD,
      DRAIN_INTERVAL_MS: '1000',
      ...Object.fromEntries(PORTS.map((name, index) => [name, String(ports[index])])),
    };
    mkdirSync(join(root, 'build/containers'), { recursive: true });
    const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'`);
    writeFileSync(join(root, SETTINGS), `${lines.join('\n')}\n`);
    return new Composition(settings, new Set([bridge, ...ports]));
  }

  constructor(settings, ports) {
    this.settings = settings;
    this.ports = ports;
  }

  /** Runs `docker compose`, its output shown unless it is wanted. @throws {Error} where it fails */
  async run(profiles, args, { wanted = false, withinMs = 600_000 } = {}) {
    const all = [
      ...[
        'compose',
        '--progress',
        'plain',
        '-p',
        PROJECT,
        '--env-file',
        SETTINGS,
        '-f',
        'docker-compose.yml',
      ],
      ...(this.standIns ? ['-f', STAND_INS] : []),
      ...profiles.flatMap((name) => ['--profile', name]),
      ...args,
    ];
    const stdio = ['ignore', wanted ? 'pipe' : 'inherit', wanted ? 'pipe' : 'inherit'];
    const child = spawn('docker', all, { cwd: root, env, stdio, timeout: withinMs });
    let out = '';
    let said = '';
    child.stdout?.on('data', (chunk) => (out += chunk));
    child.stderr?.on('data', (chunk) => (said += chunk));
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (code !== 0) throw new Error(`docker compose ${args.join(' ')} ended with ${code}\n${out}${said}`);
    return out;
  }

  /** Runs a program in the bridge's container. */
  inBridge(...command) {
    return this.run([], ['exec', '-T', 'bridge', ...command], { wanted: true, withinMs: 60_000 });
  }

  /** GET from inside the network of the composition. */
  get(url, user = '') {
    const code = `const [url, user] = process.argv.slice(1);
      const headers = user === '' ? {} : { authorization: 'Basic ' + Buffer.from(user).toString('base64') };
      fetch(url, { headers }).then(async (r) => { console.log(await r.text()); process.exitCode = r.ok ? 0 : 1; });`;
    return this.inBridge('node', '-e', code, url, user);
  }

  /** What each container is, as the engine tells it. */
  async containers() {
    const ids = (await this.run(['*'], ['ps', '--all', '--quiet'], { wanted: true }))
      .split('\n')
      .filter(Boolean);
    const { status, stdout, stderr } = spawnSync('docker', ['inspect', ...ids], {
      env,
      encoding: 'utf8',
      maxBuffer: 16_000_000,
    });
    if (status !== 0) throw new Error(`docker inspect: ${stderr}`);
    return JSON.parse(stdout);
  }

  /** What compose says where there are no settings. */
  withoutSettings() {
    const args = ['compose', '-p', PROJECT, '--env-file', '/dev/null', 'up', '--detach'];
    return spawnSync('docker', args, { cwd: root, env, encoding: 'utf8', timeout: 60_000 });
  }
}

/** Asks again until there is an answer. @throws {Error} with the last reason */
export async function until(what, ask, withinMs = 120_000) {
  const end = Date.now() + withinMs;
  for (;;) {
    let reason = 'no answer';
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      reason = error.message;
    }
    if (Date.now() > end) throw new Error(`not within ${withinMs / 1000} s: ${what} (${reason})`);
    await pause(1000);
  }
}
