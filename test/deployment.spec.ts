import { describe, expect, it } from '@jest/globals';
import { getMetadataStorage } from 'class-validator';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { Script } from 'node:vm';
import { parse } from 'yaml';
import { parseSettings, Settings } from '../src/config.js';
import { parseDockerfile, stageNamed } from './support/dockerfile.js';

const fromRoot = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
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
  stop_grace_period?: string;
  cap_drop?: string[];
}
interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as Compose;
const stages = parseDockerfile(read('Dockerfile'));
const example = parseEnv(read('.env.example'));

const service = (name: string): Service => {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
};
const stage = (name: string) => stageNamed(stages, name);
const seconds = (text: string | undefined) => Number(/^(\d+)s$/.exec(text ?? '')?.[1]);

describe('docker-compose.yml', () => {
  it('runs the broker and the database from pinned major versions, with their data in volumes', () => {
    expect(service('rabbitmq').image).toBe('rabbitmq:4-management');
    expect(service('postgres').image).toBe('postgres:17');
    expect(service('rabbitmq').volumes).toEqual(['rabbitmq-data:/var/lib/rabbitmq']);
    expect(service('postgres').volumes).toEqual(['postgres-data:/var/lib/postgresql/data']);
  });

  it('builds the bridge and the emulator from stages that the Dockerfile has', () => {
    for (const [name, target] of [
      ['bridge', 'bridge'],
      ['emulator', 'emulator'],
      ['emulator-install', 'emulator'],
    ] as const) {
      expect(service(name).build).toEqual({ context: '.', target });
      expect(stage(target).base).toBe('base');
    }
  });

  it('checks the health of every service that stays', () => {
    for (const name of ['rabbitmq', 'postgres', 'bridge', 'emulator']) {
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

  it('adds an emulated portal, and its installation once both sides are healthy, in the demo profile only', () => {
    const profiled = Object.entries(compose.services).filter(([, one]) => one.profiles !== undefined);
    expect(profiled.map(([name, one]) => [name, one.profiles])).toEqual([
      ['emulator', ['demo']],
      ['emulator-install', ['demo']],
    ]);
    const install = service('emulator-install');
    expect(install.depends_on).toEqual({
      bridge: { condition: 'service_healthy' },
      emulator: { condition: 'service_healthy' },
    });
    expect(install.command?.slice(0, 2)).toEqual(['node', '-e']);
    expect(() => new Script(install.command?.[2] ?? '')).not.toThrow();
    expect(install.command?.[2]).toContain('http://bridge:3000/bitrix24/install');
    const demo = parseEnv(read('.env.demo'));
    expect(demo['BRIDGE_ENV_FILE']).toBe('.env.demo');
    expect(parseSettings(demo)).toMatchObject({
      B24_OAUTH_URL: 'http://emulator:4000',
      B24_ALLOW_HTTP: true,
    });
  });

  it('runs our own images without root, on a read-only file system', () => {
    for (const name of ['bridge', 'emulator', 'emulator-install']) {
      // 1000 is the account `node` of the base image.
      expect(service(name)).toMatchObject({
        user: '1000:1000',
        read_only: true,
        tmpfs: ['/tmp'],
        cap_drop: ['ALL'],
      });
    }
    expect(service('bridge').volumes).toEqual(['bridge-data:/app/data']);
  });

  it('declares every named volume that a service mounts, and no other', () => {
    const mounted = Object.values(compose.services).flatMap((one) =>
      (one.volumes ?? []).map((text) => text.split(':')[0]),
    );
    expect(mounted.sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  it('publishes ports on the loopback address unless told otherwise', () => {
    for (const one of Object.values(compose.services)) {
      for (const port of one.ports ?? []) expect(port).toMatch(/^(\$\{BRIDGE_PUBLISH:-)?127\.0\.0\.1:/);
    }
  });

  it('gives the bridge longer to stop than the 10 s that it may take', () => {
    expect(seconds(service('bridge').stop_grace_period)).toBeGreaterThan(10);
  });

  it('passes settings that the bridge accepts, with the addresses of the compose network', () => {
    expect(service('bridge').env_file).toEqual([{ path: '${BRIDGE_ENV_FILE:-.env}', required: false }]);
    const given = interpolate(service('bridge').environment ?? {}, {});
    const settings = parseSettings({
      ...example,
      ...given,
      B24_CLIENT_ID: 'id',
      B24_CLIENT_SECRET: 'secret',
    });
    expect(settings.RABBITMQ_URL).toEqual(['amqp://guest:guest@rabbitmq:5672']);
    expect(settings.DATABASE_URL).toBe('postgres://bridge:bridge@postgres:5432/bridge');
    expect(settings.HTTP_HOST).toBe('0.0.0.0');
    const own = interpolate(service('bridge').environment ?? {}, {
      BRIDGE_DATABASE_URL: 'file:./data/bridge.db',
    });
    expect(own['DATABASE_URL']).toBe('file:./data/bridge.db');
  });
});

/** `${NAME:-default}` as compose reads it: the default, itself interpolated, where NAME is unset or empty. */
function interpolate(
  values: Record<string, string>,
  environment: Record<string, string>,
): Record<string, string> {
  const innermost = /\$\{([A-Z0-9_]+):-([^${}]*)\}/;
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      let text = value;
      for (let found = innermost.exec(text); found !== null; found = innermost.exec(text)) {
        text = text.replace(found[0], environment[found[1] ?? ''] || (found[2] ?? ''));
      }
      return [key, text];
    }),
  );
}

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
    expect(Object.keys(example)).toEqual(
      expect.arrayContaining(Object.keys(service('bridge').environment ?? {})),
    );
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
