import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/**
 * Whether a process still does something. One that has ended but whose parent never asks for its exit code (a container
 * without an init process is full of them) still answers to signal 0, and is not alive.
 */
export function isAlive(pid) {
  if (hasProc()) return runs(statOf(pid));
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

/** Tells a process apart from a later one of the same number; empty where the system does not say, or it is gone. */
export function startedAt(pid) {
  return statOf(pid)?.startedAt ?? '';
}

/** The processes that this one has started, and that those have started, as far as they are alive. */
export function descendantsOf(pid) {
  const all = hasProc() ? everyStat() : everyLineOfPs();
  const found = [];
  for (const parents = [pid]; parents.length > 0;) {
    const parent = parents.pop();
    const children = all.filter((one) => one.parent === parent && runs(one)).map((one) => one.pid);
    found.push(...children);
    parents.push(...children);
  }
  return found;
}

const hasProc = () => existsSync('/proc/self/stat');

/** `Z`: ended and not yet reaped; `X`: about to vanish. */
const runs = (stat) => stat !== undefined && !/^[ZX]/.test(stat.state);

function everyStat() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat !== undefined);
}

function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before it stands in parentheses and may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, state: fields[0], parent: Number(fields[1]), startedAt: fields[19] };
  } catch {
    return undefined;
  }
}

function everyLineOfPs() {
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, parent, state]) => ({ pid: Number(pid), parent: Number(parent), state }));
}
