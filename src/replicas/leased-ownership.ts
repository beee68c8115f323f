import { type Lease } from '../ledger/lease.js';
import { type LeaseBook, type Survey } from '../ledger/lease-book.js';
import { type Log } from '../logging/log.js';
import { elapsedSince, type ClockReading, type ReadClock, readClock } from './clock-reading.js';
import { type Ownership, type Permit, type PortalLoops, type ReplicaListener } from './ownership.js';
import { nextMove } from './sharing.js';
import { reasonOf } from '../logging/reason.js';

interface LeasedOwnershipDependencies {
  readonly book: Pick<
    LeaseBook,
    'replica' | 'heartbeat' | 'renew' | 'survey' | 'acquire' | 'release' | 'leave'
  >;
  /** A lease ends so long after it was renewed last, ms. */
  readonly leaseMs: number;
  /** The book's connection did not answer. */
  readonly unreachable: () => void;
  readonly log: Log;
  readonly readClock?: ReadClock;
}

interface Held extends Permit {
  readonly lease: Lease;
  /** From before the query that renewed it was sent: the database counts from later on. */
  renewedAt: ClockReading;
  leaving: boolean;
}

/** Free leases are searched for this often at least, so that a dead replica's portals do not wait much longer. */
const LOOK_EVERY_MS = 1000;
/** Of a lease, so much is given away for the sake of clocks that run at different speeds. */
const MARGIN = 1 / 20;

/**
 * Shares the portals of one database with other replicas: says that it is alive and renews its leases, takes what is
 * free up to its share, and lets go of what is beyond it. Without the database it owns nothing once its leases are
 * over, by its own clocks alone.
 */
export class LeasedOwnership implements Ownership {
  private readonly held = new Map<string, Held>();
  private readonly ended: Held[] = [];
  private readonly renewEveryMs: number;
  private readonly lookEveryMs: number;
  private readonly lastsMs: number;
  private readonly readClock: ReadClock;
  private loops: PortalLoops | null = null;
  private listener: ReplicaListener | null = null;
  private heartbeatAt: ClockReading | null = null;
  private replicas: readonly string[] = [];
  private running: Promise<void> | null = null;
  private endSleep: (() => void) | null = null;
  private woken = false;
  private lapses: NodeJS.Timeout | null = null;
  private retired = false;
  private stopped = false;
  private silent = false;

  constructor(private readonly deps: LeasedOwnershipDependencies) {
    this.renewEveryMs = deps.leaseMs / 4;
    this.lookEveryMs = Math.min(LOOK_EVERY_MS, this.renewEveryMs);
    this.lastsMs = deps.leaseMs * (1 - MARGIN);
    this.readClock = deps.readClock ?? readClock;
  }

  get count(): number {
    return this.held.size;
  }

  holds(memberId: string): boolean {
    return this.held.get(memberId)?.valid() === true;
  }

  permit(memberId: string): Permit | null {
    const held = this.held.get(memberId);
    return held === undefined || held.leaving || !held.valid() ? null : held;
  }

  start(loops: PortalLoops, listener: ReplicaListener): void {
    this.loops = loops;
    this.listener = listener;
    this.lapses = setInterval(() => this.dropLapsed(), this.deps.leaseMs * MARGIN);
    this.running ??= this.run();
  }

  wake(): void {
    this.woken = true;
    this.endSleep?.();
  }

  retire(): void {
    this.retired = true;
  }

