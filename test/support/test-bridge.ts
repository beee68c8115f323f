import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.js';

export const RABBITMQ_URL = process.env['RABBITMQ_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672';

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

/** The built service, with its database in a temporary folder. */
export abstract class TestBridge {
  readonly lines: LogLine[] = [];
  output = '';
  protected readonly folder = mkdtempSync(join(tmpdir(), 'bridge-'));
  private rest = '';

  /** @param settings on top of: JSON logs, a free HTTP port, a database in `folder` */
  constructor(readonly settings: Record<string, string>) {}

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

  /** Starts it, with these settings from now on; again after it has ended. Does not wait for anything. */
  start(settings: Record<string, string> = {}): void {
    Object.assign(this.settings, settings);
    this.lines.length = 0;
    this.rest = '';
    this.run({
      PATH: process.env['PATH'] ?? '',
      DATABASE_URL: `file:${this.databaseFile}`,
      HTTP_PORT: '0',
      LOG_FORMAT: 'json',
      RABBITMQ_URL,
      ...this.settings,
    });
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

  /** Has it stop as SIGTERM does, and resolves with the exit code. */
  abstract stop(): Promise<number | null>;

  /** Ends it and deletes its folder. */
  async remove(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  protected abstract run(env: Record<string, string>): void;

  /** What it does then does not matter any more. */
  protected abstract end(): Promise<unknown>;

  protected read(text: string): void {
    this.output += text;
    this.rest += text;
    const complete = this.rest.split('\n');
    this.rest = complete.pop() ?? '';
    for (const line of complete) {
      try {
        this.lines.push(readLine(line));
      } catch {
        continue;
      }
    }
  }
}
