import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, readFileSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { type BridgeFigures } from './balance.js';

/** A start takes about a second; a machine at its limit may need much longer. */
const START_MS = 60_000;
/** A stop is promised within 10 s. */
const STOP_MS = 15_000;
/** Where `npm test` has them, they start in a quarter of the time (docs/adr/0014). */
const PROGRAMS = process.env['BRIDGE_PROGRAMS'] ?? join(import.meta.dirname, '../../../dist');
const PROGRAM = join(PROGRAMS, 'main.js');
const COMMAND = join(PROGRAMS, 'cli/main.js');

/** The built bridge as a process of its own, its log in a file. */
export class BridgeService {
  readonly logFile: string;
  /** Address of its HTTP server, once it has started. */
  url = '';
  private readonly log: WriteStream;
  private readonly events = new Map<string, Record<string, unknown>>();
  private child: ChildProcess | null = null;
  private ended: Promise<string> = Promise.resolve('it was never started');
  private endedHow: string | null = null;
  private onEvent: (() => void) | null = null;

  /**
   * @param folder for its log and its database
   * @param settings as in its environment
   */
  constructor(
    private readonly folder: string,
    private readonly settings: Readonly<Record<string, string>>,
  ) {
    this.logFile = join(folder, 'bridge.log');
    this.log = createWriteStream(this.logFile, { flags: 'a' });
  }

  private get databaseUrl(): string {
    return `file:${join(this.folder, 'bridge.db')}`;
  }

  /** How the process ended, null while it runs. */
  get failure(): string | null {
    return this.endedHow;
  }

  /**
   * Starts the process, and waits until it listens and has installed the portal.
   * @param portal the one to install; null: none
   * @param others settings beside those of every start
   * @throws Error when it ends before, or takes too long
   */
  async start(
    portal: { domain: string; refreshToken: string } | null,
    others: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    this.events.clear();
    this.endedHow = null;
    const child = spawn(process.execPath, ['--enable-source-maps', PROGRAM], {
      cwd: this.folder,
      env: {
        PATH: process.env['PATH'] ?? '',
        DATABASE_URL: this.databaseUrl,
        // Whoever has opened its pages finds them at the same address after another start.
        HTTP_PORT: this.url === '' ? '0' : new URL(this.url).port,
        LOG_FORMAT: 'json',
        ...this.settings,
        ...others,
        ...(portal && { B24_DOMAIN: portal.domain, B24_REFRESH_TOKEN: portal.refreshToken }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    void this.ended.then((how) => {
      this.endedHow = how;
      this.onEvent?.();
    });
    child.stderr.on('data', (chunk: Buffer) => this.log.write(chunk));
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => {
      this.log.write(chunk);
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach((line) => this.note(line));
    });
    if (portal !== null) await this.seen('portal.installed');
    this.url = String((await this.seen('http.listening'))['url']);
  }

  /**
   * Runs a command of `bitrix24-bridge` on the bridge's database.
   * @throws Error with what it printed where it does not end with 0
   */
  async command(...args: readonly string[]): Promise<void> {
    const child = spawn(process.execPath, [COMMAND, ...args], {
      cwd: this.folder,
      env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: this.databaseUrl, ...this.settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const how = await new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    if (how !== 'exit code 0') throw new Error(`bitrix24-bridge ${args.join(' ')}: ${how}\n${said}`);
  }

  /** Ends the process; resolves with how it ended. */
  async stop(): Promise<string> {
    const { child } = this;
    if (child === null || this.endedHow !== null) return this.ended;
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    const how = await this.ended;
    clearTimeout(kill);
    return how;
  }

  /** Nothing is written down any more. */
  closeLog(): Promise<void> {
    return new Promise((resolve) => this.log.end(resolve));
  }

  /** The last lines of the log. */
  logTail(lines = 20): string {
    return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  /**
   * Its figures by the name of each portal.
   * @throws Error when it does not answer
   */
  async figures(portals: readonly string[]): Promise<Map<string, BridgeFigures>> {
    const answer = await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(5000) });
    const samples = parseSamples(await answer.text());
    return new Map(
      portals.map((portal) => {
        const value = (name: string, outcome?: string) => {
          const found = samples.find(
            (sample) =>
              sample.name === name &&
              sample.labels['portal'] === portal &&
              sample.labels['outcome'] === outcome,
          );
          return found?.value ?? 0;
        };
        const settled = (outcome: string) => value('bridge_events_settled_total', outcome);
        return [
          portal,
          {
            published: value('bridge_events_published_total'),
            processed: settled('processed'),
            failed: settled('failed'),
            lateFailed: settled('late_failed'),
            dead: settled('dead'),
            inFlight: value('bridge_events_in_flight'),
          },
        ];
      }),
    );
  }

  private note(line: string): void {
    try {
      const said: unknown = JSON.parse(line);
      if (typeof said !== 'object' || said === null || !('event' in said)) return;
      this.events.set(String(said.event), { ...said });
      this.onEvent?.();
    } catch {
      return;
    }
  }

  private seen(event: string): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        this.onEvent = null;
        act();
      };
      const timer = setTimeout(
        () =>
          settle(() => reject(new Error(`the bridge did not get to ${event} within ${START_MS / 1000} s`))),
        START_MS,
      );
      this.onEvent = () => {
        const facts = this.events.get(event);
        if (facts !== undefined) settle(() => resolve(facts));
        else if (this.endedHow !== null) {
          const how = this.endedHow;
          settle(() => reject(new Error(`the bridge ended at its start: ${how}`)));
        }
      };
      this.onEvent();
    });
  }
}

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads Prometheus' text form, as far as this program needs it. */
function parseSamples(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const [, name = '', labels = '', value] of text.matchAll(/^(bridge_\w+)\{([^}]*)\} (\S+)$/gm)) {
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(
      ([, key = '', word = '']) => [key, word] as const,
    );
    samples.push({ name, labels: Object.fromEntries(pairs), value: Number(value) });
  }
  return samples;
}
