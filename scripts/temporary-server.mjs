import { execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { descendantsOf, isAlive } from './processes.mjs';
import { runToEnd } from './run-to-end.mjs';

/**
 * Ends the processes and removes the folder when its standard input closes, that is when the process that
 * started it is gone, in whatever way: `kill -9` runs no exit handler. Arguments: signal, folder, pids.
 */
const WATCHDOG = `
is_alive() {
  kill -0 "$1" 2> /dev/null || return 1
  # One that nobody reaps answers as well: ended is what the system says it is.
  read -r line 2> /dev/null < "/proc/$1/stat" || return 0
  case \${line##*) } in Z* | X*) return 1 ;; esac
}
cat > /dev/null
signal=$1 folder=$2; shift 2
for pid in "$@"; do kill -s "$signal" "$pid" 2> /dev/null; done
[ "$signal" = KILL ] || for turn in 1 2 3 4 5 6 7 8 9 10; do
  alive=
  for pid in "$@"; do is_alive "$pid" && alive=yes; done
  [ -n "$alive" ] && sleep 0.2
done
for pid in "$@"; do kill -s KILL -- "-$pid" 2> /dev/null; done
for turn in 1 2 3 4 5; do rm -rf -- "$folder" && break; sleep 0.2; done
`;

/**
 * Servers of one kind in a temporary folder of their own, run as `account` when this process is root and
 * that account exists. Nothing of it outlives this process.
 */
export class TemporaryServer {
  #running = [];
  #watchdog;

  /** @param {{ name: string, account: string, stopSignal: NodeJS.Signals }} options */
  constructor({ name, account, stopSignal }) {
    this.stopSignal = stopSignal;
    this.owner = process.getuid?.() === 0 ? accountIds(account) : undefined;
    this.folder = mkdtempSync(join(tmpdir(), `${name}-`));
    if (this.owner) chownSync(this.folder, this.owner.uid, this.owner.gid);
    this.#watch();
  }

  path(...names) {
    return join(this.folder, ...names);
  }

  /** Writes a file that the server's account owns. Returns its path. */
  write(name, text) {
    const file = this.path(name);
    writeFileSync(file, text, { mode: 0o600 });
    if (this.owner) chownSync(file, this.owner.uid, this.owner.gid);
    return file;
  }

  /** Starts a process that stays; its output goes to `<folder>/<output>`. */
  start(command, args, { env = {}, output }) {
    const log = openSync(this.path(output), 'a', 0o600);
    const child = spawn(command, args, {
      ...this.#options(env),
      // A group of its own: Ctrl-C in the terminal must not reach the server before its clients are done.
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const started = { child, ended: false };
    child.once('error', () => (started.ended = true));
    child.once('exit', () => (started.ended = true));
    child.unref();
    this.#running = [...this.#running.filter((other) => !other.ended), started];
    this.#watch();
    return started;
  }

  /** Runs a command to its end as the same account. @throws {Error} with its output when it fails */
  run(command, args, env = {}, options = {}) {
    return runToEnd(command, args, { ...this.#options(env), ...options });
  }

  /** Waits until `ready()` is true. @throws {Error} with the end of its output when the process ends first */
  async until(started, ready, { seconds, output }) {
    const deadline = Date.now() + seconds * 1000;
    while (!(await ready())) {
      if (started.ended) throw new Error(`the server ended while starting:\n${this.tail(output)}`);
      if (Date.now() > deadline) {
        throw new Error(`the server did not answer within ${seconds} s:\n${this.tail(output)}`);
      }
      await pause(100);
    }
  }

  tail(output) {
    return existsSync(this.path(output))
      ? readFileSync(this.path(output), 'utf8').trim().split('\n').slice(-15).join('\n')
      : '';
  }

  /** Numbers of the processes that run, those that they have started included. */
  processes() {
    return this.#running
      .filter(({ child, ended }) => !ended && child.pid !== undefined)
      .flatMap(({ child }) => [child.pid, ...descendantsOf(child.pid)]);
  }

  /**
   * Signals the process and waits until it is gone with all that it started: what is left of a killed server still
   * holds its memory and its ports. What has not ended after 10 s is killed.
   */
  async end(started, signal) {
    const { child } = started;
    if (started.ended || child.pid === undefined) return;
    // Stopped, it starts no other process between the look and the kill.
    if (signal === 'SIGKILL') child.kill('SIGSTOP');
    const family = descendantsOf(child.pid);
    child.kill(signal);
    const deadline = Date.now() + 10_000;
    for (;;) {
      const left = family.filter(isAlive);
      if (started.ended && left.length === 0) return;
      if (Date.now() > deadline) for (const pid of left) killIfThere(pid);
      if (Date.now() > deadline) child.kill('SIGKILL');
      await pause(20);
    }
  }

  /** Ends every process, newest first, and removes the folder. Harmless when repeated. */
  async stop() {
    for (const started of [...this.#running].reverse()) await this.end(started, this.stopSignal);
    this.#running = [];
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    this.#watchdog?.kill('SIGKILL');
    this.#watchdog = undefined;
  }

  #options(env) {
    return {
      ...this.owner,
      cwd: this.folder,
      env: { ...process.env, HOME: this.folder, ...env },
    };
  }

  #watch() {
    const previous = this.#watchdog;
    const pids = this.#running.flatMap(({ child, ended }) =>
      ended || !child.pid ? [] : [String(child.pid)],
    );
    const signal = this.stopSignal.replace('SIG', '');
    this.#watchdog = spawn('sh', ['-c', WATCHDOG, 'watchdog', signal, this.folder, ...pids], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#watchdog.stdin.on('error', () => {});
    this.#watchdog.stdin.unref();
    this.#watchdog.unref();
    previous?.kill('SIGKILL');
  }
}

function killIfThere(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function accountIds(account) {
  try {
    const id = (flag) => Number(execFileSync('id', [flag, account], { stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/** Full path of a program, looked for in `folders` first, then on the PATH; undefined when there is none. */
export function findProgram(name, folders = []) {
  return [
    ...folders,
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    '/opt/homebrew/sbin',
  ]
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}