  async leave(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
    if (this.lapses !== null) clearInterval(this.lapses);
    if (this.running === null) return;
    const portals = this.held.size;
    this.held.clear();
    try {
      await this.deps.book.leave();
      this.listener?.leasesChanged();
      if (portals > 0) {
        this.deps.log.info({ event: 'lease.released', ...this.counts(portals), reason: 'leaving' });
      }
    } catch (error) {
      this.deps.log.warn({ event: 'leases.unreachable', reason: reasonOf(error), advice: 'they expire' });
    }
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      await this.turn();
      await this.sleep();
    }
  }

  /** Reads the leases once, and takes or gives back what it should. Never rejects. */
  async turn(): Promise<void> {
    try {
      await this.renew();
      await this.releaseEnded();
      const survey = await this.deps.book.survey();
      this.noteReplicas(survey);
      await this.share(survey);
      if (this.silent) this.deps.log.info({ event: 'leases.reachable', owned: this.held.size });
      this.silent = false;
    } catch (error) {
      this.deps.unreachable();
      if (!this.silent && !this.stopped) {
        this.deps.log.warn({ event: 'leases.unreachable', reason: reasonOf(error), owned: this.held.size });
      }
      this.silent = true;
    }
  }

  private async renew(): Promise<void> {
    const { book } = this.deps;
    const now = this.readClock();
    // After a failure it is not known what was written; an early renewal does no harm.
    if (this.heartbeatAt !== null && !this.silent && elapsedSince(this.heartbeatAt, now) < this.renewEveryMs)
      return;
    const first = this.heartbeatAt === null;
    // Our own heartbeat before our leases: then both end in this order, and no replica waits for portals that none has.
    await book.heartbeat(this.listener?.report() ?? null);
    const wanted = [...this.held.values()];
    const sentAt = this.readClock();
    const renewed = await book.renew(wanted.map(({ lease }) => lease));
    for (const held of wanted) if (renewed.has(held.lease.memberId)) held.renewedAt = sentAt;
    this.drop(
      wanted.filter(({ lease }) => !renewed.has(lease.memberId)),
      'not renewed in time',
    );
    this.heartbeatAt = now;
    if (first) this.listener?.leasesChanged();
  }

  private async share(survey: Survey): Promise<void> {
    const { book } = this.deps;
    const staying = [...this.held.values()].filter(({ leaving }) => !leaving);
    const { take, give } = nextMove(book.replica, staying.length, survey);
    if (give > 0) {
      // The ones that came last: loops that have run for long know more of their portals.
      this.handOver(staying.slice(-give));
    } else if (take > 0 && !this.retired && !this.stopped) {
      const sentAt = this.readClock();
      const leases = await book.acquire(take);
      if (leases.length === 0) return;
      for (const lease of leases) this.held.set(lease.memberId, this.hold(lease, sentAt));
      this.deps.log.info({ event: 'lease.acquired', ...this.counts(leases.length) });
      this.loops?.gained(leases.map(({ memberId }) => memberId));
    }
  }

  private hold(lease: Lease, renewedAt: ClockReading): Held {
    const held: Held = {
      lease,
      renewedAt,
      leaving: false,
      valid: () =>
        this.held.get(lease.memberId) === held &&
        elapsedSince(held.renewedAt, this.readClock()) < this.lastsMs,
      refused: () => this.drop([held], 'another replica has it'),
    };
    return held;
  }

  private handOver(leaving: readonly Held[]): void {
    for (const held of leaving) {
      held.leaving = true;
      void this.loops?.handOver(held.lease.memberId).then(() => {
        this.ended.push(held);
        this.wake();
      });
    }
  }

  /** Gives back what was to be handed over and has come to its end. */
  private async releaseEnded(): Promise<void> {
    const still = this.ended.splice(0).filter((held) => this.held.get(held.lease.memberId) === held);
    if (still.length === 0) return;
    for (const { lease } of still) this.held.delete(lease.memberId);
    // Where that fails they are not renewed, and they expire.
    await this.deps.book.release(still.map(({ lease }) => lease));
    this.listener?.leasesChanged();
    this.deps.log.info({
      event: 'lease.released',
      ...this.counts(still.length),
      reason: 'shared with another replica',
    });
  }

  private dropLapsed(): void {
    this.drop(
      [...this.held.values()].filter((held) => !held.valid()),
      'expired',
    );
  }

  private drop(gone: readonly Held[], reason: string): void {
    const lost = gone.filter((held) => this.held.get(held.lease.memberId) === held);
    if (lost.length === 0) return;
    for (const { lease } of lost) this.held.delete(lease.memberId);
    this.deps.log.warn({ event: 'lease.lost', ...this.counts(lost.length), reason });
    this.loops?.lost(lost.map(({ lease }) => lease.memberId));
  }

  private noteReplicas({ replicas }: Survey): void {
    const before = this.replicas;
    if (replicas.length === before.length && replicas.every((id, index) => id === before[index])) return;
    this.replicas = replicas;
    this.deps.log.info({
      event: 'replicas.changed',
      replicas: replicas.length,
      joined: replicas.filter((id) => !before.includes(id)),
      left: before.filter((id) => !replicas.includes(id)),
    });
  }

  private counts(portals: number): { portals: number; owned: number } {
    return { portals, owned: this.held.size };
  }

  private sleep(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.endSleep = null;
        this.woken = false;
        resolve();
      };
      const timer = setTimeout(wake, this.lookEveryMs);
      this.endSleep = wake;
      if (this.woken) wake();
    });
  }
}
