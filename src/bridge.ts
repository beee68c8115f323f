import { type HttpService } from '@nestjs/axios';
import { OAuthClient } from './bitrix24/oauth-client.js';
import { inRandomOrder } from './broker/addresses.js';
import { BrokerConnection } from './broker/connection.js';
import { within } from './broker/deadlines.js';
import { Publisher } from './broker/publisher.js';
import { readQueueDepths } from './broker/queue-depths.js';
import { type TopologyNames, topologyNames } from './broker/topology.js';
import { type Settings } from './config.js';
import { eventEncoder } from './contract/event-encoder.js';
import { type EventHooks } from './contract/event-hooks.js';
import { portalNames } from './contract/portal-name.js';
import { DatabaseCheck } from './database-check.js';
import { type Database, openDatabase } from './database/database.js';
import { oneAtATime } from './database/one-at-a-time.js';
import { type Fleet } from './drain/fleet.js';
import { Pokes } from './drain/pokes.js';
import { assembleFleet } from './fleet-wiring.js';
import { LedgerAdmin } from './ledger/admin.js';
import { Ledger } from './ledger/ledger.js';
import { type Log } from './log.js';
import { ledgerPurge } from './maintenance/ledger-purge.js';
import { Periodic } from './maintenance/periodic.js';
import { PortalWatch } from './maintenance/portal-watch.js';
import { tokenRenewal } from './maintenance/token-renewal.js';
import { type Reachability } from './monitoring/health.controller.js';
import { type Metrics } from './monitoring/metrics.js';
import { Opening } from './opening.js';
import { type ReplyCollector } from './outcomes/reply-collector.js';
import { type ReplyServer } from './outcomes/reply-server.js';
import { AllowedPortals } from './portals/allowed-portals.js';
import { installFirstPortal } from './portals/first-portal.js';
import { InstallationProof } from './portals/installation-proof.js';
import { PortalReception } from './portals/reception.js';
import { PortalRegistry } from './portals/registry.js';
import { TokenKeepers } from './portals/token-keepers.js';
import { splitKeys, TokenVault } from './portals/token-vault.js';
import { type Replica, replicaFor } from './replica.js';
import { replicaReport } from './replica-report.js';
import { assembleReplies } from './reply-wiring.js';

const QUEUE_DEPTHS_EVERY_MS = 15_000;
/** A round under way at the end may take this long; a stop is promised within 10 s. */
const ROUND_GRACE_MS = 4000;
const CONFIRM_GRACE_MS = 3000;
const LEAVE_MS = 1500;
/** Whoever installs an application waits for its answer. */
const PROOF_TIMEOUT_MS = 15_000;

/** As portals make them. */
const APPLICATION_TOKEN = /^[A-Za-z0-9]{32,}$/;

/**
 * Puts the rooms together and runs them. Waits by itself for whatever is not there yet: the database, the broker,
 * the authorization server.
 */
export class Bridge {
  readonly names: TopologyNames;
  readonly broker: BrokerConnection;
  readonly registry: PortalRegistry;
  readonly ledger: Ledger;
  /** What people do to deliveries. */
  readonly admin: LedgerAdmin;
  readonly fleet: Fleet;
  /** Where what portals send is judged. */
  readonly reception: PortalReception;
  readonly database: Database;
  private readonly replica: Replica;
  /** Hastens loops, wherever they run. */
  readonly pokes: Pokes;
  private readonly watch: PortalWatch;
  private readonly publisher: Publisher;
  private readonly oauth: OAuthClient;
  private readonly collector: ReplyCollector;
  private readonly replies: ReplyServer;
  private readonly jobs: readonly Periodic[];
  private readonly stopping = new AbortController();
  private readonly databaseCheck = new DatabaseCheck(() => this.writeSomething());
  private readonly opening: Opening;
  private starting: Promise<void> | null = null;

