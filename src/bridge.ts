import { type HttpService } from '@nestjs/axios';
import { OAuthClient } from './bitrix24/oauth-client.js';
import { PortalClient } from './bitrix24/portal-client.js';
import { RateBudget } from './bitrix24/rate-budget.js';
import { BrokerConnection } from './broker/connection.js';
import { Publisher } from './broker/publisher.js';
import { readQueueDepths } from './broker/queue-depths.js';
import { repliesQueueOptions, type TopologyNames, topologyNames } from './broker/topology.js';
import { type Settings } from './config.js';
import { portalNames } from './contract/portal-name.js';
import { DatabaseCheck } from './database-check.js';
import { type Database, openDatabase } from './database/database.js';
import { migrate } from './database/migrate.js';
import { claimSoleProcess, DatabaseInUse } from './database/sole-process.js';
import { Dispatcher } from './drain/dispatcher.js';
import { Fleet } from './drain/fleet.js';
import { Ledger } from './ledger/ledger.js';
import { type Log } from './log.js';
import { ledgerPurge } from './maintenance/ledger-purge.js';
import { Periodic } from './maintenance/periodic.js';
import { portalWatch } from './maintenance/portal-watch.js';
import { tokenRenewal } from './maintenance/token-renewal.js';
import { type Reachability } from './monitoring/health.controller.js';
import { type Metrics } from './monitoring/metrics.js';
import { ReplyCollector } from './outcomes/reply-collector.js';
import { ReplyServer } from './outcomes/reply-server.js';
import { rejectedReply } from './outcomes/rejected-reply.js';
import { AllowedPortals } from './portals/allowed-portals.js';
import { installFirstPortal } from './portals/first-portal.js';
import { InstallationProof } from './portals/installation-proof.js';
import { PortalReception } from './portals/reception.js';
import { type Portal, PortalRegistry } from './portals/registry.js';
import { TokenKeepers } from './portals/token-keepers.js';
import { splitKeys, TokenVault, TokenVaultError } from './portals/token-vault.js';

/** Replies in hand at most, unacknowledged: two groups of the ledger's. */
const REPLY_PREFETCH = 1000;
const DATABASE_RETRY_MS = 2000;
const QUEUE_DEPTHS_EVERY_MS = 15_000;
/** A round under way at the end may take this long; a stop is promised within 10 s. */
const ROUND_GRACE_MS = 4000;
const CONFIRM_GRACE_MS = 3000;
/** Whoever installs an application waits for its answer. */
const PROOF_TIMEOUT_MS = 15_000;

/**
 * Puts the rooms together and runs them. Waits by itself for whatever is not there yet: the database, the broker,
 * the authorization server.
 */
export class Bridge {
  readonly names: TopologyNames;
  readonly broker: BrokerConnection;
  readonly registry: PortalRegistry;
  readonly ledger: Ledger;
  readonly fleet: Fleet;
  /** Where what portals send is judged. */
  readonly reception: PortalReception;
  private readonly database: Database;
  private readonly publisher: Publisher;
  private readonly oauth: OAuthClient;
  private readonly keepers: TokenKeepers;
  private readonly collector: ReplyCollector;
  private readonly replies: ReplyServer;
  private readonly jobs: readonly Periodic[];
  private readonly stopping = new AbortController();
  private readonly databaseCheck = new DatabaseCheck(() => this.writeSomething());
  private releaseDatabase: (() => Promise<void>) | null = null;
  private starting: Promise<void> | null = null;

