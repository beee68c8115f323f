import { within } from './broker/deadlines.js';
import { type Reachability } from './monitoring/health.controller.js';

/** Whoever asks for readiness waits a second or two. */
const ANSWER_MS = 1500;

/**
 * Whether the database can be worked with, from three sources: it was opened, a small write works now, and no portal
 * has a write that failed last time. A full disk may have room for the small write and none for the portal's.
 */
export class DatabaseCheck {
  private openingFailed: string | null = 'not opened yet';
  private readonly failing = new Map<string, string>();
  private asking: Promise<unknown> | null = null;

  /** @param write a small write; rejects while the database takes none */
  constructor(private readonly write: () => Promise<unknown>) {}

  /** Opening has worked (null) or failed with this reason. */
  opened(failure: string | null): void {
    this.openingFailed = failure;
  }

  /** What a portal's last round made of the ledger: null where it was written. */
  ledger(memberId: string, failure: string | null): void {
    if (failure === null) this.failing.delete(memberId);
    else this.failing.set(memberId, failure);
  }

  async read(): Promise<Reachability> {
    const [known] = this.openingFailed === null ? this.failing.values() : [this.openingFailed];
    if (known !== undefined) return { up: false, reason: known };
    // One question at a time: those whose answer nobody waited for would queue up.
    this.asking ??= this.write().finally(() => {
      this.asking = null;
    });
    try {
      await within(ANSWER_MS, this.asking);
      return { up: true, reason: null };
    } catch (error) {
      return { up: false, reason: error instanceof Error ? error.message : String(error) };
    }
  }
}
