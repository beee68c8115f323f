import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Cleanup } from './cleanup.js';
import { Scrape } from './prometheus.js';
import { until } from './until.js';

/** build/bench/support → the project's root. */
const ROOT = join(import.meta.dirname, '../../..');

const KEPT_COMPLAINTS = 20;

interface ServiceOptions {
  readonly profile?: boolean;
  readonly onLine?: (line: string) => void;
}

/** The built service as its users run it, as a process of its own. */
export class Service {
  readonly complaints: string[] = [];
  complained = 0;
  private url: string | null = null;
  private tail = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly profiles: string | null,
    private readonly onLine: (line: string) => void,
  ) {}

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the service did not start');
    return this.child.pid;
  }

  /** Where it listens. */
  get address(): string {
    return this.url ?? '';
  }

  /**
   * Starts it; resolves when it listens.
   * @param settings its environment; nothing of this process's but the path is passed on
   * @param options.onLine is told every line of its log
   */
  static async start(
    cleanup: Cleanup,
    settings: Readonly<Record<string, string>>,
    { profile = false, onLine = () => undefined }: ServiceOptions = {},
  ): Promise<Service> {
    const profiles = profile ? cleanup.folder() : null;
    const nodeArgs = profiles === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
    const child = spawn(process.execPath, [...nodeArgs, join(ROOT, 'dist/main.js')], {
      // A folder without an .env of somebody's.
      cwd: cleanup.folder(),
      env: { PATH: process.env['PATH'], HTTP_PORT: '0', LOG_FORMAT: 'json', ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    cleanup.child(child);
    const service = new Service(child, profiles, onLine);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => service.read(chunk.toString()));
    }
    await until('the service to listen', () => service.listening(), { timeoutMs: 60_000 });
    return service;
  }

  async scrape(): Promise<Scrape> {
    const response = await fetch(`${this.url ?? ''}/metrics`);
    return new Scrape(await response.text());
  }

  /** CPU seconds that the process has used. */
  async cpuSeconds(): Promise<number> {
    return (await this.scrape()).sum('process_cpu_seconds_total');
  }

  /**
   * Stops it as an operator would. Returns the path of its CPU profile where one was asked for.
   * @throws Error when it does not end with 0
   */
  async stop(): Promise<string | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await exited;
    }
    if (this.child.exitCode !== 0) {
      throw new Error(`the service ended with ${this.child.exitCode ?? 'a signal'}:\n${this.tail}`);
    }
    if (this.profiles === null) return null;
    const file = readdirSync(this.profiles).find((name) => name.endsWith('.cpuprofile'));
    return file === undefined ? null : join(this.profiles, file);
  }

  /** Ends it as a crash would. Resolves when it is gone. */
  async kill(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  private listening(): boolean {
    if (this.child.exitCode !== null)
      throw new Error(`the service did not start:\n${this.complaints.join('\n')}`);
    return this.url !== null;
  }

  private read(text: string): void {
    const lines = (this.tail + text).split('\n');
    // The last one is not complete yet.
    for (const line of lines.slice(0, -1)) this.readLine(line);
    this.tail = lines.slice(-1)[0] ?? '';
  }

  private readLine(line: string): void {
    this.onLine(line);
    if (this.url === null) this.url = /"event":"http\.listening".*"url":"([^"]+)"/.exec(line)?.[1] ?? null;
    if (line.includes('"level":"info"') || line.includes('"tokens.in_clear"')) return;
    this.complained += 1;
    if (this.complaints.length < KEPT_COMPLAINTS) this.complaints.push(line);
  }
}
