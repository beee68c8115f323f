import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Subject } from 'rxjs';
import { within } from '../../timing/within.js';
import { type QueueDepths } from '../../broker/queue-depths.js';
import { type Portal } from '../../portals/portal-record.js';
import { SILENCE } from '../../monitoring/activity.js';
import { ObservedService } from './observed-service.js';
import { type ReplicaReports } from './report-reader.js';
import {
  byNeed,
  type Condition,
  type LedgerReading,
  type PortalView,
  type Snapshot,
  viewOf,
} from './snapshot.js';
import { reasonOf } from '../../logging/reason.js';

const EVERY_MS = 1000;
/** Reading may take this part of the time at most, however much there is to count. */
const SHARE = 0.05;
const SLOWEST_MS = 10_000;
const LEDGER_MS = 3000;
/** Checking the dependencies writes to the database and asks the broker. */
const DEPENDENCIES_EVERY_MS = 5000;
/** A page does not wait longer for it; the next page shows what was learned later. */
const DEPENDENCIES_MS = 1500;

const UNKNOWN_DEPTHS: QueueDepths = { unrouted: null, replies: null, rejected: null, dead: null };

const NO_REPORTS: ReplicaReports = new Map();

interface DependencyStatus {
  readonly at: number;
  readonly conditions: readonly Condition[];
  readonly depths: QueueDepths;
}

/**
 * Reads the service's state for all open pages: once a second at most, and not at all without an open page. Never
 * fails: what cannot be learned is unknown in the snapshot.
 */
@Injectable()
export class SnapshotFeed implements OnModuleDestroy {
  private readonly changes = new Subject<void>();
  private snapshot: Snapshot | null = null;
  private reading: Promise<Snapshot> | null = null;
  private dependencies: DependencyStatus = {
    at: Number.NEGATIVE_INFINITY,
    conditions: [],
    depths: UNKNOWN_DEPTHS,
  };
  private asking: Promise<void> | null = null;
  private goodFor = EVERY_MS;
  private watchers = 0;
  private timer: NodeJS.Timeout | null = null;
  private lastSeen = '';
  /** Member ids as they stood in the last snapshot. */
  private lastOrder: readonly string[] | null = null;
  /** What the ledger said when it last could be read: it is shown while it cannot. */
  private lastReading: { readonly at: number; readonly reading: LedgerReading } | null = null;

  constructor(private readonly service: ObservedService) {}

  /** The service as it was a moment ago. */
  current(): Promise<Snapshot> {
    if (this.snapshot !== null && Date.now() - this.snapshot.at < this.goodFor) {
      return Promise.resolve(this.snapshot);
    }
    return (this.reading ??= this.read().finally(() => {
      this.reading = null;
    }));
  }

  /** The next reading is a new one: something was just changed. */
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
    this.timer ??= setTimeout(() => void this.tick(), EVERY_MS);
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

  private async tick(): Promise<void> {
    const seen = fingerprint(await this.current());
    if (seen !== this.lastSeen) {
      this.lastSeen = seen;
      this.changes.next();
    }
    this.timer = this.watchers > 0 ? setTimeout(() => void this.tick(), this.goodFor) : null;
  }

  private async read(): Promise<Snapshot> {
    const { service } = this;
    const dependencies = this.readDependencies();
    const startedAt = performance.now();
    const ledger = await this.readLedger();
    const ledgerMs = performance.now() - startedAt;
    const { conditions, depths } = await dependencies;
    const drawingAt = performance.now();
    if (typeof ledger !== 'string') this.lastReading = { at: Date.now(), reading: ledger };
    const reading = this.lastReading?.reading ?? null;
    const portals = this.inOrder()
      .map((portal) =>
        viewOf(portal, service.runsRounds(portal.memberId), service.activity.of(portal.name), reading),
      )
      .sort(byNeed);
    this.lastOrder = portals.map(({ portal }) => portal.memberId);
    const troubles = [...(reading?.troubles.values() ?? [])];
    this.snapshot = {
      at: Date.now(),
      portals,
      conditions,
      depths,
      ledgerFailure: typeof ledger === 'string' ? ledger : null,
      ledgerAt: this.lastReading?.at ?? null,
      latestTroubleAt: troubles.reduce((latest, { latestAt }) => Math.max(latest, latestAt), 0),
    };
    const tookMs = ledgerMs + performance.now() - drawingAt;
    this.goodFor = Math.min(Math.max(EVERY_MS, tookMs / SHARE), SLOWEST_MS);
    return this.snapshot;
  }

