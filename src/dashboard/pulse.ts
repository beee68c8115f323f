import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Subject } from 'rxjs';
import { within } from '../broker/deadlines.js';
import { type QueueDepths } from '../broker/queue-depths.js';
import { ObservedService } from './observed-service.js';
import { type ReplicaReports } from './report-reader.js';
import { byNeed, type Condition, type LedgerReading, type Snapshot, viewOf } from './snapshot.js';

const EVERY_MS = 1000;
/** Looking may take this part of the time at most, however much there is to count. */
const SHARE = 0.05;
const SLOWEST_MS = 10_000;
const LEDGER_MS = 3000;
/** A look at the foundations writes to the database and asks the broker. */
const FOUNDATIONS_EVERY_MS = 5000;
/** A page does not wait longer for it; what is learned later stands on the next. */
const FOUNDATIONS_MS = 1500;

const UNKNOWN_DEPTHS: QueueDepths = { unrouted: null, replies: null, rejected: null, dead: null };

const NO_REPORTS: ReplicaReports = new Map();

interface Foundations {
  readonly at: number;
  readonly conditions: readonly Condition[];
  readonly depths: QueueDepths;
}

/**
 * Looks at the service for everybody who watches: once a second at most, and not at all while nobody does. Never
 * fails: what cannot be learned is unknown in the snapshot.
 */
@Injectable()
export class Pulse implements OnModuleDestroy {
  private readonly changes = new Subject<void>();
  private snapshot: Snapshot | null = null;
  private looking: Promise<Snapshot> | null = null;
  private foundations: Foundations = { at: Number.NEGATIVE_INFINITY, conditions: [], depths: UNKNOWN_DEPTHS };
  private asking: Promise<void> | null = null;
  private goodFor = EVERY_MS;
  private watchers = 0;
  private timer: NodeJS.Timeout | null = null;
  private lastSeen = '';

  constructor(@Inject(ObservedService) private readonly service: ObservedService) {}

  /** The service as it was a moment ago. */
  look(): Promise<Snapshot> {
    if (this.snapshot !== null && Date.now() - this.snapshot.at < this.goodFor) {
      return Promise.resolve(this.snapshot);
    }
    return (this.looking ??= this.read().finally(() => {
      this.looking = null;
    }));
  }

  /** The next look is a new one: something was just changed. */
  refresh(): void {
    this.snapshot = null;
  }

  /**
   * Calls `changed` after each change of what there is to see, until the returned function is called, and `ended` when
   * the service stops.
   */
  watch(changed: () => void, ended: () => void): () => void {
    const subscription = this.changes.subscribe({ next: changed, complete: ended });
    this.watchers += 1;
    this.timer ??= setTimeout(() => void this.beat(), EVERY_MS);
    return () => {
      if (subscription.closed) return;
      subscription.unsubscribe();
      this.watchers -= 1;
    };
  }

  onModuleDestroy(): void {
    this.watchers = 0;
    if (this.timer !== null) clearTimeout(this.timer);
    this.changes.complete();
  }

  private async beat(): Promise<void> {
    const seen = fingerprint(await this.look());
    if (seen !== this.lastSeen) {
      this.lastSeen = seen;
      this.changes.next();
    }
    this.timer = this.watchers > 0 ? setTimeout(() => void this.beat(), this.goodFor) : null;
  }

  private async read(): Promise<Snapshot> {
    const { service } = this;
    const foundations = this.readFoundations();
    const startedAt = performance.now();
    const ledger = await this.readLedger();
    this.goodFor = Math.min(Math.max(EVERY_MS, (performance.now() - startedAt) / SHARE), SLOWEST_MS);
    const { conditions, depths } = await foundations;
    const reading = typeof ledger === 'string' ? null : ledger;
    const portals = service.registry
      .list()
      .map((portal) =>
        viewOf(portal, service.runsRounds(portal.memberId), service.activity.of(portal.name), reading),
      )
      .sort(byNeed);
    const troubles = [...(reading?.troubles.values() ?? [])];
    this.snapshot = {
      at: Date.now(),
      portals,
      conditions,
      depths,
      ledgerFailure: typeof ledger === 'string' ? ledger : null,
      latestTroubleAt: troubles.reduce((latest, { latestAt }) => Math.max(latest, latestAt), 0),
    };
    return this.snapshot;
  }

  /** A text says why the ledger could not be read. */
  private async readLedger(): Promise<LedgerReading | string> {
    const { service } = this;
    const { admin, registry, activity } = service;
    try {
      const troubles = await within(LEDGER_MS, admin.troubleByPortal());
      // Portals whose rounds run here tell by themselves.
      const told = registry.list().every(({ name }) => activity.inFlightOf(name) !== null);
      const inFlight = told ? new Map<string, number>() : await within(LEDGER_MS, admin.inFlightByPortal());
      const allHere = registry.list().every(({ memberId }) => service.runsRounds(memberId));
      const owners = allHere ? null : await within(LEDGER_MS, service.owners());
      // The ledger's own figures stand without what others tell.
      const reports =
        owners === null ? NO_REPORTS : await within(LEDGER_MS, service.reports()).catch(() => NO_REPORTS);
      return { troubles, inFlight, owners: owners ?? new Map<string, string>(), reports };
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  private async readFoundations(): Promise<Foundations> {
    if (Date.now() - this.foundations.at >= FOUNDATIONS_EVERY_MS) {
      this.asking ??= this.askFoundations().finally(() => {
        this.asking = null;
      });
      await within(FOUNDATIONS_MS, this.asking).catch(() => undefined);
    }
    return this.foundations;
  }

  private async askFoundations(): Promise<void> {
    const { service } = this;
    const depths = service.queueDepths().catch(() => UNKNOWN_DEPTHS);
    const conditions = await Promise.all(
      Object.entries(service.checks()).map(async ([name, check]) => ({
        name,
        ...(await check().catch((error: unknown) => ({ up: false, reason: String(error) }))),
      })),
    );
    this.foundations = { at: Date.now(), conditions, depths: await depths };
  }
}

/** The same text for what looks the same. */
function fingerprint({ portals, conditions, depths, ledgerFailure, latestTroubleAt }: Snapshot): string {
  return JSON.stringify([
    conditions,
    depths,
    ledgerFailure,
    latestTroubleAt,
    portals.map(({ portal, here, owner, toldAt, troubles, inFlight, activity, rate, failureRate, lagMs }) => [
      portal.name,
      portal.state,
      portal.stateReason,
      here,
      owner,
      toldAt,
      troubles,
      inFlight,
      rate,
      failureRate,
      lagMs,
      activity.round,
      activity.sight,
      // The chart moves as long as there is something in it.
      activity.samples.findIndex(({ published, failed }) => published + failed > 0),
    ]),
  ]);
}
