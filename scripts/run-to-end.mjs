import { spawn } from 'node:child_process';

/**
 * Runs a command to its end, its output kept back. Returns what it wrote to stdout.
 * @param options those of `spawn`, without `stdio`, and `input`, a text for its standard input
 * @param started told of the process, for who has to be able to end it
 * @throws {Error} with all its output where it cannot be started or does not end with 0
 */
export async function runToEnd(command, args, options = {}, started = () => {}) {
  const { input, ...rest } = options;
  const stdin = input === undefined ? 'ignore' : 'pipe';
  const child = spawn(command, args, { ...rest, stdio: [stdin, 'pipe', 'pipe'] });
  started(child);
  // One that ends without reading it says why itself.
  child.stdin?.on('error', () => {}).end(input);
  let out = '';
  let all = '';
  child.stdout.on('data', (chunk) => ((out += chunk), (all += chunk)));
  child.stderr.on('data', (chunk) => (all += chunk));
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  });
  if (code !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}:\n${all.trim()}`);
  }
  return out;
}
