import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from '../scripts/prepare.mjs';

/** Each build writes one file and fails once its source says so, like a compiler that emits in spite of errors. */
const build = (source: string, output: string) =>
  `node -e "const f=require('fs');f.mkdirSync('${output}',{recursive:true});f.writeFileSync('${output}/a.js','');` +
  `if(f.readFileSync('${source}','utf8')==='wrong'){console.error('error in ${source}');process.exit(2)}"`;

describe('what every npm run prepares', () => {
  let folder: string;
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const touch = (name: string, secondsAhead: number) => {
    const time = Date.now() / 1000 + secondsAhead;
    utimesSync(join(folder, name), time, time);
  };
  const steps = async (): Promise<string[]> => {
    const lines: string[] = [];
    await prepare({ folder, log: (line) => lines.push(line) });
    return lines;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'prepare-'));
    const scripts = { build: build('src/a.ts', 'dist'), 'build:tools': build('emulator/a.ts', 'build') };
    const dependency = { name: 'local', version: '1.0.0' };
    write(
      'package.json',
      JSON.stringify({ name: 'p', version: '1.0.0', scripts, dependencies: { local: 'file:local' } }),
    );
    for (const name of ['src', 'emulator', 'local']) mkdirSync(join(folder, name));
    write('local/package.json', JSON.stringify(dependency));
    write('src/a.ts', '');
    write('emulator/a.ts', '');
    const packages = {
      '': { name: 'p', version: '1.0.0', dependencies: { local: 'file:local' } },
      local: { version: '1.0.0' },
      'node_modules/local': { resolved: 'local', link: true },
    };
    write('package-lock.json', JSON.stringify({ name: 'p', version: '1.0.0', lockfileVersion: 3, packages }));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('does everything in a fresh checkout and nothing when called again', async () => {
    expect(await steps()).toEqual(['npm ci …', 'npm run build …', 'npm run build:tools …']);
    expect(existsSync(join(folder, 'node_modules', 'local'))).toBe(true);
    expect(await steps()).toEqual([]);
  });

  it('rebuilds what is older than its source, the tools also when only src changed', async () => {
    await steps();
    touch('emulator/a.ts', 1);
    expect(await steps()).toEqual(['npm run build:tools …']);
    touch('src/a.ts', 2);
    expect(await steps()).toEqual(['npm run build …', 'npm run build:tools …']);
  });

  it('takes a newer lock file for another install only when it asks for something else', async () => {
    await steps();
    touch('package-lock.json', 1);
    expect(await steps()).not.toContain('npm ci …');
    write('local/package.json', JSON.stringify({ name: 'local', version: '1.1.0' }));
    const packages = {
      '': { name: 'p', version: '1.0.0', dependencies: { local: 'file:local' } },
      local: { version: '1.1.0' },
      'node_modules/local': { resolved: 'local', link: true },
    };
    write('package-lock.json', JSON.stringify({ name: 'p', version: '1.0.0', lockfileVersion: 3, packages }));
    touch('package-lock.json', 2);
    expect(await steps()).toContain('npm ci …');
  });

  it('shows the output of a build that fails and does not take its files for a build', async () => {
    await steps();
    write('src/a.ts', 'wrong');
    touch('src/a.ts', 1);
    await expect(steps()).rejects.toThrow(/npm run build failed[^]*error in src\/a\.ts/);
    expect(existsSync(join(folder, 'dist'))).toBe(false);
    write('src/a.ts', '');
    touch('src/a.ts', 1);
    expect(await steps()).toContain('npm run build …');
  });

  it('lets one of two calls work while the other waits', async () => {
    const [first, second] = await Promise.all([steps(), steps()]);
    expect([...first, ...second].sort()).toEqual(['npm ci …', 'npm run build …', 'npm run build:tools …']);
  });
});
