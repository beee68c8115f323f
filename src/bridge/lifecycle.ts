import { type BrokerConnection } from '../broker/connection.js';
import { within } from '../timing/within.js';
import { type Publisher } from '../broker/publisher.js';
import { type OutboundHttp } from '../bitrix24/outbound-routes.js';
import { type Settings } from '../config/settings.js';
import { type DatabaseIdentity } from '../database/identity.js';
import { type Database } from '../database/database.js';
import { type Fleet } from '../drain/loop/fleet.js';
import { type Log } from '../logging/log.js';
import { type Periodic } from '../maintenance/periodic.js';
import { type PortalWatch } from '../maintenance/portal-watch.js';
import { type HealthChecks } from '../monitoring/health.controller.js';
import { type Metrics } from '../monitoring/metrics.js';
import { type ReplyCollector } from '../outcomes/reply-collector.js';
import { type ReplyServer } from '../outcomes/reply-server.js';
import { type Offers } from '../portals/offers.js';
import { type PortalRegistry } from '../portals/registry.js';
import { type Replica } from '../replicas/replica.js';
import { type Signals } from '../replicas/signals.js';
import { type DatabaseStart } from './database-start.js';
import { type FirstPortalStep } from './first-portal-step.js';
import { type ReplicaReport } from './replica-report.js';
import { doSteps, type Step } from './steps.js';

/** A round under way at the end may take this long; a stop is promised within 10 s. */
const ROUND_GRACE_MS = 4000;
const CONFIRM_GRACE_MS = 3000;
/** Loops that wait for a database that does not answer are not waited for any longer. */
const LOOPS_MS = 5500;
const LEAVE_MS = 1500;
/** To send signals to other replicas, or to close a connection. */
const SHORT_MS = 1000;
const STOP_MS = 9000;

/** What is started and stopped: of each part no more than that takes, so that tests can stand in for it. */
export interface LifecycleParts {
  readonly settings: Pick<Settings, 'DATABASE_URL' | 'DRAIN_MAX_IN_FLIGHT' | 'TOKEN_ENCRYPTION_KEY'>;
  readonly http: { readonly routes: Pick<OutboundHttp['routes'], 'facts'> };
  readonly broker: Pick<BrokerConnection, 'onChange' | 'start' | 'claimPrefix' | 'whenUp' | 'close'>;
  readonly publisher: Pick<Publisher, 'close'>;
  readonly rejecter: Pick<Publisher, 'close'>;
  readonly database: Pick<Database, 'dialect'> & { readonly db: Pick<Database['db'], 'destroy'> };
  readonly databaseStart: Pick<DatabaseStart, 'open' | 'close'>;
  readonly registry: Pick<PortalRegistry, 'doubt'> & { list(): readonly unknown[] };
  readonly offers: Pick<Offers, 'release'>;
  readonly replica: Pick<Replica, 'name'> & {
    readonly ownership: Pick<Replica['ownership'], 'count' | 'start' | 'wake' | 'retire' | 'leave'>;
    readonly channel: Pick<NonNullable<Replica['channel']>, 'listen' | 'close'> | null;
  };
  readonly report: Pick<ReplicaReport, 'next'>;
  readonly fleet: Pick<Fleet, 'brokerReady' | 'gained' | 'handOver' | 'lost' | 'open' | 'renamed' | 'stop'>;
  readonly watch: Pick<PortalWatch, 'refreshQuietly'>;
  readonly signals: Pick<Signals, 'flush' | 'leasesChanged' | 'portalsChanged' | 'receive'>;
  readonly collector: Pick<ReplyCollector, 'close'>;
  readonly replies: Pick<ReplyServer, 'listen' | 'pause' | 'resume' | 'close'>;
  readonly firstPortal: Pick<FirstPortalStep, 'install'>;
  readonly jobs: readonly Pick<Periodic, 'start' | 'stop'>[];
  readonly metrics: Pick<Metrics, 'eventsInFlightLimit' | 'portalsOwned' | 'watchDependencies'>;
  readonly checks: Pick<HealthChecks, 'checks'>;
  readonly log: Log;
}

/**
 * Starts the bridge and stops it, each as a list of steps. Waits by itself for whatever is not there yet: the database,
 * the broker, the authorization server.
 */
export class Lifecycle {
  private readonly stopping = new AbortController();
  private starting: Promise<void> | null = null;
  private identity: DatabaseIdentity | null = null;

  constructor(private readonly parts: LifecycleParts) {}

  /**
   * Starts everything; resolves when the database is there and the loops run, which may take as long as it takes.
   * @throws {TokenVaultError} when the stored tokens cannot be read with the key that is set
   * @throws {DatabaseInUse} when another process works on the same SQLite file
   */
  start(): Promise<void> {
    const goesOn = () => !this.stopping.signal.aborted;
    return (this.starting ??= doSteps('start', this.startSteps(), this.parts.log, { goesOn }));
  }

  /** Stops reserving, waits for confirms in flight, writes the ledger, frees its portals for others. Within 9 s. */
  async stop(): Promise<void> {
    const { log } = this.parts;
    log.info({ event: 'bridge.stopping' });
    this.stopping.abort();
    await doSteps('stop', this.stopSteps(), log, { withinMs: STOP_MS });
    log.info({ event: 'bridge.stopped' });
  }

