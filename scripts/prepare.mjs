import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const BUILD_SETTINGS = ['tsconfig.base.json', 'package-lock.json'];
const TOOL_FOLDERS = ['emulator', 'bench', 'examples'];

/**
 * Brings dependencies and both builds up to date, each only when it is stale: a call with nothing to do
 * takes milliseconds. Says one line about each step that it does run.
 * @throws {Error} with the output of the step that failed
 */
export async function prepare({ folder = root, log = (line) => console.error(line) } = {}) {
  checkNode(folder);
  const unlock = await lock(folder);
  try {
    if (dependenciesStale(folder)) {
      await step('npm ci', folder, log, ['ci', '--include=dev', '--no-audit', '--no-fund']);
    }
    const sources = ['src', 'tsconfig.build.json', 'nest-cli.json', ...BUILD_SETTINGS];
    if (outputStale(folder, 'dist', ['src'], sources)) {
      await step('npm run build', folder, log, ['run', 'build'], 'dist');
    }
    // The tools may import from src, so they are as stale as it is.
    const toolSources = [...TOOL_FOLDERS, 'src', 'tsconfig.tools.json', ...BUILD_SETTINGS];
    if (outputStale(folder, 'build', TOOL_FOLDERS, toolSources)) {
      await step('npm run build:tools', folder, log, ['run', 'build:tools'], 'build');
    }
    makeExecutable(folder);
  } finally {
    unlock();
  }
}

/** The compiler does not, and `npx bitrix24-bridge` only does where it has not linked this folder before. */
function makeExecutable(folder) {
  const program = join(folder, 'dist/cli/main.js');
  if (existsSync(program)) chmodSync(program, 0o755);
}

function checkNode(folder) {
  const wanted = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).engines?.node ?? '>=20';
  const [major = 0, minor = 0] = (/(\d+)(?:\.(\d+))?/.exec(wanted) ?? [])
    .slice(1)
    .map((part) => Number(part ?? 0));
  const [haveMajor, haveMinor] = process.versions.node.split('.').map(Number);
  if (haveMajor < major || (haveMajor === major && haveMinor < minor)) {
    throw new Error(`Node ${wanted} is needed, this is ${process.versions.node}`);
  }
}

/** Two terminals may start at once in a fresh checkout; two `npm ci` in one folder destroy each other. */
async function lock(folder) {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  const file = join(tmpdir(), `bitrix24-offline-bridge-prepare-${name}`);
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (holderIsGone(file)) rmSync(file, { force: true });
    else await pause(200);
  }
}

function holderIsGone(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    // An empty file is one that its holder is still writing, unless it stays so.
    if (pid === 0) return Date.now() - statSync(file).mtimeMs > 5000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
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

function outputStale(folder, output, required, sources) {
  if (!required.some((name) => hasSource(join(folder, name)))) return false;
  return newest(join(folder, output)) < Math.max(...sources.map((name) => newest(join(folder, name))));
}

function hasSource(path) {
  if (!existsSync(path)) return false;
  return readdirSync(path, { recursive: true }).some((name) => isSource(String(name)));
}

const isSource = (name) => name.endsWith('.ts') && !name.endsWith('.spec.ts');

/** Newest change below a path, in milliseconds; folders count, so that a removed file is noticed. 0 = absent. */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || path.endsWith('.spec.ts')) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stat.mtimeMs);
}

async function step(title, folder, log, args, output) {
  log(`${title} …`);
  // A group of its own, so that it can be ended with everything that npm starts.
  const child = spawn('npm', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  // Half a build would pass for an up-to-date one.
  const discard = () =>
    output !== undefined && rmSync(join(folder, output), { recursive: true, force: true });
  const abandon = () => {
    process.kill(-child.pid, 'SIGKILL');
    discard();
  };
  process.once('exit', abandon);
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  child.stderr.on('data', (chunk) => (text += chunk));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  process.off('exit', abandon);
  if (code === 0) return;
  // The compiler writes files in spite of errors.
  discard();
  throw new Error(`${title} failed in ${relative(process.cwd(), folder) || '.'}:\n${text.trim()}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await prepare().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