  constructor(
    private readonly settings: Settings,
    http: HttpService,
    metrics: Metrics,
    private readonly log: Log,
    hooks: EventHooks = {},
  ) {
    const names = (this.names = topologyNames(settings.AMQP_PREFIX));
    // The same for both connections: each node more that they need is one more that can fail.
    const urls = inRandomOrder(settings.RABBITMQ_URL);
    const broker = (this.broker = new BrokerConnection({
      urls,
      names,
      logger: log,
      connectionName: 'bitrix24-offline-bridge',
    }));
    const publisher = (this.publisher = new Publisher(broker, { logger: log }));
    const database = (this.database = openDatabase(settings.DATABASE_URL, {
      idleInTransactionMs: settings.LEASE_MS,
    }));
    const ledger = (this.ledger = new Ledger(database, settings));
    this.admin = new LedgerAdmin(database, settings);
    const vault = new TokenVault(settings.TOKEN_ENCRYPTION_KEY);
    const registry = (this.registry = new PortalRegistry(database, vault, portalNames));
    const authorization = {
      url: settings.B24_OAUTH_URL,
      clientId: settings.B24_CLIENT_ID,
      clientSecret: settings.B24_CLIENT_SECRET,
      http,
      allowHttp: settings.B24_ALLOW_HTTP,
    };
    this.oauth = new OAuthClient(authorization);
    const keepers = new TokenKeepers(registry, this.oauth);
    const { databaseCheck } = this;
    this.opening = new Opening({
      url: settings.DATABASE_URL,
      database,
      registry,
      check: databaseCheck,
      log,
    });
    const report = replicaReport({
      settings,
      registry,
      activity: metrics.activity,
      runsRounds: (memberId) => this.fleet.runsRounds(memberId),
      log,
    });
    this.replica = replicaFor(settings, registry, () => this.pokes.leasesChanged(), report, log);
    const { ownership, line, name } = this.replica;
    metrics.portalsOwned(
      () => ownership.count,
      () => this.registry.list().length,
    );
    const common = { settings, names, broker, publisher, registry, ledger, metrics, log };
    const encoder = eventEncoder(names.replies, hooks);
    const fleet = (this.fleet = assembleFleet({
      ...common,
      http,
      keepers,
      ownership,
      databaseCheck,
      encoder,
    }));
    this.watch = new PortalWatch(registry, ledger, fleet, settings, log);
    const pokes = (this.pokes = new Pokes({
      fleet,
      ownership,
      line,
      replica: name,
      portalsChanged: () => void this.lookAtPortals(),
      log,
    }));
    this.reception = new PortalReception(
      registry,
      new InstallationProof(new OAuthClient({ ...authorization, timeoutMs: PROOF_TIMEOUT_MS })),
      new AllowedPortals(settings.B24_ALLOWED_PORTALS),
      {
        installed: (memberId) => {
          fleet.open(memberId);
          pokes.portalsChanged();
        },
        uninstalled: (memberId) => {
          fleet.close(memberId);
          pokes.portalsChanged();
        },
        poked: (memberId) => pokes.announced(memberId),
        updated: (memberId) => pokes.checkBindings(memberId),
      },
      log,
    );
    const replies = assembleReplies({
      ...common,
      urls,
      recorded: (recorded) => pokes.outcomes(recorded),
    });
    this.collector = replies.collector;
    this.replies = replies.server;
    this.jobs = [
      ledgerPurge(ledger, log),
      this.watch.job(),
      tokenRenewal({
        portals: () => registry.list().filter(({ memberId }) => ownership.grant(memberId) !== null),
        renew: (memberId) => keepers.renew(memberId),
        unauthorized: (memberId, reason) => fleet.setState(memberId, 'unauthorized', reason),
        log,
      }),
      new Periodic(
        'queue_depths',
        QUEUE_DEPTHS_EVERY_MS,
        async () => metrics.queueDepths(await readQueueDepths(broker, names)),
        log,
      ),
    ];
    broker.onChange((status) => {
      if (status.state === 'up') fleet.brokerReady();
    });
    metrics.eventsInFlightLimit(settings.DRAIN_MAX_IN_FLIGHT);
    metrics.watchDependencies(this.checks());
  }

  /**
   * Starts everything; resolves when the database is there and the loops run, which may take as long as it takes.
   * @throws {TokenVaultError} when the stored tokens cannot be read with the key that is set
   * @throws {DatabaseInUse} when another process works on the same SQLite file
   */
  start(): Promise<void> {
    return (this.starting ??= this.run());
  }

