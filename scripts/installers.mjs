import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { findProgram } from './temporary-server.mjs';
import { root } from './prepare.mjs';
import { runToEnd } from './run-to-end.mjs';

const POLICY_FILE = '/usr/sbin/policy-rc.d';

/** Whether `aptInstall` can work here: Debian's tools, and the rights to use them. */
export function canAptInstall() {
  return (
    process.getuid?.() === 0 && existsSync('/etc/debian_version') && findProgram('apt-get') !== undefined
  );
}

/**
 * Installs Debian packages without letting them start their services: a server that appears on its usual
 * port would be a surprise. Each of apt's two steps may take `timeoutMs`.
 * @throws {Error} with apt's output
 */
export async function aptInstall(packages, log, { timeoutMs } = {}) {
  log(`installing ${packages.join(', ')} with apt-get …`);
  const deny = !existsSync(POLICY_FILE);
  // 101 = "action forbidden by policy", asked by invoke-rc.d and deb-systemd-invoke.
  const allow = () => rmSync(POLICY_FILE, { force: true });
  if (deny) {
    writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    // A Ctrl-C while apt works must not leave the machine unable to start services.
    process.once('exit', allow);
  }
  try {
    const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: timeoutMs };
    await runToEnd('apt-get', ['update', '-qq'], options);
    await runToEnd('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
  } finally {
    if (deny) {
      allow();
      process.off('exit', allow);
    }
  }
}

/** Whether a Docker engine answers; the client alone can start nothing. */
export async function canCompose() {
  if (findProgram('docker') === undefined) return false;
  try {
    await runToEnd('docker', ['info']);
    await runToEnd('docker', ['compose', 'version']);
    return true;
  } catch {
    return false;
  }
}

/** Neither has a checkout settings of its own yet, nor are other ports any use to the tests. */
const COMPOSE_ENV = {
  B24_CLIENT_ID: '',
  BRIDGE_ENV_FILE: '.env.example',
  RABBITMQ_PORT: '5672',
  POSTGRES_PORT: '5432',
};

/** Starts one service of docker-compose.yml and waits until it is healthy. Returns what removes it again. */
export async function composeUp(service, log) {
  log(`starting ${service} with docker compose …`);
  const options = { cwd: root, env: { ...process.env, ...COMPOSE_ENV } };
  const remove = () =>
    spawnSync('docker', ['compose', 'rm', '--stop', '--force', '--volumes', service], options);
  process.once('exit', remove);
  const stop = async () => {
    process.off('exit', remove);
    remove();
  };
  try {
    await runToEnd('docker', ['compose', 'up', '--detach', '--wait', service], options);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
