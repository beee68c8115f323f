import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { RABBITMQ_URL, type TestBridge } from '../support/test-bridge.js';
import { program } from '../support/programs.js';
import { until } from '../support/until.js';

/** How a command ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One command of the built command line, in a process of its own. */
export class CommandLine {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  private readonly child: ChildProcessWithoutNullStreams;

  /** @param env settings besides PATH; without any, the command has none */
  constructor(args: readonly string[], env: Record<string, string>, folder: string) {
    this.child = spawn(process.execPath, [program('cli/main.js'), ...args], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      cwd: folder,
    });
    this.child.stdout.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    // It may end without having read what we had to say.
    this.child.stdin.on('error', () => undefined);
    this.ended = new Promise((resolve) =>
      this.child.once('close', (exitCode) => resolve({ exitCode, stdout: this.stdout, stderr: this.stderr })),
    );
  }

  /** Waits for a text on stderr, where the command talks to the person at the terminal. */
  async says(text: string | RegExp): Promise<string> {
    const found = () => (typeof text === 'string' ? this.stderr.includes(text) : text.test(this.stderr));
    await until(`the command to say ${String(text)}`, found);
    return this.stderr;
  }

  type(line: string): void {
    this.child.stdin.write(`${line}\n`);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  closeInput(): void {
    this.child.stdin.end();
  }
}

/** The settings of a service, and where it runs. */
export const settingsOf = (bridge: TestBridge, settings: Record<string, string> = {}) => ({
  env: { DATABASE_URL: `file:${bridge.databaseFile}`, RABBITMQ_URL, ...bridge.settings, ...settings },
  folder: dirname(bridge.databaseFile),
});

/** Begins a command with the settings, and in the folder, of a service. */
export function begin(
  bridge: TestBridge,
  args: readonly string[],
  settings: Record<string, string> = {},
): CommandLine {
  const { env, folder } = settingsOf(bridge, settings);
  return new CommandLine(args, env, folder);
}

/** The same, to its end, with nothing on its standard input. */
export function run(
  bridge: TestBridge,
  args: readonly string[],
  settings: Record<string, string> = {},
): Promise<Ended> {
  const command = begin(bridge, args, settings);
  command.closeInput();
  return command.ended;
}

/** What a command prints with `--json`, whatever its exit code. */
export async function json<T>(
  bridge: TestBridge,
  args: readonly string[],
  settings: Record<string, string> = {},
): Promise<T & { readonly exitCode: number | null }> {
  return jsonOf<T>(args, await run(bridge, [...args, '--json'], settings));
}

/** What a command has printed, read as JSON. @throws {Error} with what it has printed instead */
export function jsonOf<T>(
  args: readonly string[],
  { exitCode, stdout, stderr }: Ended,
): T & { readonly exitCode: number | null } {
  try {
    return { ...(JSON.parse(stdout) as T), exitCode };
  } catch {
    throw new Error(`${args.join(' ')} printed no JSON: ${stdout}${stderr}`);
  }
}
