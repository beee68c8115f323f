import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePorts } from './free-ports.mjs';
import { aptInstall, canAptInstall } from './installers.mjs';
import { runShowing } from './run-showing.mjs';
import { runToEnd } from './run-to-end.mjs';
import { findProgram } from './temporary-server.mjs';

/** Its servers are RabbitMQ 4 and PostgreSQL 17. */
const SUITE = 'trixie';
const PACKAGES = ['ca-certificates', 'git', 'procps', 'util-linux', 'rabbitmq-server', 'postgresql'];
const MIRROR = 'http://deb.debian.org/debian';
/** Where Debian's own images keep their mirror, in either form. */
const SOURCES = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'];

/** Certificates that this machine trusts beside Node's own. */
const TRUSTED = 'opt/node/trusted.pem';

/** Why none can be made here; null where one can. */
export function whyNoDebian13() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it takes root on Linux';
  if (findProgram('debootstrap') === undefined && !canAptInstall())
    return 'debootstrap is not installed, and cannot be';
  if (findProgram('unshare') === undefined || findProgram('chroot') === undefined)
    return 'unshare or chroot is missing';
  return null;
}

/** Makes a minimal Debian 13 with both servers in an empty folder. They are not started. */
export async function makeDebian13(folder, log) {
  if (findProgram('debootstrap') === undefined) await aptInstall(['debootstrap'], log);
  log('downloading Debian 13 …');
  await runToEnd('debootstrap', ['--variant=minbase', SUITE, folder, mirror()]);
  writeFileSync(join(folder, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const install = `apt-get update -qq && apt-get install -y -qq --no-install-recommends ${PACKAGES.join(' ')}`;
  const { code } = await runInside(folder, install, { env: { DEBIAN_FRONTEND: 'noninteractive' } });
  if (code !== 0)
    throw new Error(`Debian 13: its servers could not be installed (apt-get ended with ${code})`);
}

/** Puts this process's Node and npm into it. */
export function bringNode(folder) {
  const node = join(folder, 'opt/node');
  mkdirSync(join(node, 'bin'), { recursive: true });
  cpSync(process.execPath, join(node, 'bin/node'));
  const npm = [
    join(dirname(process.execPath), '../lib/node_modules/npm'),
    '/usr/lib/node_modules/npm',
    '/usr/share/nodejs/npm',
  ].find((place) => existsSync(place));
  if (npm === undefined) throw new Error('Debian 13: npm was not found beside node');
  cpSync(npm, join(node, 'lib/node_modules/npm'), { recursive: true, dereference: true });
  const trusted = process.env.NODE_EXTRA_CA_CERTS;
  if (trusted !== undefined && existsSync(trusted))
    cpSync(trusted, join(folder, TRUSTED), { dereference: true });
  for (const name of ['npm', 'npx']) {
    const script = `#!/bin/sh\nexec /opt/node/bin/node /opt/node/lib/node_modules/npm/bin/${name}-cli.js "$@"\n`;
    writeFileSync(join(node, 'bin', name), script, { mode: 0o755 });
  }
}

/** Settings under which the tests inside take its own servers and not those that run on this machine. */
export async function ownServers() {
  const [rabbitmq, postgres] = await freePorts(2);
  return { RABBITMQ_PROBE_PORT: String(rabbitmq), POSTGRES_PROBE_PORT: String(postgres) };
}

/**
 * Runs a shell command inside, as root, with processes of its own: whatever it leaves behind ends with it. Resolves with
 * its exit code and what it printed, which is shown as it comes.
 */
export function runInside(folder, command, { env = {}, cwd = '/' } = {}) {
  const file = (name) => `cp -L /etc/${name} ${folder}/etc/${name}`;
  const mounts = [
    `mount -t proc proc ${folder}/proc`,
    ...['sys', 'dev'].map((name) => `mount --rbind /${name} ${folder}/${name}`),
    `mount -t tmpfs tmpfs ${folder}/run`,
  ];
  const set = Object.entries({
    HOME: '/root',
    LANG: 'C.UTF-8',
    PATH: '/opt/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    // What a registry or a proxy is called must hold inside as well.
    ...Object.fromEntries(
      Object.entries(process.env).filter(([name]) => /^(npm_config_|https?_proxy$|no_proxy$)/i.test(name)),
    ),
    ...(existsSync(join(folder, TRUSTED)) ? { NODE_EXTRA_CA_CERTS: `/${TRUSTED}` } : {}),
    ...env,
  }).map(([name, value]) => `${name}=${value}`);
  const steps = [file('resolv.conf'), file('hosts'), ...mounts, `exec chroot ${folder} "$@"`].join(' && ');
  const inside = ['/usr/bin/env', '-i', ...set, '/bin/sh', '-c', `cd ${cwd} && ${command}`];
  const unshared = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
  return runShowing('unshare', [...unshared, 'sh', '-c', steps, 'sh', ...inside], { signal: 'SIGKILL' });
}

/** Removes it, however much of it still runs. */
export function removeDebian13(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
}

/** The mirror that this machine uses, where it is a Debian. */
function mirror() {
  for (const file of SOURCES) {
    if (!existsSync(file)) continue;
    const [found] = /https?:\/\/\S+\/debian\/?(?=\s|$)/m.exec(readFileSync(file, 'utf8')) ?? [];
    if (found !== undefined) return found;
  }
  return MIRROR;
}
