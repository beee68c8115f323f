import { describe, expect, it } from '@jest/globals';
import { getMetadataStorage } from 'class-validator';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { Script } from 'node:vm';
import { parse } from 'yaml';
import { parseSettings } from '../../src/config/parse-settings.js';
import { Settings } from '../../src/config/settings.js';
import { lastOf, parseDockerfile, stageNamed } from '../support/dockerfile.js';

const fromRoot = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string) => readFileSync(fromRoot(name), 'utf8');

interface Service {
  image?: string;
  build?: { context: string; target: string };
  user?: string;
  read_only?: boolean;
  profiles?: string[];
  environment?: Record<string, string>;
  env_file?: { path: string; required: boolean }[];
  depends_on?: Record<string, { condition: string }>;
  ports?: string[];
  volumes?: string[];
  tmpfs?: string[];
  healthcheck?: { test?: string[] };
  command?: string[];
  restart?: string;
  stop_grace_period?: string;
  cap_drop?: string[];
  security_opt?: string[];
  networks?: Record<string, { aliases: string[] }>;
  deploy?: { replicas: number };
}
interface Compose {
  'x-settings': string;
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as Compose;
const stages = parseDockerfile(read('Dockerfile'));
const example = parseEnv(read('.env.example'));

/** What the linter complains of in each of these files, matters of taste left out; bound ports are looked at below, defaults and all. */
function lintErrors(...files: string[]): string[] {
  const program = fromRoot('node_modules/dclint/bin/dclint.cjs');
  const { stdout } = spawnSync(
    process.execPath,
    [program, '--quiet', '-f', 'json', ...files, '--disable-rule', 'no-unbound-port-interfaces'],
    { encoding: 'utf8', timeout: 60_000 },
  );
  const results = JSON.parse(stdout) as {
    filePath: string;
    messages: { rule: string; line: number; message: string }[];
  }[];
  return results.flatMap(({ filePath, messages }) =>
    messages.map(({ rule, line, message }) => `${rule} in line ${line} of ${resolve(filePath)}: ${message}`),
  );
}

const service = (name: string): Service => {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
};
const stage = (name: string) => stageNamed(stages, name);
const seconds = (text: string | undefined) => Number(/^(\d+)s$/.exec(text ?? '')?.[1]);

describe('docker-compose.yml', () => {
  it("keeps to Compose's schema, and names no port or container twice", () => {
    const folder = mkdtempSync(join(tmpdir(), 'compose-'));
    const spoilt = join(folder, 'docker-compose.yml');
    writeFileSync(spoilt, read('docker-compose.yml').replace('read_only: true', 'readonly: true'));
    const errors = lintErrors(fromRoot('docker-compose.yml'), spoilt);
    expect(errors).toEqual([expect.stringContaining('additional properties')]);
    expect(errors[0]).toContain(spoilt);
    rmSync(folder, { recursive: true });
  });

  it('runs servers of pinned versions, with their data in volumes', () => {
    expect(service('rabbitmq').image).toBe('rabbitmq:4-management');
    expect(service('postgres').image).toBe('postgres:17');
    for (const name of ['prometheus', 'grafana']) expect(service(name).image).toMatch(/:v?\d+\.\d+\.\d+$/);
    expect(service('prometheus').volumes).toContain('prometheus-data:/prometheus');
    expect(service('grafana').volumes).toContain('grafana-data:/var/lib/grafana');
    expect(service('rabbitmq').volumes).toEqual(['rabbitmq-data:/var/lib/rabbitmq']);
    expect(service('postgres').volumes).toEqual(['postgres-data:/var/lib/postgresql/data']);
  });

  it('builds the bridge and the emulator from stages that the Dockerfile has', () => {
    for (const [name, target] of [
      ['bridge', 'bridge'],
      ['bridge-replicas', 'bridge'],
      ['emulator', 'emulator'],
    ] as const) {
      expect(service(name).build).toEqual({ context: '.', target });
      expect(stage(target).base).toBe('base');
    }
  });

  it('checks the health of every service that stays', () => {
    for (const [name, { restart }] of Object.entries(compose.services)) {
      if (restart !== 'unless-stopped') continue;
      const command = service(name).healthcheck?.test ?? [];
      expect(command[0]).toMatch(/^CMD(-SHELL)?$/);
      // An unquoted `? 0 : 1` would be a mapping.
      expect(command.map((word) => typeof word)).toEqual(command.map(() => 'string'));
      if (command[1] === 'node') expect(() => new Script(command[3] ?? '')).not.toThrow();
    }
    expect(service('rabbitmq').healthcheck?.test?.join(' ')).toContain('rabbitmq-diagnostics');
    expect(service('postgres').healthcheck?.test?.join(' ')).toContain('pg_isready');
    expect(service('bridge').healthcheck?.test?.join(' ')).toContain('/health/live');
  });

  it('starts the bridge once broker and database are healthy', () => {
    expect(service('bridge').depends_on).toEqual({
      rabbitmq: { condition: 'service_healthy' },
      postgres: { condition: 'service_healthy' },
    });
  });

  it('runs more than broker, database and bridge only in the profile that asks for it', () => {
    const profiles = Object.fromEntries(
      Object.entries(compose.services).map(([name, one]) => [name, one.profiles]),
    );
    expect(profiles).toEqual({
      rabbitmq: undefined,
      postgres: undefined,
      bridge: undefined,
      'bridge-replicas': ['scale'],
      prometheus: ['observability'],
      grafana: ['observability'],
      emulator: ['demo'],
    });
  });

  it('scales to three replicas that differ in nothing but what only one can have', () => {
    const { profiles, deploy, ports, volumes, tmpfs, ...more } = service('bridge-replicas');
    expect({ profiles, deploy, ports, volumes, tmpfs }).toEqual({
      // In place of the image's volume, which would be an anonymous one.
      tmpfs: ['/tmp', lastOf(stage('bridge'), 'VOLUME')],
      profiles: ['scale'],
      deploy: { replicas: 2 },
      ports: [],
      volumes: ['./certs:/app/certs:ro'],
    });
    const { ports: _ports, volumes: _volumes, tmpfs: _tmpfs, ...one } = service('bridge');
    expect(more).toEqual(one);
  });

  it('shows Prometheus every replica, and Grafana Prometheus, the dashboard and the rules', () => {
    for (const name of ['bridge', 'bridge-replicas']) {
      expect(service(name).networks).toEqual({ default: { aliases: ['bridges'] } });
    }
    const prometheus = parse(read('deploy/prometheus/prometheus.yml')) as {
      rule_files: string[];
      scrape_configs: { dns_sd_configs: { names: string[]; port: number }[] }[];
    };
    expect(prometheus.scrape_configs[0]?.dns_sd_configs).toMatchObject([{ names: ['bridges'], port: 3000 }]);
    const mounted = (name: string) =>
      (service(name).volumes ?? []).filter((text) => text.startsWith('./')).map((text) => text.split(':'));
    for (const name of ['prometheus', 'grafana']) {
      expect(mounted(name).length).toBeGreaterThan(1);
      for (const [source = '', , mode] of mounted(name)) {
        expect({ source, exists: existsSync(fromRoot(source)), mode }).toEqual({
          source,
          exists: true,
          mode: 'ro',
        });
      }
    }
    const inside = (name: string) => mounted(name).map(([, target]) => target);
    for (const file of prometheus.rule_files)
      expect(inside('prometheus')).toContain(`/etc/prometheus/${file}`);
    const { datasources } = parse(read('deploy/grafana/provisioning/datasources/prometheus.yml')) as {
      datasources: { type: string; url: string; isDefault: boolean }[];
    };
    expect(datasources).toMatchObject([
      { type: 'prometheus', url: 'http://prometheus:9090', isDefault: true },
    ]);
    const { providers } = parse(read('deploy/grafana/provisioning/dashboards/bridge.yml')) as {
      providers: { options: { path: string } }[];
    };
    for (const { options } of providers) expect(inside('grafana')).toContain(options.path);
    const home = service('grafana').environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '';
    expect(existsSync(fromRoot(home.replace('/etc/grafana/', 'deploy/grafana/')))).toBe(true);
  });

  it('takes all rights from the containers of the profiles that it can', () => {
    for (const [name, one] of Object.entries(compose.services)) {
      if (['rabbitmq', 'postgres'].includes(name)) continue;
      expect({ name, ...one }).toMatchObject({ cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    }
  });

  it('adds an emulated portal that installs the application by itself, in the demo profile', () => {
    expect(service('emulator').command).toContain('--install=http://bridge:3000/bitrix24/install');
    const demo = parseEnv(read('.env.demo'));
    expect(demo['BRIDGE_ENV_FILE']).toBe('.env.demo');
    expect(parseSettings(demo)).toMatchObject({
      B24_OAUTH_URL: ['http://emulator:4000'],
      B24_ALLOW_HTTP: true,
    });
  });

  it('runs our own images without root, on a read-only file system', () => {
    for (const name of ['bridge', 'bridge-replicas', 'emulator']) {
      // 1000 is the account `node` of the base image.
      expect(service(name)).toMatchObject({
        user: '1000:1000',
        read_only: true,
        tmpfs: expect.arrayContaining(['/tmp']),
        cap_drop: ['ALL'],
      });
    }
    expect(service('bridge').volumes).toEqual(['bridge-data:/app/data', './certs:/app/certs:ro']);
  });

  it('declares every named volume that a service mounts, and no other', () => {
    const mounted = Object.values(compose.services).flatMap((one) =>
      (one.volumes ?? []).filter((text) => !text.startsWith('./')).map((text) => text.split(':')[0]),
    );
    expect(mounted.sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  it('publishes ports on the loopback address unless told otherwise, each once', () => {
    const ports = Object.values(compose.services).flatMap((one) => one.ports ?? []);
    for (const port of ports) expect(port).toMatch(/^(\$\{BRIDGE_PUBLISH:-)?127\.0\.0\.1:/);
    const published = ports.map((port) => /127\.0\.0\.1:(?:\$\{[A-Z_]+_PORT:-)?(\d+)\}/.exec(port)?.[1]);
    expect(published.sort()).toEqual(['15672', '3000', '3001', '4000', '5432', '5672', '9090']);
  });

  it('keeps nothing in a volume without a name', () => {
    for (const name of ['bridge', 'bridge-replicas']) {
      const { tmpfs = [], volumes = [] } = service(name);
      const covered = [...tmpfs, ...volumes.map((text) => text.split(':')[1])];
      expect(covered).toContain(lastOf(stage('bridge'), 'VOLUME'));
    }
  });

  it('has no service that ends, for which "up --wait" would wait in vain', () => {
    expect(new Set(Object.values(compose.services).map(({ restart }) => restart))).toEqual(
      new Set(['unless-stopped']),
    );
  });

  it('gives the bridge longer to stop than the 10 s that it may take', () => {
    expect(seconds(service('bridge').stop_grace_period)).toBeGreaterThan(10);
  });
});

describe('what docker compose makes of it', () => {
  const client = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    DOCKER_CONFIG: process.env['DOCKER_CONFIG'],
  };
  const docker = (args: string[], env: Record<string, string> = {}) =>
    spawnSync('docker', ['compose', ...args], {
      cwd: fromRoot('.'),
      env: { ...client, ...env },
      encoding: 'utf8',
      timeout: 60_000,
    });
  /** Needs no engine. Where it is absent, the warning below says what is not checked. */
  const there = docker(['version']).status === 0;

  /** Services with all variables filled in: from the file and the environment, and from no `.env` of this folder. */
  const resolved = (envFile: string, env: Record<string, string> = {}) => {
    const args = ['--env-file', envFile, '--profile', '*', 'config', '--format', 'json'];
    const { status, stdout, stderr } = docker(args, env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return (JSON.parse(stdout) as { services: Record<string, { environment: Record<string, string> }> })
      .services;
  };
  /** What the bridge is given; the `.env.example` is the file that people copy. */
  const given = (env: Record<string, string> = {}) =>
    resolved('/dev/null', { B24_CLIENT_ID: '', BRIDGE_ENV_FILE: '.env.example', ...env })['bridge']
      ?.environment ?? {};

  it('is settings that the bridge accepts, with the addresses of the compose network', () => {
    expect(service('bridge').env_file).toEqual([{ path: '${BRIDGE_ENV_FILE:-.env}', required: true }]);
    if (!there) {
      process.emitWarning(
        'NO docker compose: not checked are what it makes of docker-compose.yml, that the settings it gives the bridge are valid, and the profiles',
      );
      return;
    }
    const settings = parseSettings({ ...given(), B24_CLIENT_ID: 'id', B24_CLIENT_SECRET: 'secret' });
    expect(settings.RABBITMQ_URL).toEqual(['amqp://guest:guest@rabbitmq:5672']);
    expect(settings.DATABASE_URL).toBe('postgres://bridge:bridge@postgres:5432/bridge');
    expect(settings.HTTP_HOST).toBe('0.0.0.0');
    expect(given({ BRIDGE_DATABASE_URL: 'file:./data/bridge.db' })).toMatchObject({
      DATABASE_URL: 'file:./data/bridge.db',
    });
  });

  it('takes accounts of any characters', () => {
    const { RABBITMQ_URL, DATABASE_URL, ...environment } = service('bridge').environment ?? {};
    expect(environment).toMatchObject({
      RABBITMQ_USER: '${RABBITMQ_USER:-guest}',
      RABBITMQ_PASSWORD: '${RABBITMQ_PASSWORD:-guest}',
      DATABASE_USER: '${POSTGRES_USER:-bridge}',
      DATABASE_PASSWORD: '${POSTGRES_PASSWORD:-bridge}',
    });
    // None in an address, where they would have to be percent-encoded.
    expect([RABBITMQ_URL, DATABASE_URL].join()).not.toMatch(/USER|PASSWORD/);
    if (!there) return;
    const odd = `p:a/s?s#w[o]r@d%2F,é"'\\ !`;
    const accounts = { RABBITMQ_USER: 'me', RABBITMQ_PASSWORD: odd, POSTGRES_PASSWORD: odd };
    const settings = parseSettings({ ...given(accounts), B24_CLIENT_ID: 'id', B24_CLIENT_SECRET: 'secret' });
    const [broker = '', database] = [...settings.RABBITMQ_URL, settings.DATABASE_URL];
    expect(broker).toBe(`amqp://me:${encodeURIComponent(odd)}@rabbitmq:5672`);
    expect(database).toBe(`postgres://bridge:${encodeURIComponent(odd)}@postgres:5432/bridge`);
  });

  it('is refused at once where there are no settings, with what to do', () => {
    expect(compose['x-settings']).toMatch(/^\$\{B24_CLIENT_ID\?.*cp \.env\.example \.env.*\}$/);
    if (!there) return;
    const { status, stderr } = docker(['--env-file', '/dev/null', 'up', '--detach']);
    expect(status).not.toBe(0);
    expect(stderr).toContain('cp .env.example .env');
  });

  it('is the same service twice for the replicas, and a demo whose bridge speaks to the emulator', () => {
    if (!there) return;
    const services = resolved('.env.demo');
    expect(Object.keys(services).sort()).toEqual(Object.keys(compose.services).sort());
    expect(services['bridge-replicas']?.environment).toEqual(services['bridge']?.environment);
    expect(parseSettings(services['bridge']?.environment ?? {})).toMatchObject({
      B24_OAUTH_URL: ['http://emulator:4000'],
      DATABASE_URL: 'postgres://bridge:bridge@postgres:5432/bridge',
    });
  });
});

describe('.env.example', () => {
  const required = { B24_CLIENT_ID: 'id', B24_CLIENT_SECRET: 'secret' };
  const settingNames = new Set(
    getMetadataStorage()
      .getTargetValidationMetadatas(Settings, '', true, false)
      .map((one) => one.propertyName),
  );

  it('names every setting', () => {
    expect(settingNames.size).toBeGreaterThan(20);
    expect(Object.keys(example)).toEqual(expect.arrayContaining([...settingNames]));
  });

  it('shows the defaults that the bridge has', () => {
    expect(parseSettings({ ...example, ...required })).toEqual(parseSettings(required));
  });

  it('names every variable that docker-compose.yml reads or passes, with the default used there', () => {
    const text = read('docker-compose.yml');
    // A variable of the container itself is written $${NAME} or $$NAME.
    const reads = [...text.matchAll(/(?<!\$)\$\{([A-Z0-9_]+)(?::-([^${}]*)\})?/g)];
    expect(reads.length).toBeGreaterThan(5);
    for (const [, name = '', fallback] of reads) {
      expect(Object.keys(example)).toContain(name);
      if (fallback !== undefined) expect({ name, value: example[name] }).toEqual({ name, value: fallback });
    }
    for (const name of Object.keys(service('bridge').environment ?? {}))
      expect([...settingNames]).toContain(name);
  });

  it('explains each variable, or the group that it stands in, on the line above', () => {
    const lines = read('.env.example').split('\n');
    lines.forEach((line, index) => {
      if (/^[A-Z0-9_]+=/.test(line)) expect(lines[index - 1]).toMatch(/^(# \S|[A-Z0-9_]+=)/);
    });
  });
});

describe('continuous integration', () => {
  it('is an executable script that runs every check there is', () => {
    expect(statSync(fromRoot('.ci/run')).mode & 0o111).not.toBe(0);
    const script = read('.ci/run');
    expect(script).toContain('set -euo pipefail');
    for (const command of [
      'npm ci',
      'npm run lint',
      'npm run types',
      'npm run build',
      'npm run build:tools',
      'npm test',
    ]) {
      expect(script).toMatch(new RegExp(`^step ${command}\\b`, 'm'));
    }
  });
});
