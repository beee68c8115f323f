import { type Service } from '../../src/service/service.js';
import { within } from '../../src/timing/within.js';
import { ownService } from './own-programs.mjs';
import { TestBridge } from './test-bridge.js';

/** A stop is promised within this. */
const STOP_WITHIN_MS = 10_000;

/**
 * The built service inside the test's process, where a start costs a small part of what a process of its own does: for
 * what neither kills it nor looks at it as at a process (docs/adr/0014).
 */
export class BridgeInside extends TestBridge {
  private created: Promise<Service> | null = null;

  /** Resolves with what a process of its own would end with; null where it was not started. */
  async stop(): Promise<number | null> {
    const { created } = this;
    if (created === null) return null;
    this.created = null;
    const service = await created.catch(() => null);
    if (service === null) return 1;
    await within(STOP_WITHIN_MS, service.stop());
    return 0;
  }

  protected run(env: Record<string, string>): void {
    const stream = { write: (text: string) => this.read(text) };
    const created = ownService().then((made) =>
      made.create({ env, folder: this.folder, output: { stdout: stream, stderr: stream } }),
    );
    this.created = created;
    created.then((service) => service.start()).catch((error: unknown) => this.read(`${String(error)}\n`));
  }

  protected end(): Promise<unknown> {
    return this.stop();
  }
}
