import { createHash } from 'node:crypto';
import { runBatch } from '../../emulator/batch.js';
import { Bindings } from '../../emulator/bindings.js';
import { callMethod } from '../../emulator/methods.js';
import { PortalObjects } from '../../emulator/objects.js';
import { DEFAULT_SCOPE, OfflineQueue } from '../../emulator/offline-queue.js';
import { type Row } from '../../emulator/offline-row.js';

/** What a piece of work did to the portal's table. */
export interface Difference {
  /** Rows deleted, or no longer held by the batch that held them; as they were. */
  readonly released: readonly Row[];
  /** Rows that exist no longer; as they were. */
  readonly deleted: readonly Row[];
  /** Pending rows that somebody reserved; as they are. */
  readonly reserved: readonly Row[];
  /** Rows marked as failed; as they are. */
  readonly marked: readonly Row[];
  /** Message ids of live rows thrown away by a careless call, with the batch that the call named. */
  readonly destroyed: readonly { readonly messageId: string; readonly processId: string }[];
}

/** A portal in this process: the emulator's queue and methods behind the very texts that a batch request carries. */
export class PortalStandIn {
  readonly queue: OfflineQueue;
  extended: boolean;
  private readonly bindings = new Bindings();
  private readonly objects: PortalObjects;
  private lastProcess = 0;

  constructor(now: () => number, extended: boolean) {
    this.extended = extended;
    const time = { now, utcOffset: '+00:00', filterOffset: '+00:00', filterDates: 'dropped' } as const;
    this.objects = new PortalObjects(() => undefined, time);
    this.queue = new OfflineQueue({ now, newProcessId: () => this.nextProcessId() });
  }

  /** Runs commands as a batch does, under a source key; returns the answer's `result`. */
  async run(
    commands: readonly (readonly [string, string])[],
    connector = '',
  ): Promise<Record<string, unknown>> {
    return runBatch(
      commands.map(([name, text]) => [name, text]),
      false,
      async (method, params) => ({
        ...(await callMethod(method, params, {
          caller: { clientId: 'bridge', userId: 1, connector: '' },
          administrator: true,
          scope: { ...DEFAULT_SCOPE, connector },
          features: { extended: this.extended, connector: true },
          installed: true,
          queue: this.queue,
          bindings: this.bindings,
          objects: this.objects,
          knowsEvent: () => true,
          time: () => '',
          serve: () => Promise.resolve(),
        })),
        time: null,
      }),
    );
  }

  /** Does something to the queue and tells what it changed. */
  async observe<T>(work: () => T | Promise<T>): Promise<{ value: T; difference: Difference }> {
    const before = this.queue.rows();
    const destroyedBefore = this.queue.destroyed.length;
    const value = await work();
    const after = new Map(this.queue.rows().map((row) => [row.ID, row]));
    const deleted = before.filter((row) => !after.has(row.ID));
    const released = before.filter(
      (row) => row.PROCESS_ID !== '' && after.get(row.ID)?.PROCESS_ID !== row.PROCESS_ID,
    );
    const wasPending = new Set(before.filter((row) => row.PROCESS_ID === '').map((row) => row.ID));
    const reserved = [...after.values()].filter((row) => row.PROCESS_ID !== '' && wasPending.has(row.ID));
    const wasMarked = new Set(before.filter((row) => row.ERROR === 1).map((row) => row.ID));
    const marked = [...after.values()].filter((row) => row.ERROR === 1 && !wasMarked.has(row.ID));
    const destroyed = this.queue.destroyed
      .slice(destroyedBefore)
      .map(({ row, by }) => ({ messageId: row.MESSAGE_ID, processId: by.processId }));
    return { value, difference: { released, deleted, reserved, marked, destroyed } };
  }

  /** In no order that means anything, as a portal's are, and the same in every run. */
  private nextProcessId(): string {
    this.lastProcess += 1;
    return createHash('md5').update(`batch ${this.lastProcess}`).digest('hex');
  }
}
