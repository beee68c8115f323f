import { type PortalStates } from './events/portal-states.js';
import { type PortalReader } from './reading/portal-reader.js';
import { type QueueRead } from './reconcile/queue-reads.js';

/** What goes on at a portal beside its rounds: it reads through the portal's reader. */
export interface PortalTask {
  start(): void;
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
  /** The portal's state, its pause, or what people want may have changed. */
  wake(): void;
  queueRead?(sourceKey: string, read: QueueRead): void;
  bindingsSeen?(missing: boolean): void;
}

/** All of that at one portal, and its reader. */
export class PortalWork implements PortalTask {
  constructor(
    private readonly reader: Pick<PortalReader, 'wake' | 'stop'>,
    private readonly tasks: readonly PortalTask[],
    /** States of its objects for its events; left out: they carry none. */
    readonly states?: PortalStates,
  ) {}

  start(): void {
    this.states?.resumed();
    for (const task of this.tasks) task.start();
  }

  async stop(): Promise<void> {
    this.states?.stop();
    await Promise.all([this.reader.stop(), ...this.tasks.map((task) => task.stop())]);
  }

  wake(): void {
    this.reader.wake();
    for (const task of this.tasks) task.wake();
  }

  /** A round has read the portal's queue under a source key, and what it brought is in the ledger. */
  queueRead(sourceKey: string, read: QueueRead): void {
    for (const task of this.tasks) task.queueRead?.(sourceKey, read);
  }

  /** The portal has told what is bound; `missing`: something that is wanted was not. */
  bindingsSeen(missing: boolean): void {
    for (const task of this.tasks) task.bindingsSeen?.(missing);
  }
}
