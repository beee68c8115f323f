import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';
import { beginToMake, isUpToDate } from './made-of.mjs';
import { isAlive, startedAt } from './processes.mjs';
import { runToEnd } from './run-to-end.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Brings dependencies and both builds up to date, each only when it is stale: a call with nothing to do
 * takes milliseconds. Says one line about each step that it does run. With `bundled`, the programs' bundles too,
 * where esbuild is installed; they are rehearsed on `broker`.
 * @throws {Error} with the output of the step that failed
 */
export async function prepare({
  folder = root,
  log = (line) => console.error(line),
  bundled = false,
  broker,
} = {}) {
  checkNode(folder);
  const unlock = await lock(folder);
  try {
    if (dependenciesStale(folder)) {
      await step('npm ci', folder, log, ['ci', '--include=dev', '--no-audit', '--no-fund']);
    }
    for (const [output, script] of [
      ['dist', 'build'],
      ['build', 'build:tools'],
    ]) {
      if (!isUpToDate(folder, output)) await step(`npm run ${script}`, folder, log, ['run', script], output);
    }
    makeExecutable(folder);
    if (bundled) await bringBundlesUpToDate(folder, broker, log);
  } finally {
    unlock();
  }
}

async function bringBundlesUpToDate(folder, broker, log) {
  if (isUpToDate(folder, 'build/bundle')) return;
  const began = Date.now();
  const bundled = beginToMake(folder, 'build/bundle');
  const made = await bundle(folder, broker);
  if (made) bundled();
  log(
    made ? `bundles of dist: ${Date.now() - began} ms` : 'no esbuild: tests start dist, which takes longer',
  );
}

/** The compiler does not, and `npx bitrix24-bridge` only does where it has not linked this folder before. */
function makeExecutable(folder) {
  const program = join(folder, 'dist/cli/main.js');
  if (existsSync(program)) chmodSync(program, 0o755);
}

/** A newer Node than is promised may try; npm says that it is none of those. */
function checkNode(folder) {
  const wanted = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).engines?.node;
  if (wanted === undefined) return;
  const [major, minor] = process.versions.node.split('.').map(Number);
  const fits = [...wanted.matchAll(/(\^|>=)(\d+)\.(\d+)/g)].some(
    ([, operator, least, leastMinor]) =>
      (major === Number(least) && minor >= Number(leastMinor)) ||
      (operator === '>=' && major > Number(least)),
  );
  if (!fits) throw new Error(`Node ${wanted} is needed, this is ${process.versions.node}`);
}

/** Two terminals may start at once in a fresh checkout; two `npm ci` in one folder destroy each other. */
async function lock(folder) {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  const file = join(tmpdir(), `bitrix24-offline-bridge-prepare-${name}`);
  for (;;) {
    try {
      writeFileSync(file, holder(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (holderIsGone(file)) rmSync(file, { force: true });
    else await pause(200);
  }
}

/** Not the number alone: a container that starts again gives out the same ones. */
const holder = (pid) => `${pid} ${startedAt(pid)}`;

function holderIsGone(file) {
  try {
    const text = readFileSync(file, 'utf8');
    // An empty file is one that its holder is still writing, unless it stays so.
    if (text === '') return Date.now() - statSync(file).mtimeMs > 5000;
    const pid = Number(text.split(' ')[0]);
    return !isAlive(pid) || text !== holder(pid);
  } catch {
    return false; // it was given back in this moment: try again
  }
}

/** npm's own record of what it installed, against what the lock file asks for. */
function dependenciesStale(folder) {
  const wanted = join(folder, 'package-lock.json');
  const installed = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return true;
  if (statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return false;
  // Git renews a file's time on every checkout; only another content needs another install.
  const have = JSON.parse(readFileSync(installed, 'utf8')).packages;
  return Object.entries(JSON.parse(readFileSync(wanted, 'utf8')).packages).some(
    ([path, entry]) =>
      path !== '' &&
      (have[path] === undefined ? entry.optional !== true : have[path].version !== entry.version),
  );
}

async function step(title, folder, log, args, output) {
  log(`${title} …`);
  // Half a build would pass for an up-to-date one, and the compiler writes files in spite of errors.
  const discard = () =>
    output !== undefined && rmSync(join(folder, output), { recursive: true, force: true });
  let abandon;
  try {
    // A group of its own, so that it can be ended with everything that npm starts.
    await runToEnd('npm', args, { cwd: folder, detached: true }, (child) => {
      abandon = () => {
        process.kill(-child.pid, 'SIGKILL');
        discard();
      };
      process.once('exit', abandon);
    });
  } catch (error) {
    discard();
    throw new Error(`${title} failed in ${relative(process.cwd(), folder) || '.'}:\n${error.message}`, {
      cause: error,
    });
  } finally {
    process.off('exit', abandon);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await prepare().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