  constructor(
    private readonly settings: Settings,
    private readonly http: HttpService,
    private readonly metrics: Metrics,
    private readonly log: Log,
  ) {
    this.names = topologyNames(settings.AMQP_PREFIX);
    this.broker = new BrokerConnection({
      urls: settings.RABBITMQ_URL,
      names: this.names,
      logger: log,
      connectionName: 'bitrix24-offline-bridge',
    });
    this.publisher = new Publisher(this.broker, { logger: log });
    this.database = openDatabase(settings.DATABASE_URL);
    this.ledger = new Ledger(this.database, settings);
    this.registry = new PortalRegistry(
      this.database,
      new TokenVault(settings.TOKEN_ENCRYPTION_KEY),
      portalNames,
    );
    const authorization = {
      url: settings.B24_OAUTH_URL,
      clientId: settings.B24_CLIENT_ID,
      clientSecret: settings.B24_CLIENT_SECRET,
      http,
      allowHttp: settings.B24_ALLOW_HTTP,
    };
    this.oauth = new OAuthClient(authorization);
    this.keepers = new TokenKeepers(this.registry, this.oauth);
    const brokerReady = () => this.broker.status().state === 'up';
    this.fleet = new Fleet({
      registry: this.registry,
      ledger: this.ledger,
      dispatcher: new Dispatcher(
        this.ledger,
        this.publisher,
        this.names,
        settings.RETRY_MAX_ATTEMPTS,
        {
          published: (memberId, changedAt) =>
            metrics.eventsPublished(this.nameOf(memberId), changedAt, Date.now()),
          dead: (memberId, count) => {
            metrics.eventsSettled(this.nameOf(memberId), 'dead', count);
            this.fleet.settled(memberId);
          },
        },
        log,
      ),
      clientFor: (portal) => this.clientFor(portal),
      brokerReady,
      wantedBindings: {
        events: settings.B24_EVENTS,
        connectorId: settings.B24_AUTH_CONNECTOR ?? '',
        notificationHandler:
          settings.PUBLIC_URL === undefined
            ? null
            : `${settings.PUBLIC_URL.replace(/\/+$/, '')}/bitrix24/events`,
      },
      settings,
      listener: {
        settled: (memberId, processed, failed) => {
          metrics.eventsSettled(this.nameOf(memberId), 'processed', processed);
          metrics.eventsSettled(this.nameOf(memberId), 'failed', failed);
        },
        inFlight: (memberId, count) => metrics.eventsInFlight(this.nameOf(memberId), count),
        ledger: (memberId, failure) => this.databaseCheck.ledger(memberId, failure),
        exchange: (memberId, seconds) => metrics.exchangeTook(this.nameOf(memberId), seconds),
        portalState: (portal) => metrics.portalState(portal.name, portal.state),
      },
      log,
    });
    this.reception = new PortalReception(
      this.registry,
      new InstallationProof(new OAuthClient({ ...authorization, timeoutMs: PROOF_TIMEOUT_MS })),
      new AllowedPortals(settings.B24_ALLOWED_PORTALS),
      {
        installed: (memberId) => this.fleet.open(memberId),
        uninstalled: (memberId) => this.fleet.close(memberId),
        poked: (memberId) => this.fleet.announced(memberId),
        updated: (memberId) => this.fleet.checkBindings(memberId),
      },
      log,
    );
    this.collector = new ReplyCollector(
      this.ledger,
      { memberIdOf: (name) => this.registry.byName(name)?.memberId },
      async (message, reason) => {
        const [result] = await this.publisher.publish([rejectedReply(message, reason, this.names.rejected)]);
        return result?.status === 'confirmed';
      },
      {
        recorded: (recorded) => {
          for (const [memberId, count] of recorded.processed) {
            metrics.eventsSettled(this.nameOf(memberId), 'processed', count);
          }
          for (const [memberId, count] of recorded.failed) {
            metrics.eventsSettled(this.nameOf(memberId), 'failed', count);
          }
          for (const [memberId, count] of recorded.lateFailed) {
            metrics.eventsSettled(this.nameOf(memberId), 'late_failed', count);
          }
          this.fleet.outcomes(recorded);
        },
        replies: (kind, count) => metrics.repliesReceived(kind, count),
      },
      log,
    );
    this.replies = new ReplyServer(
      {
        urls: settings.RABBITMQ_URL,
        queue: this.names.replies,
        queueOptions: repliesQueueOptions(this.names),
        declare: () => void this.broker.redeclare(),
        prefetchCount: REPLY_PREFETCH,
      },
      log,
      (delivered) => this.collector.add(delivered),
    );
    this.jobs = [
      ledgerPurge(this.ledger, log),
      portalWatch(this.registry, this.ledger, this.fleet, log),
      tokenRenewal({
        portals: () => this.registry.list(),
        renew: (memberId) => this.keepers.renew(memberId),
        unauthorized: (memberId, reason) => this.fleet.setState(memberId, 'unauthorized', reason),
        log,
      }),
      new Periodic(
        'queue_depths',
        QUEUE_DEPTHS_EVERY_MS,
        async () => this.metrics.queueDepths(await readQueueDepths(this.broker, this.names)),
        log,
      ),
    ];
    this.broker.onChange((status) => {
      if (status.state === 'up') this.fleet.brokerReady();
    });
  }

  /**
   * Starts everything; resolves when the database is there and the loops run, which may take as long as it takes.
   * @throws {TokenVaultError} when the stored tokens cannot be read with the key that is set
   * @throws {DatabaseInUse} when another process works on the same SQLite file
   */
  start(): Promise<void> {
    return (this.starting ??= this.run());
  }