  /** Stops reserving, waits for confirms in flight, writes the ledger, frees its portals for others. Within 9 s. */
  async stop(): Promise<void> {
    this.log.info({ event: 'bridge.stopping' });
    this.stopping.abort();
    const { ownership, line } = this.replica;
    ownership.retire();
    await Promise.all([this.fleet.stop(ROUND_GRACE_MS), ...this.jobs.map((job) => job.stop())]);
    // Without the database the leases expire by themselves.
    await within(LEAVE_MS, ownership.leave()).catch(() => undefined);
    await this.pokes.flush();
    await this.collector.close();
    await this.replies.close().catch(() => undefined);
    await this.publisher.close(CONFIRM_GRACE_MS);
    await this.broker.close();
    await this.pokes.flush();
    await line?.close();
    await this.database.db.destroy();
    this.opening.close();
    this.log.info({ event: 'bridge.stopped' });
  }

  /** Secrets that no log line may carry. */
  secrets(): string[] {
    const { B24_CLIENT_SECRET, B24_REFRESH_TOKEN, TOKEN_ENCRYPTION_KEY, DASHBOARD_PASSWORD } = this.settings;
    const { registry } = this;
    const tokens = registry.list().flatMap(({ accessToken, refreshToken, applicationToken }) => [
      accessToken,
      refreshToken,
      // Whoever owns a portal can choose this one, and could choose a word that log lines consist of.
      ...(applicationToken !== null &&
      APPLICATION_TOKEN.test(applicationToken) &&
      registry.get(applicationToken) === undefined
        ? [applicationToken]
        : []),
    ]);
    const own = [B24_CLIENT_SECRET, B24_REFRESH_TOKEN, DASHBOARD_PASSWORD];
    return [...own, ...splitKeys(TOKEN_ENCRYPTION_KEY), ...tokens].filter(
      (secret): secret is string => typeof secret === 'string' && secret !== '',
    );
  }

  /** What readiness depends on. */
  checks(): Record<'broker' | 'database', () => Promise<Reachability>> {
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
    const { signal } = this.stopping;
    if (this.settings.TOKEN_ENCRYPTION_KEY === undefined) {
      this.log.warn({
        event: 'tokens.in_clear',
        advice: 'set TOKEN_ENCRYPTION_KEY (openssl rand -base64 32)',
      });
    }
    this.broker.start();
    await this.opening.open(signal);
    if (signal.aborted) return;
    this.shareOut();
    for (const job of this.jobs) job.start();
    await this.broker.whenUp(signal).catch(() => undefined);
    if (signal.aborted) return;
    void this.replies.listen(() => undefined);
    await this.installFirstPortal();
    if (this.registry.list().length === 0) {
      this.log.warn({ event: 'bridge.no_portal', advice: 'npx bitrix24-bridge portals add <portal>' });
    }
  }

  /** From here on portals are drained: those that are ours. */
  private shareOut(): void {
    const { ownership, line, name } = this.replica;
    line?.listen({
      heard: (text) => this.pokes.receive(text),
      // What was said meanwhile was missed.
      connected: () => void this.lookAtPortals(),
    });
    if (line !== null) this.log.info({ event: 'replica.started', replica: name });
    ownership.start({
      gained: (memberIds) => {
        if (line === null) this.fleet.gained(memberIds);
        // Its last owner may have renewed its tokens or learned what its plan has.
        else void this.lookAtPortals().then(() => this.fleet.gained(memberIds));
      },
      lost: (memberIds) => this.fleet.lost(memberIds),
      handOver: (memberId) => this.fleet.handOver(memberId),
    });
  }

  private async installFirstPortal(): Promise<void> {
    const { signal } = this.stopping;
    const portal = await installFirstPortal(
      this.registry,
      this.oauth,
      this.settings,
      this.log,
      signal,
      (work) =>
        oneAtATime(this.database, 'first portal', signal, async () => {
          if (this.replica.line !== null) await this.watch.look();
          return work();
        }),
    );
    if (portal === null) return;
    this.fleet.open(portal.memberId);
    this.pokes.portalsChanged();
  }

  private async lookAtPortals(): Promise<void> {
    await this.watch.look().catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.log.warn({ event: 'maintenance.failed', job: 'portal_watch', reason });
    });
  }
}
