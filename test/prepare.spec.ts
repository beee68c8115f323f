import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from '../scripts/prepare.mjs';

/** Three times npm, on a busy machine. */
const START_MS = 120_000;

/** Runs the scripts below as npm does, for a quarter of the CPU; all else is npm's own. */
const STAND_IN = `#!/bin/sh
case "$*" in
  'run build') exec node dist.mjs ;;
  'run build:tools') exec node build.mjs ;;
esac
PATH=\${PATH#*:} exec npm "$@"
`;

/** Each build writes one file and fails once its source says so, like a compiler that emits in spite of errors. */
const builder = (source: string, output: string) =>
  `import f from 'node:fs';import { beginToMake } from ${JSON.stringify(new URL('../scripts/made-of.mjs', import.meta.url))};
  const made=beginToMake('.','${output}');f.mkdirSync('${output}',{recursive:true});f.writeFileSync('${output}/a.js','');
  if(f.readFileSync('${source}','utf8')==='wrong'){console.error('error in ${source}');process.exit(2)}
  made();`;

describe('what every npm run prepares', () => {
  let folder: string;
  let packageJson: object;
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

  /** A fresh checkout. */
  const checkOut = () => {
    folder = mkdtempSync(join(tmpdir(), 'prepare-'));
    write('dist.mjs', builder('src/a.ts', 'dist'));
    write('build.mjs', builder('emulator/a.ts', 'build'));
    const scripts = { build: 'node dist.mjs', 'build:tools': 'node build.mjs' };
    const dependency = { name: 'local', version: '1.0.0' };
    packageJson = { name: 'p', version: '1.0.0', scripts, dependencies: { local: 'file:local' } };
    write('package.json', JSON.stringify(packageJson));
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
  };
  let prepared: string;
  let programs: string;
  const path = process.env['PATH'];
  /** From here on in this test; where nothing calls it, npm itself runs the scripts. */
  const standIn = () => (process.env['PATH'] = `${programs}:${path}`);
  const npmItself = () => (process.env['PATH'] = path);
  // Each npm takes half a second of CPU: most tests begin with a copy of what one preparation has made.
  beforeAll(async () => {
    programs = mkdtempSync(join(tmpdir(), 'prepare-npm-'));
    writeFileSync(join(programs, 'npm'), STAND_IN, { mode: 0o755 });
    standIn();
    checkOut();
    await steps();
    prepared = folder;
  }, START_MS);
  beforeEach(() => {
    npmItself();
    checkOut();
  });
  const isPrepared = async () => {
    standIn();
    rmSync(folder, { recursive: true });
    cpSync(prepared, folder, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    expect(await steps()).toEqual([]);
  };
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  afterAll(() => {
    npmItself();
    for (const made of [prepared, programs]) rmSync(made, { recursive: true, force: true });
  });

  it('does everything in a fresh checkout and nothing when called again', async () => {
    expect(await steps()).toEqual(['npm ci …', 'npm run build …', 'npm run build:tools …']);
    expect(existsSync(join(folder, 'node_modules', 'local'))).toBe(true);
    expect(await steps()).toEqual([]);
  });

  it('rebuilds what was made of another source, the tools also when only src changed', async () => {
    await isPrepared();
    write('emulator/a.ts', '// 1');
    expect(await steps()).toEqual(['npm run build:tools …']);
    write('src/b.ts', '');
    // As a copy that keeps its time.
    touch('src/b.ts', -1000);
    touch('src', -1000);
    expect(await steps()).toEqual(['npm run build …', 'npm run build:tools …']);
    rmSync(join(folder, 'src/b.ts'));
    expect(await steps()).toEqual(['npm run build …', 'npm run build:tools …']);
  });

  it('builds nothing because git wrote the same files once more, or a spec changed', async () => {
    await isPrepared();
    touch('src/a.ts', 5);
    touch('src', 5);
    write('src/a.spec.ts', 'changed');
    expect(await steps()).toEqual([]);
  });

  it('builds again what was built by hand of another source meanwhile, or was taken away', async () => {
    await isPrepared();
    write('src/a.ts', '// 1');
    execFileSync(process.execPath, ['dist.mjs'], { cwd: folder });
    write('src/a.ts', '');
    expect(await steps()).toEqual(['npm run build …']);
    rmSync(join(folder, 'dist'), { recursive: true });
    expect(await steps()).toEqual(['npm run build …']);
  });

  it('builds nothing where there are no sources', async () => {
    await isPrepared();
    for (const name of ['src', 'emulator']) rmSync(join(folder, name), { recursive: true });
    expect(await steps()).toEqual([]);
  });

  it('takes a newer lock file for another install only when it asks for something else', async () => {
    await isPrepared();
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
    await isPrepared();
    npmItself();
    write('src/a.ts', 'wrong');
    touch('src/a.ts', 1);
    await expect(steps()).rejects.toThrow(/npm run build failed[^]*error in src\/a\.ts/);
    expect(existsSync(join(folder, 'dist'))).toBe(false);
    write('src/a.ts', '');
    touch('src/a.ts', 1);
    expect(await steps()).toContain('npm run build …');
  });

  it('builds nothing because an example client installed its dependencies', async () => {
    await isPrepared();
    mkdirSync(join(folder, 'examples/clients/rascal'), { recursive: true });
    mkdirSync(join(folder, 'examples/clients/nestjs'), { recursive: true });
    write('examples/clients/nestjs/main.ts', '');
    await steps();
    mkdirSync(join(folder, 'examples/clients/rascal/node_modules'));
    write('examples/clients/rascal/consumer.ts', '');
    touch('examples/clients/rascal', 1);
    touch('examples/clients/rascal/node_modules', 1);
    expect(await steps()).toEqual([]);
    write('examples/clients/nestjs/main.ts', '// 1');
    expect(await steps()).toEqual(['npm run build:tools …']);
  });

  it('takes the versions of Node that are promised and newer ones, and refuses the others', async () => {
    await isPrepared();
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const having = (engines: string) => {
      write('package.json', JSON.stringify({ ...packageJson, engines: { node: engines } }));
      return steps();
    };
    await having(`^${major - 1}.0.0 || ^${major}.${minor}.0`);
    await having(`^18.0.0 || >=${major - 1}.${minor + 5}.0 <${major}`);
    for (const engines of [`^${major}.${minor + 1}.0`, `^${major - 1}.0.0 || >=${major + 1}.0.0`]) {
      await expect(having(engines)).rejects.toThrow(`Node ${engines} is needed`);
    }
  });

  it('lets one of two calls work while the other waits', async () => {
    standIn();
    const [first, second] = await Promise.all([steps(), steps()]);
    expect([...first, ...second].sort()).toEqual(['npm ci …', 'npm run build …', 'npm run build:tools …']);
  });
});
