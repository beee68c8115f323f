import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from './programs.js';
import { until } from './until.js';

export const RABBITMQ_URL = process.env['RABBITMQ_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672';

const MOVABLE_CLOCK = new URL('movable-clock.mjs', import.meta.url).href;

/** A log line of the service; `message` is what the line says beside its level, time and the like. */
export interface LogLine {
  readonly level: string;
  /** What it says in words. */
  readonly text: string;
  readonly message: { readonly event?: string } & Record<string, unknown>;
}

function readLine(text: string): LogLine {
  const { level, msg, ...facts } = JSON.parse(text) as Record<string, unknown>;
  for (const name of ['time', 'timestamp', 'pid']) delete facts[name];
  return { level: String(level), text: String(msg), message: facts };
}

/** The built service as a process of its own, with its database in a temporary folder. */
export class BridgeProcess {
  readonly lines: LogLine[] = [];
  output = '';
  private child: ChildProcess | null = null;
  private exit: Promise<number | null> | null = null;
  private readonly folder = mkdtempSync(join(tmpdir(), 'bridge-'));

  /**
   * @param settings on top of: JSON logs, a free HTTP port, a database in `folder`
   * @param options.movableClock its clock can be set forward
   */
  constructor(
    readonly settings: Record<string, string>,
    private readonly options: { readonly movableClock?: boolean } = {},
  ) {}

  /** Of SQLite: where the settings say, or in its folder. */
  get databaseFile(): string {
    const url = this.settings['DATABASE_URL'] ?? '';
    return url.startsWith('file:') ? url.slice('file:'.length) : join(this.folder, 'bridge.db');
  }

  /** Address of its HTTP server; known once `http.listening` was logged. */
  get url(): string {
    const url = this.find('http.listening')?.message['url'];
    if (typeof url !== 'string') throw new Error('the bridge does not listen yet');
    return url;
  }

  /** Of the process that was started last. */
  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Starts the process, with these settings from now on; again after it has ended. Does not wait for anything. */
  start(settings: Record<string, string> = {}): void {
    Object.assign(this.settings, settings);
    const env: Record<string, string> = {
      PATH: process.env['PATH'] ?? '',
      DATABASE_URL: `file:${this.databaseFile}`,
      HTTP_PORT: '0',
      LOG_FORMAT: 'json',
      RABBITMQ_URL,
      ...this.settings,
    };
    this.lines.length = 0;
    const movable = this.options.movableClock === true;
    const nodeArgs = ['--enable-source-maps', ...(movable ? ['--import', MOVABLE_CLOCK] : [])];
    const child = spawn(process.execPath, [...nodeArgs, program('main.js')], {
      env,
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe', ...(movable ? (['ipc'] as const) : [])],
    });
    this.child = child;
    let rest = '';
    const read = (chunk: Buffer) => {
      this.output += chunk.toString();
      rest += chunk.toString();
      const complete = rest.split('\n');
      rest = complete.pop() ?? '';
      for (const line of complete) {
        try {
          this.lines.push(readLine(line));
        } catch {
          continue;
        }
      }
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    this.exit = new Promise((resolve) => child.once('close', (code) => resolve(code)));
  }

  /**
   * Sets the clock of a process with a movable one forward, and its timers with it: those due by then come due at once,
   * time limits of what is under way included. So it is done at rest. A process that is started later has the true time.
   */
  async setClockForward(ms: number): Promise<void> {
    if (this.child === null) throw new Error('the bridge does not run');
    const set = once(this.child, 'message');
    this.child.send({ setForwardMs: ms });
    await set;
  }

  find(event: string): LogLine | undefined {
    return this.lines.find((line) => line.message?.event === event);
  }

  async logged(event: string, timeoutMs = 45_000): Promise<LogLine> {
    await until(
      `log line ${event}\n${this.output.slice(-3000)}`,
      () => this.find(event) !== undefined,
      timeoutMs,
    );
    return this.find(event) as LogLine;
  }

  /** Sends a signal and resolves with the exit code (null: killed). */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child?.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    return this.exit;
  }

  /** Stops the process where it is, or lets it go on (SIGSTOP, SIGCONT); resolves at once. */
  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  async exited(): Promise<number | null> {
    return this.exit;
  }

  /** Ends the process and deletes its folder. */
  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
