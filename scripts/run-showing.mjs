import { spawn } from 'node:child_process';

/**
 * Runs a program to its end, showing what it says as it comes. Resolves with its exit code, 127 where it cannot be started,
 * and all that it printed. It ends with this process.
 * @param signal by which it ends then
 */
export async function runShowing(command, args, { signal = 'SIGTERM', ...options } = {}) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = () => child.kill(signal);
  process.prependOnceListener('exit', end);
  let output = '';
  const show = (to) => (chunk) => {
    output += chunk;
    to.write(chunk);
  };
  child.stdout.on('data', show(process.stdout));
  child.stderr.on('data', show(process.stderr));
  const code = await new Promise((resolve) => {
    child.once('error', () => resolve(127));
    child.once('close', (status) => resolve(status ?? 1));
  });
  process.off('exit', end);
  return { code, output };
}