  private startSteps(): Step[] {
    const { signal } = this.stopping;
    const { broker, databaseStart, fleet, replies, jobs, firstPortal } = this.parts;
    return [
      { name: 'settings', run: () => this.tellOfSettings() },
      { name: 'metrics', run: () => this.bindMetrics() },
      { name: 'broker', run: () => this.startBroker() },
      {
        name: 'database',
        required: true,
        run: async () => {
          this.identity = await databaseStart.open(signal);
        },
      },
      { name: 'prefix', run: () => this.claimPrefix() },
      { name: 'offered tokens', run: () => this.releaseOffers() },
      { name: 'portals', run: () => this.ownPortals() },
      { name: 'jobs', run: () => jobs.forEach((job) => job.start()) },
      { name: 'broker up', run: () => broker.whenUp(signal).catch(() => undefined) },
      { name: 'replies', run: () => void replies.listen(() => undefined) },
      {
        name: 'first portal',
        run: async () => {
          const installed = await firstPortal.install(signal);
          if (installed === null) return;
          // First the portal that gives up its name: log lines and metrics of both go by names.
          for (const renamed of installed.renamed) fleet.renamed([renamed]);
          fleet.open(installed.memberId);
          this.parts.signals.portalsChanged();
        },
      },
      { name: 'none', run: () => this.tellOfNone() },
    ];
  }

  private stopSteps(): Step[] {
    const { replica, signals, collector, replies, publisher, rejecter, broker, database, databaseStart } =
      this.parts;
    return [
      { name: 'ownership', run: () => replica.ownership.retire() },
      { name: 'loops', limitMs: LOOPS_MS, run: () => this.stopLoops() },
      // Without the database the leases expire by themselves.
      { name: 'leases', limitMs: LEAVE_MS, run: () => replica.ownership.leave() },
      { name: 'signals', limitMs: SHORT_MS, run: () => signals.flush() },
      { name: 'reply groups', run: () => collector.close() },
      { name: 'replies', run: () => replies.close() },
      {
        name: 'confirms',
        run: () => Promise.all([publisher, rejecter].map((one) => one.close(CONFIRM_GRACE_MS))),
      },
      { name: 'broker', run: () => broker.close() },
      { name: 'last signals', limitMs: SHORT_MS, run: () => signals.flush() },
      { name: 'notify channel', limitMs: SHORT_MS, run: () => replica.channel?.close() },
      { name: 'database', run: () => database.db.destroy() },
      { name: 'database file', run: () => databaseStart.close() },
    ];
  }

  private async stopLoops(): Promise<void> {
    const { fleet, jobs, publisher } = this.parts;
    // What the broker does not confirm is in the ledger; to wait for it would take the time of all that follows.
    const unconfirmed = setTimeout(() => void publisher.close(0), CONFIRM_GRACE_MS);
    // A job that waits for an authorization server is not waited for: the next start does what it has not done.
    const ended = jobs.map((job) => within(ROUND_GRACE_MS, job.stop()).catch(() => undefined));
    await Promise.all([fleet.stop(ROUND_GRACE_MS), ...ended]).finally(() => clearTimeout(unconfirmed));
  }

  private tellOfSettings(): void {
    const { settings, http, log } = this.parts;
    if (settings.TOKEN_ENCRYPTION_KEY === undefined) {
      log.warn({
        event: 'tokens.in_clear',
        advice: 'set TOKEN_ENCRYPTION_KEY (openssl rand -base64 32)',
      });
    }
    const route = http.routes.facts();
    if (route !== null) log.info({ event: 'outbound.way', ...route });
  }

  private bindMetrics(): void {
    const { metrics, settings, replica, registry, checks } = this.parts;
    metrics.portalsOwned(
      () => replica.ownership.count,
      () => registry.list().length,
    );
    metrics.eventsInFlightLimit(settings.DRAIN_MAX_IN_FLIGHT);
    metrics.watchDependencies(checks.checks());
  }

  private startBroker(): void {
    const { broker, replies, fleet } = this.parts;
    broker.onChange((status) => {
      if (status.state === 'up') {
        replies.resume();
        fleet.brokerReady();
      } else if (status.state === 'taken') replies.pause();
    });
    broker.start();
  }

  private claimPrefix(): void {
    const { settings, broker } = this.parts;
    // A database in memory is another one at every start.
    if (this.identity !== null && settings.DATABASE_URL !== 'file::memory:')
      broker.claimPrefix(this.identity);
  }

  /** On SQLite no other process can have been trying them. */
  private async releaseOffers(): Promise<void> {
    const { database, offers } = this.parts;
    if (database.dialect === 'sqlite') await offers.release();
  }

  /** From here on portals are drained: those that are ours. */
  private ownPortals(): void {
    const { replica, registry, signals, watch, fleet, report, log } = this.parts;
    const { ownership, channel, name } = replica;
    channel?.listen({
      heard: (text) => signals.receive(text),
      // Signals sent while there was no connection were missed, and it may be another server by now.
      connected: () => {
        registry.doubt();
        void watch.refreshQuietly();
        ownership.wake();
      },
    });
    if (channel !== null) log.info({ event: 'replica.started', replica: name });
    ownership.start(
      {
        gained: (memberIds) => {
          if (channel === null) fleet.gained(memberIds);
          // Its last owner may have renewed its tokens or learned what its plan has.
          else void watch.refreshQuietly().then(() => fleet.gained(memberIds));
        },
        lost: (memberIds) => fleet.lost(memberIds),
        handOver: (memberId) => fleet.handOver(memberId),
      },
      { leasesChanged: () => signals.leasesChanged(), report: () => report.next() },
    );
  }

  private tellOfNone(): void {
    const { registry, log } = this.parts;
    if (registry.list().length === 0)
      log.warn({ event: 'bridge.no_portal', advice: 'npx bitrix24-bridge portals add <portal>' });
  }
}