  /** All portals, those that are known from the last snapshot as they stood there: little is left to be sorted then. */
  private inOrder(): Portal[] {
    const left = new Map(this.service.registry.list().map((portal) => [portal.memberId, portal]));
    const known = (this.lastOrder ?? []).flatMap((memberId) => {
      const portal = left.get(memberId);
      left.delete(memberId);
      return portal ?? [];
    });
    return [...known, ...left.values()];
  }

  /** Returns a text where the ledger could not be read: the reason. */
  private async readLedger(): Promise<LedgerReading | string> {
    const { service } = this;
    const { admin, registry, activity } = service;
    try {
      const troubles = await within(LEDGER_MS, admin.troubleByPortal());
      // The figures of portals whose rounds run here are in this process's memory.
      const told = registry.list().every(({ name }) => activity.inFlightOf(name) !== null);
      const inFlight = told ? new Map<string, number>() : await within(LEDGER_MS, admin.inFlightByPortal());
      const allHere = registry.list().every(({ memberId }) => service.runsRounds(memberId));
      const owners = allHere ? null : await within(LEDGER_MS, service.owners());
      // The ledger's figures are shown also where reports cannot be read.
      const reports =
        owners === null ? NO_REPORTS : await within(LEDGER_MS, service.reports()).catch(() => NO_REPORTS);
      return { troubles, inFlight, owners: owners ?? new Map<string, string>(), reports };
    } catch (error) {
      return reasonOf(error);
    }
  }

  private async readDependencies(): Promise<DependencyStatus> {
    if (Date.now() - this.dependencies.at >= DEPENDENCIES_EVERY_MS) {
      this.asking ??= this.askDependencies().finally(() => {
        this.asking = null;
      });
      await within(DEPENDENCIES_MS, this.asking).catch(() => undefined);
    }
    return this.dependencies;
  }

  private async askDependencies(): Promise<void> {
    const { service } = this;
    const depths = service.queueDepths().catch(() => UNKNOWN_DEPTHS);
    const conditions = await Promise.all(
      Object.entries(service.checks()).map(async ([name, check]) => ({
        name,
        ...(await check().catch((error: unknown) => ({ up: false, reason: reasonOf(error), since: null }))),
        said: name === 'broker' ? service.brokerSaid() : null,
      })),
    );
    this.dependencies = { at: Date.now(), conditions, depths: await depths };
  }
}

/** The same text for what looks the same. */
function fingerprint({ portals, conditions, depths, ledgerFailure, latestTroubleAt }: Snapshot): string {
  return JSON.stringify([
    conditions,
    depths,
    ledgerFailure,
    latestTroubleAt,
    portals.map((view) =>
      isQuiet(view) ? `${view.portal.name} ${view.portal.state} ${view.owner ?? view.here}` : seenOf(view),
    ),
  ]);
}

/** Whether there is nothing to see of a portal but where it is: of very many portals most are so. */
function isQuiet({ portal, toldAt, troubles, inFlight, activity, rate }: PortalView): boolean {
  return (
    toldAt === null &&
    (inFlight ?? 0) === 0 &&
    (rate ?? 0) === 0 &&
    troubles !== null &&
    Object.keys(troubles).length === 0 &&
    portal.stateReason === null &&
    portal.paused === null &&
    activity.round === null &&
    activity.samples === SILENCE &&
    activity.queueCount === null
  );
}

function seenOf(view: PortalView): unknown {
  const { portal, here, owner, toldAt, troubles, inFlight, activity, rate, failureRate, lagMs } = view;
  return [
    portal.name,
    portal.state,
    portal.stateReason,
    portal.paused,
    here,
    owner,
    toldAt,
    troubles,
    inFlight,
    rate,
    failureRate,
    lagMs,
    activity.round,
    activity.queueCount,
    // The chart moves as long as there is something in it.
    activity.samples.findIndex(({ published, failed }) => published + failed > 0),
  ];
}
