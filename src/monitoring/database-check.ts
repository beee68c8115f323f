import { within } from '../timing/within.js';
import { type Reachability } from './health.controller.js';
import { reasonOf } from '../logging/reason.js';

/** A probe waits a second or two. */
const ANSWER_MS = 1500;

/**
 * Whether the database can be worked with, from three sources: it was opened, a small write works now, and no portal
 * has a write that failed last time. A full disk may have room for the small write and none for the portal's.
 */
export class DatabaseCheck {
  private openingFailed: string | null = 'not opened yet';
  private readonly failing = new Map<string, string>();
  /** When it was first found failing; null while it works. */
  private since: number | null;
  private asking: Promise<unknown> | null = null;

  /** @param write a small write; rejects while the database takes none */
  constructor(
    private readonly write: () => Promise<unknown>,
    private readonly now: () => number = Date.now,
  ) {
    this.since = now();
  }

  /** Opening has worked (null) or failed with this reason. */
  opened(failure: string | null): void {
    this.openingFailed = failure;
  }

  /** What a portal's last round made of the ledger: null where it was written. */
  ledger(memberId: string, failure: string | null): void {
    if (failure === null) this.failing.delete(memberId);
    else {
      this.failing.set(memberId, failure);
      this.since ??= this.now();
    }
  }

  async read(): Promise<Reachability> {
    const [known] = this.openingFailed === null ? this.failing.values() : [this.openingFailed];
    if (known !== undefined) return this.down(known);
    // One question at a time: questions that were given up would queue up.
    this.asking ??= this.write().finally(() => {
      this.asking = null;
    });
    try {
      await within(ANSWER_MS, this.asking);
      this.since = null;
      return { up: true, reason: null, since: null };
    } catch (error) {
      return this.down(reasonOf(error));
    }
  }

  private down(reason: string): Reachability {
    this.since ??= this.now();
    return { up: false, reason, since: this.since };
  }
}
