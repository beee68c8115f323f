import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { until } from './until.js';

interface ProgramRunOptions {
  /** Beside the path and the home folder. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: 'ignore' | 'pipe';
  /** How long a text is waited for, ms. */
  readonly limitMs: number;
}

/** A program of ours as it runs in a terminal: what it says, and what is typed. */
export class ProgramRun {
  output = '';
  readonly exit: Promise<number | null>;
  private readonly child: ChildProcess;
  private readonly limitMs: number;

  constructor(
    file: string,
    args: readonly string[],
    { env = {}, cwd, stdin = 'ignore', limitMs }: ProgramRunOptions,
  ) {
    this.limitMs = limitMs;
    const stdio: StdioOptions = [stdin, 'pipe', 'pipe'];
    this.child = spawn(process.execPath, [file, ...args], {
      cwd,
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
      stdio,
    });
    const read = (chunk: Buffer) => (this.output += chunk.toString());
    this.child.stdout?.on('data', read);
    this.child.stderr?.on('data', read);
    this.exit = new Promise((resolve) => this.child.once('close', (code) => resolve(code)));
  }

  /** Waits for a text. Returns its first group. */
  async says(text: RegExp): Promise<string> {
    await until(`${text} in\n${this.output}`, () => text.test(this.output), this.limitMs);
    return text.exec(this.output)?.[1] ?? '';
  }

  type(line: string): void {
    this.child.stdin?.end(`${line}\n`);
  }

  async end(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    await this.exit;
  }
}
