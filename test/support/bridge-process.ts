import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { program } from './programs.js';
import { TestBridge } from './test-bridge.js';

const MOVABLE_CLOCK = new URL('movable-clock.mjs', import.meta.url).href;

/** The built service as a process of its own, which can be killed. */
export class BridgeProcess extends TestBridge {
  private child: ChildProcess | null = null;
  private exit: Promise<number | null> | null = null;

  /** @param options `movableClock`: its clock can be set forward; `file`: what is run, the service's program unless it is given */
  constructor(
    settings: Record<string, string>,
    private readonly options: { readonly movableClock?: boolean; readonly file?: string } = {},
  ) {
    super(settings);
  }

  /** Of the process that was started last. */
  get pid(): number {
    return this.child?.pid ?? 0;
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

  protected run(env: Record<string, string>): void {
    const movable = this.options.movableClock === true;
    const nodeArgs = ['--enable-source-maps', ...(movable ? ['--import', MOVABLE_CLOCK] : [])];
    const child = spawn(process.execPath, [...nodeArgs, this.options.file ?? program('main.js')], {
      env,
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe', ...(movable ? (['ipc'] as const) : [])],
    });
    this.child = child;
    const read = (chunk: Buffer) => this.read(chunk.toString());
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    this.exit = new Promise((resolve) => child.once('close', (code) => resolve(code)));
  }

  protected end(): Promise<unknown> {
    return this.stop('SIGKILL');
  }
}
