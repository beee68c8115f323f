import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { lastOf, parseDockerfile, stageNamed } from './support/dockerfile.js';

const { satisfies } = createRequire(import.meta.url)('semver') as {
  satisfies: (version: string, range: string) => boolean;
};
const read = (name: string) => readFileSync(join(import.meta.dirname, '..', name), 'utf8');

interface Locked {
  readonly version?: string;
  readonly engines?: { readonly node?: string };
  readonly hasInstallScript?: boolean;
  readonly deprecated?: string;
}
const project = JSON.parse(read('package.json')) as {
  engines: { node: string };
  allowScripts: Record<string, boolean>;
};
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
const installed = Object.entries(packages).filter(([path]) => path !== '');

/** The first and a late one of each line that is promised. */
const PROMISED = ['20.19.0', '20.20.2', '22.13.0', '22.23.5', '24.0.0', '24.22.3', '26.0.0', '26.12.1'];
const REFUSED = ['18.20.0', '20.18.3', '21.7.3', '22.12.0', '23.11.0', '27.0.0'];

describe('the versions of Node that are promised', () => {
  it.each(PROMISED)('%s: every package that is installed takes it', (version) => {
    expect(satisfies(version, project.engines.node)).toBe(true);
    const refusing = installed
      .filter(([, { engines }]) => engines?.node !== undefined && !satisfies(version, engines.node))
      .map(([path, { engines }]) => `${path}: ${engines?.node}`);
    expect(refusing).toEqual([]);
  });

  it.each(REFUSED)('%s is not one of them', (version) => {
    expect(satisfies(version, project.engines.node)).toBe(false);
  });

  it('are what the README and the operations page name, and the image is built on one', () => {
    expect(read('README.md')).toContain('Node 20 (from 20.19), 22 (from 22.13), 24 or 26');
    const [, table = ''] =
      /## Versions of Node\n([^]*?)\n## /.exec(read('docs/operations/deployment.md')) ?? [];
    for (const version of ['20.19', '22.13', '24', '26']) expect(table).toContain(`| ${version} `);
    const image = stageNamed(parseDockerfile(read('Dockerfile')), 'base');
    expect(image.base).toBe('node:24-bookworm-slim');
    expect(lastOf(image, 'WORKDIR')).toBe('/app');
    expect(table).toContain(image.base);
  });
});

describe('npm ci', () => {
  it('knows of every install script whether it may run, so that it has nothing to warn of', () => {
    const withScripts = installed
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
    expect(Object.keys(project.allowScripts).sort()).toEqual([...new Set(withScripts)].sort());
  });

  it('installs nothing that its author has given up', () => {
    expect(installed.filter(([, { deprecated }]) => deprecated !== undefined)).toEqual([]);
  });
});
