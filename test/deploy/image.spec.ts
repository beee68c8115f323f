import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { lastOf, parseDockerfile, stageNamed } from '../support/dockerfile.js';

const fromRoot = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string) => readFileSync(fromRoot(name), 'utf8');
const stages = parseDockerfile(read('Dockerfile'));
const stage = (name: string) => stageNamed(stages, name);
const packageJson = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

describe('Dockerfile', () => {
  it('builds on a Node image with glibc and makes the bridge without a target', () => {
    expect(stage('base').base).toBe('node:24-bookworm-slim');
    expect(stages.at(-1)?.name).toBe('bridge');
    stages.forEach((one, index) => {
      if (index > 0) expect(stages.slice(0, index).map((earlier) => earlier.name)).toContain(one.base);
    });
  });

  it('ships production dependencies only', () => {
    expect(lastOf(stage('dependencies'), 'RUN')).toContain('npm ci --omit=dev');
    const copies = stage('bridge').instructions.filter((one) => one.name === 'COPY');
    expect(copies).toContainEqual({
      name: 'COPY',
      text: '/app/node_modules ./node_modules',
      from: 'dependencies',
    });
  });

  it('runs the service as the unprivileged account, which owns the data folder', () => {
    for (const name of ['bridge', 'emulator']) expect(lastOf(stage(name), 'USER')).toBe('node');
    const names = stage('bridge').instructions.map((one) => one.name);
    const owned = stage('bridge').instructions.findIndex((one) => one.text.includes('chown node:node data'));
    expect(owned).toBeGreaterThanOrEqual(0);
    // Docker drops what is done to a volume's folder after its declaration.
    expect(owned).toBeLessThan(names.indexOf('VOLUME'));
    expect(lastOf(stage('bridge'), 'VOLUME')).toBe('/app/data');
  });

  it('starts and stops the service as npm start does', () => {
    const command = JSON.parse(lastOf(stage('bridge'), 'CMD') ?? '[]') as string[];
    expect(command).toEqual(['node', 'dist/main.js']);
    expect(packageJson.scripts['start']).toBe(command.join(' '));
    expect(lastOf(stage('bridge'), 'STOPSIGNAL')).toBe('SIGTERM');
  });

  it('checks its health with Node, as the image has no curl', () => {
    const [, command = '[]'] = /CMD (\[.*\])$/.exec(lastOf(stage('bridge'), 'HEALTHCHECK') ?? '') ?? [];
    const [program, flag, code = ''] = JSON.parse(command) as string[];
    expect([program, flag]).toEqual(['node', '-e']);
    expect(() => new Script(code)).not.toThrow();
    expect(code).toContain('/health/live');
  });

  it('copies only what exists and what the build context lets through', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    let copied = 0;
    for (const [index, one] of stages.entries()) {
      for (const { text, from } of one.instructions.filter((instruction) => instruction.name === 'COPY')) {
        if (from !== null) {
          expect(stages.slice(0, index).map((earlier) => earlier.name)).toContain(from);
          continue;
        }
        for (const source of text.split(/\s+/).slice(0, -1)) {
          copied += 1;
          expect({ source, exists: existsSync(fromRoot(source)) }).toEqual({ source, exists: true });
          expect(allowed).toContain(source);
        }
      }
    }
    expect(copied).toBeGreaterThan(5);
    for (const name of allowed)
      expect({ name, exists: existsSync(fromRoot(name)) }).toEqual({ name, exists: true });
  });
});