  /** Stops reserving, waits for confirms in flight, writes the ledger. Within 9 s. */
  async stop(): Promise<void> {
    this.log.info({ event: 'bridge.stopping' });
    this.stopping.abort();
    await Promise.all([this.fleet.stop(ROUND_GRACE_MS), ...this.jobs.map((job) => job.stop())]);
    await this.collector.close();
    await this.replies.close().catch(() => undefined);
    await this.publisher.close(CONFIRM_GRACE_MS);
    await this.broker.close();
    await this.database.db.destroy();
    await this.releaseDatabase?.();
    this.log.info({ event: 'bridge.stopped' });
  }

  /** Secrets that no log line may carry. */
  secrets(): string[] {
    const { B24_CLIENT_SECRET, B24_REFRESH_TOKEN, TOKEN_ENCRYPTION_KEY } = this.settings;
    const tokens = this.registry
      .list()
      .flatMap(({ accessToken, refreshToken, applicationToken }) => [
        accessToken,
        refreshToken,
        applicationToken,
      ]);
    return [B24_CLIENT_SECRET, B24_REFRESH_TOKEN, ...splitKeys(TOKEN_ENCRYPTION_KEY), ...tokens].filter(
      (secret): secret is string => typeof secret === 'string' && secret !== '',
    );
  }

  /** What readiness depends on. */
  checks(): Record<string, () => Promise<Reachability>> {
    return {
      broker: () => {
        const { state, reason } = this.broker.status();
        return Promise.resolve({ up: state === 'up', reason: state === 'up' ? null : (reason ?? state) });
      },
      database: () => this.databaseCheck.read(),
    };
  }

  private writeSomething(): Promise<unknown> {
    const [portal] = this.registry.list();
    return portal === undefined
      ? this.database.db.selectFrom('portals').select('member_id').limit(1).execute()
      : this.ledger.probe(portal.memberId);
  }

  private async run(): Promise<void> {
    if (this.settings.TOKEN_ENCRYPTION_KEY === undefined) {
      this.log.warn({
        event: 'tokens.in_clear',
        advice: 'set TOKEN_ENCRYPTION_KEY (openssl rand -base64 32)',
      });
    }
    this.broker.start();
    await this.claimDatabase();
    await this.openDatabase();
    if (this.stopping.signal.aborted) return;
    this.fleet.start();
    for (const job of this.jobs) job.start();
    await this.broker.whenUp(this.stopping.signal).catch(() => undefined);
    if (this.stopping.signal.aborted) return;
    void this.replies.listen(() => undefined);
    const portal = await installFirstPortal(
      this.registry,
      this.oauth,
      this.settings,
      this.log,
      this.stopping.signal,
    );
    if (portal !== null) this.fleet.open(portal.memberId);
    if (this.registry.list().length === 0) this.log.warn({ event: 'bridge.no_portal' });
  }

  private async claimDatabase(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        this.releaseDatabase = await claimSoleProcess(this.settings.DATABASE_URL, {
          signal: this.stopping.signal,
          onWaiting: () => {
            this.databaseCheck.opened('another bridge works on it; standing by');
            this.log.info({ event: 'database.standing_by' });
          },
          onLost: (reason) => {
            // Another process may act from now on, so this one must not; whoever started it starts it again.
            this.log.error({ event: 'database.claim_lost', reason });
            process.exit(1);
          },
        });
        return;
      } catch (error) {
        if (error instanceof DatabaseInUse) throw error;
        await this.databaseUnavailable(error);
      }
    }
  }

  private async databaseUnavailable(error: unknown): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error);
    this.databaseCheck.opened(reason);
    this.log.error({ event: 'database.unavailable', reason, nextInMs: DATABASE_RETRY_MS });
    await new Promise((resolve) => setTimeout(resolve, DATABASE_RETRY_MS));
  }

  private async openDatabase(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        const migrations = await migrate(this.database);
        const portals = await this.registry.load();
        this.databaseCheck.opened(null);
        this.log.info({
          event: 'database.ready',
          dialect: this.database.dialect,
          migrations,
          portals: portals.length,
        });
        return;
      } catch (error) {
        if (error instanceof TokenVaultError) throw error;
        await this.databaseUnavailable(error);
      }
    }
  }

  private clientFor(portal: Portal): PortalClient {
    const { settings } = this;
    return new PortalClient({
      tokens: this.keepers.open(portal.memberId),
      budget: new RateBudget({ perSecond: settings.B24_RATE_PER_SECOND, burst: settings.B24_RATE_BURST }),
      http: this.http,
      authConnector: settings.B24_AUTH_CONNECTOR,
      allowHttp: settings.B24_ALLOW_HTTP,
      observer: (report) => this.metrics.portalRequest(portal.name, report),
    });
  }

  private nameOf(memberId: string): string {
    return this.registry.get(memberId)?.name ?? memberId;
  }
}
