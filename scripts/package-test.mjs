import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, root } from './prepare.mjs';
import { provideRabbitmq } from './rabbitmq.mjs';

/**
 * The package as its users get it: packed, installed into an empty ESM application, compiled against with tsc's
 * strictest, run. `test/package` holds the application.
 */
const WANTED = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'dist/cli/main.js',
  'dist/contract/bitrix24-events.json',
  'dist/index.d.ts',
  'dist/index.js',
  'dist/main.js',
  'docs/asyncapi.yaml',
  'docs/module.md',
  'docs/schemas/event.json',
  'package.json',
];
const ALLOWED = /^(dist|docs)\/|^(CHANGELOG\.md|LICENSE|README(\.ru)?\.md|package\.json)$/;
const UNWANTED = /\.(spec|test)\.|\.tsbuildinfo$|\.env|\.db$/;
const SETTINGS_EXIT_CODE = 78;

const began = Date.now();
const note = (line) => console.error(`${((Date.now() - began) / 1000).toFixed(0).padStart(3)} s  ${line}`);
const folder = mkdtempSync(join(tmpdir(), 'bridge-package-'));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
let broker;

try {
  await prepare({ log: note });
  const tarball = await pack();
  await install(tarball);
  await standalone();
  await compile();
  broker = await provideRabbitmq({ log: note });
  note('running the application …');
  await run('the application', process.execPath, ['--test', '--test-timeout=60000', 'dist/'], {
    env: {
      RABBITMQ_URL: broker.url,
      EMULATOR: pathToFileURL(join(root, 'build/emulator/index.js')).href,
      FORCE_COLOR: '0',
    },
    show: true,
  });
  note('passed');
} catch (error) {
  console.error(`package test: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
  await broker?.stop();
}

async function pack() {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename, files, unpackedSize }] = JSON.parse(await run('npm pack', 'npm', args, { cwd: root }));
  const paths = files.map(({ path }) => path);
  note(`packed ${paths.length} files, ${(unpackedSize / 1e6).toFixed(1)} MB unpacked`);
  const missing = WANTED.filter((path) => !paths.includes(path));
  if (missing.length > 0) throw new Error(`not in the package: ${missing.join(', ')}`);
  const strange = paths.filter((path) => !ALLOWED.test(path) || UNWANTED.test(path));
  if (strange.length > 0) throw new Error(`not for the package: ${strange.join(', ')}`);
  for (const path of paths.filter((name) => name.endsWith('.map'))) {
    const { sources, sourcesContent } = JSON.parse(readFileSync(join(root, path), 'utf8'));
    if (sources.length !== sourcesContent?.length)
      throw new Error(`${path} points to sources that are not there`);
  }
  return join(folder, filename);
}

async function install(tarball) {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  note('npm install …');
  // Applications test with it; it is no part of the package.
  const testing = `@nestjs/testing@${manifest.devDependencies['@nestjs/testing']}`;
  const packages = [tarball, testing];
  await run('npm install', 'npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...packages]);
  // Two copies of Nest's core could not inject into each other.
  const listed = await run('npm ls', 'npm', ['ls', '--all', '--parseable', '@nestjs/core']);
  const copies = new Set(listed.split('\n').filter((path) => path.endsWith('@nestjs/core')));
  if (copies.size !== 1) throw new Error(`not one @nestjs/core is installed: ${[...copies].join(', ')}`);
}

/** What `npx` finds works without an application around it. */
async function standalone() {
  const [name] = Object.keys(manifest.bin);
  const help = await run(name, join(folder, 'node_modules/.bin', name), ['--help']);
  if (!help.includes('doctor')) throw new Error(`${name} --help does not tell its commands:\n${help}`);
  const main = join(folder, 'node_modules', manifest.name, 'dist/main.js');
  await run('the service without settings', process.execPath, [main], { exitCode: SETTINGS_EXIT_CODE });
}

async function compile() {
  cpSync(join(root, 'test/package'), join(folder, 'src'), { recursive: true });
  const compilerOptions = {
    target: 'ES2023',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    typeRoots: [join(root, 'node_modules/@types')],
    types: ['node'],
    rootDir: 'src',
    outDir: 'dist',
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  note('tsc …');
  await run('tsc', process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json']);
}

/** Its output on stdout. @throws {Error} with all of it where the exit code is another one */
async function run(what, program, args, { cwd = folder, env = {}, exitCode = 0, show = false } = {}) {
  const child = spawn(program, args, {
    cwd,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      npm_config_cache: process.env.npm_config_cache,
      ...env,
    },
    stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
  });
  let out = '';
  let all = '';
  child.stdout?.on('data', (chunk) => ((out += chunk), (all += chunk)));
  child.stderr?.on('data', (chunk) => (all += chunk));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== exitCode) throw new Error(`${what} ended with ${code}, not ${exitCode}\n${all.trim()}`);
  return out;
}
