import { LeaseLost } from '../../ledger/lease.js';
import { reasonOf } from '../../logging/reason.js';
import { WakeableSleep } from '../../timing/wakeable-sleep.js';
import { type QueueRead } from './queue-reads.js';
import { Reconciler } from './reconciler.js';
import { type ReconcileDependencies } from './reconcile-dependencies.js';

/** After something went wrong that is none of the portal's. */
const AFTER_FAILURE_MS = 30_000;
/** So that those of many portals do not begin at once. */
const FIRST_SPREAD_MS = 2_000;

/** Reconciles one portal again and again, for as long as it is ours. */
export class ReconcileLoop {
  private readonly pause = new WakeableSleep();
  private readonly stopping = new AbortController();
  private readonly reconciler: Reconciler;
  private running: Promise<void> | null = null;

  constructor(
    private readonly deps: ReconcileDependencies,
    keys: () => readonly string[],
  ) {
    this.reconciler = new Reconciler(deps, keys);
  }

  start(): void {
    this.running ??= this.run();
  }

  /** There may be something to do: people have asked for it, or the portal has come back. */
  wake(): void {
    this.pause.wakeIn(0);
  }

  /** A round has read the portal's queue under a source key. */
  queueRead(key: string, read: QueueRead): void {
    if (this.reconciler.queueRead(key, read)) this.wake();
  }

  /** The portal has told what is bound; `missing`: something that is wanted was not. */
  bindingsSeen(missing: boolean): void {
    this.reconciler.bindingsSeen(missing).catch((error: unknown) => this.failed(error));
  }

  /** Resolves when nothing of it runs any more; what was under way is done again by whoever goes on. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    this.deps.listener.reconciles(this.deps.portal.memberId);
    await this.pause.sleep(Math.random() * FIRST_SPREAD_MS);
    while (!signal.aborted) {
      let nextInMs = AFTER_FAILURE_MS;
      try {
        nextInMs = await this.reconciler.runOnce(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.failed(error);
      }
      if (!signal.aborted && nextInMs > 0) await this.pause.sleep(nextInMs);
    }
  }

  private failed(error: unknown): void {
    // The next owner goes on.
    if (error instanceof LeaseLost) return;
    this.deps.log.warn({ event: 'reconcile.failed', portal: this.deps.portal.name, reason: reasonOf(error) });
  }
}
