import { type Lease, type LeaseBook } from '../ledger/leases.js';
import { type Log } from '../log.js';

/** Who acts on what is gained and lost. */
export interface OwnershipListener {
  /** A portal is ours from now on. */
  gained(lease: Lease): void;
  /** A portal is no longer ours, or is to be given back: resolves when nothing acts for it any more. */
  lost(memberId: string): Promise<void>;
}

/** A lease is renewed this often within its time. */
const RENEWALS = 4;

interface Owned {
  readonly epoch: number;
  /** By the monotonic clock, ms: until then nobody else can have it. */
  validUntil: number;
}

/**
 * Shares the portals out between replicas, by leases: renewed while we live, free for the others soon after we do
 * not. Everybody takes an equal part; who has too much gives back.
 */
export class Ownership {
  private readonly owned = new Map<string, Owned>();
  private readonly leaving = new Map<string, Promise<void>>();
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private stopped = false;

  constructor(
    private readonly book: LeaseBook,
    private readonly leaseMs: number,
    private readonly listener: OwnershipListener,
    private readonly log: Log,
  ) {}

  start(): void {
    this.schedule(0);
  }

  /** Whether we may act for a portal at this very moment. */
  holds(memberId: string): boolean {
    const lease = this.owned.get(memberId);
    return lease !== undefined && performance.now() < lease.validUntil;
  }

  /** Looks for free portals at once, after an installation say. */
  lookNow(): void {
    if (!this.stopped && this.running === null) this.schedule(0);
  }

  /** Gives everything back; whatever acted for it has to have ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.running;
    try {
      await this.book.leave();
    } catch (error) {
      // The leases run out by themselves.
      this.log.warn({
        event: 'leases.not_released',
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }

  /** One turn: renew, give back, take. */
  async runOnce(): Promise<void> {
    const before = performance.now();
    const live = await this.book.beat();
    const renewed = new Map((await this.book.renew()).map((lease) => [lease.memberId, lease]));
    // Counted from before the request: the database cannot have started it earlier.
    const validUntil = before + this.leaseMs;
    for (const [memberId, owned] of this.owned) {
      if (renewed.get(memberId)?.epoch === owned.epoch) owned.validUntil = validUntil;
      else this.letGo(memberId, 'expired');
    }
    // Ours in the database and unknown here: taken in a turn whose answer was lost.
    for (const lease of renewed.values()) {
      if (!this.owned.has(lease.memberId) && !this.leaving.has(lease.memberId)) this.take(lease, validUntil);
    }
    const share = Math.ceil((await this.book.portals()) / Math.max(live, 1));
    for (const memberId of [...this.owned.keys()].slice(share)) this.letGo(memberId, 'shared');
    const from = performance.now();
    const room = share - this.owned.size - this.leaving.size;
    for (const lease of await this.book.acquire(room)) this.take(lease, from + this.leaseMs);
  }

  private take(lease: Lease, validUntil: number): void {
    this.owned.set(lease.memberId, { epoch: lease.epoch, validUntil });
    this.log.info({ event: 'lease.gained', memberId: lease.memberId, epoch: lease.epoch });
    this.listener.gained(lease);
  }

  /** Beside the turns, which keep the other leases alive; the lease stays ours until nothing acts any more. */
  private letGo(memberId: string, why: 'expired' | 'shared'): void {
    this.owned.delete(memberId);
    this.log.info({ event: 'lease.lost', memberId, why });
    const left = this.listener
      .lost(memberId)
      .then(() => this.book.release([memberId]))
      .catch((error: unknown) => this.warn('leases.not_released', error))
      .finally(() => this.leaving.delete(memberId));
    this.leaving.set(memberId, left);
  }

  private warn(event: string, error: unknown): void {
    this.log.warn({ event, reason: error instanceof Error ? error.message : String(error) });
  }

  private schedule(ms: number): void {
    if (this.stopped) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.running = this.runOnce()
        .catch((error: unknown) => this.warn('leases.not_renewed', error))
        .finally(() => {
          this.running = null;
          this.schedule(this.leaseMs / RENEWALS);
        });
    }, ms);
  }
}
