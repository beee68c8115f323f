import { type HttpService } from '@nestjs/axios';
import { PortalClient } from './bitrix24/portal-client.js';
import { RateBudget } from './bitrix24/rate-budget.js';
import { type BrokerConnection } from './broker/connection.js';
import { type Publisher } from './broker/publisher.js';
import { type TopologyNames } from './broker/topology.js';
import { type Settings } from './config.js';
import { type EventEncoder } from './contract/event-encoder.js';
import { type DatabaseCheck } from './database-check.js';
import { Dispatcher } from './drain/dispatcher.js';
import { Fleet } from './drain/fleet.js';
import { type Ownership } from './drain/ownership.js';
import { type Ledger } from './ledger/ledger.js';
import { type Log } from './log.js';
import { type Metrics } from './monitoring/metrics.js';
import { type PortalRegistry } from './portals/registry.js';
import { type TokenKeepers } from './portals/token-keepers.js';
import { traceRound } from './tracing/round-spans.js';
import { TracedPublisher } from './tracing/traced-publisher.js';

export interface FleetSurroundings {
  readonly settings: Settings;
  readonly http: HttpService;
  readonly names: TopologyNames;
  readonly broker: BrokerConnection;
  readonly publisher: Publisher;
  readonly registry: PortalRegistry;
  readonly keepers: TokenKeepers;
  readonly ledger: Ledger;
  readonly ownership: Ownership;
  readonly encoder: EventEncoder;
  readonly databaseCheck: DatabaseCheck;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Puts together what the loops of all portals need. */
export function assembleFleet(around: FleetSurroundings): Fleet {
  const { settings, registry, ledger, metrics, log } = around;
  const nameOf = (memberId: string) => registry.get(memberId)?.name ?? memberId;
  const fleet: Fleet = new Fleet({
    registry,
    ledger,
    ownership: around.ownership,
    dispatcher: new Dispatcher(
      ledger,
      new TracedPublisher(around.publisher, around.names.dead),
      around.names,
      settings.RETRY_MAX_ATTEMPTS,
      {
        published: (memberId, changedAt, retried) => {
          metrics.eventsPublished(nameOf(memberId), changedAt, Date.now(), retried);
          fleet.published(memberId);
        },
        dead: (memberId, count) => {
          metrics.eventsSettled(nameOf(memberId), 'dead', count);
          fleet.settled(memberId);
        },
      },
      log,
      around.encoder,
    ),
    clientFor: (portal, grant) =>
      new PortalClient({
        tokens: around.keepers.open(portal.memberId),
        budget: new RateBudget({ perSecond: settings.B24_RATE_PER_SECOND, burst: settings.B24_RATE_BURST }),
        http: around.http,
        authConnector: settings.B24_AUTH_CONNECTOR,
        allowHttp: settings.B24_ALLOW_HTTP,
        permitted: () => grant.valid(),
        observer: (report) => metrics.portalRequest(portal.name, report),
      }),
    brokerReady: () => around.broker.status().state === 'up',
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
        metrics.eventsSettled(nameOf(memberId), 'processed', processed);
        metrics.eventsSettled(nameOf(memberId), 'failed', failed);
      },
      inFlight: (memberId, count) => metrics.eventsInFlight(nameOf(memberId), count),
      ledger: (memberId, failure) => around.databaseCheck.ledger(memberId, failure),
      exchange: (memberId, seconds) => metrics.exchangeTook(nameOf(memberId), seconds),
      written: (memberId, round) => traceRound(memberId, nameOf(memberId), round),
      round: (memberId, facts) => metrics.activity.round(nameOf(memberId), facts),
      portalState: (portal) => metrics.portalState(portal.name, portal.state),
      portalGone: (name) => metrics.portalGone(name),
    },
    log,
  });
  return fleet;
}
