import { pageLimits } from '../bitrix24/answer-limits.js';
import { AnswerMemory } from '../bitrix24/answer-memory.js';
import { PortalClient } from '../bitrix24/portal-client.js';
import { RateBudget } from '../bitrix24/rate-budget.js';
import { OutboundHttp } from '../bitrix24/outbound-routes.js';
import { BrokerConnection } from '../broker/connection.js';
import { Publisher } from '../broker/publisher.js';
import { Settings } from '../config/settings.js';
import { eventEncoder } from '../contract/event-encoder.js';
import { Fleet } from '../drain/loop/fleet.js';
import { Dispatcher } from '../drain/publishing/dispatcher.js';
import { Ledger } from '../ledger/ledger.js';
import { DatabaseCheck } from '../monitoring/database-check.js';
import { countPublishes, countRounds } from '../monitoring/listeners.js';
import { Metrics } from '../monitoring/metrics.js';
import { ReplyWatermark } from '../outcomes/reply-watermark.js';
import { PortalRegistry } from '../portals/registry.js';
import { RefreshersByPortal } from '../portals/refreshers-by-portal.js';
import { traceRound } from '../tracing/round-spans.js';
import { TracedPublisher } from '../tracing/traced-publisher.js';
import { BESIDE, ENCODER, HOOKS, LOG, NAMES, REPLICA } from './injection-tokens.js';
import { provide } from './provide.js';

/** The loops that drain portals and publish what they have. */
export const drainProviders = [
  provide(ENCODER, [NAMES, HOOKS], (names, hooks) => eventEncoder(names.replies, hooks)),
  provide(
    Fleet,
    {
      settings: Settings,
      http: OutboundHttp,
      names: NAMES,
      broker: BrokerConnection,
      publisher: Publisher,
      registry: PortalRegistry,
      refreshers: RefreshersByPortal,
      ledger: Ledger,
      replica: REPLICA,
      encoder: ENCODER,
      silence: ReplyWatermark,
      metrics: Metrics,
      databaseCheck: DatabaseCheck,
      beside: BESIDE,
      log: LOG,
    },
    (parts) => {
      const { settings, names, broker, registry, ledger, metrics, log } = parts;
      const nameOf = (memberId: string) => registry.nameOf(memberId);
      const counted = countPublishes(metrics, nameOf);
      const answerMemory = new AnswerMemory(settings.DRAIN_ANSWER_BYTES);
      return new Fleet({
        registry,
        ledger,
        ownership: parts.replica.ownership,
        dispatcher: (told) =>
          new Dispatcher({
            ledger,
            publisher: new TracedPublisher(parts.publisher, names.dead),
            targets: names,
            maxAttempts: settings.RETRY_MAX_ATTEMPTS,
            listener: {
              ...counted,
              published: (...what) => {
                counted.published(...what);
                told.published(...what);
              },
              dead: (...what) => {
                counted.dead(...what);
                told.dead(...what);
              },
            },
            log,
            encoder: parts.encoder,
          }),
        clientFor: (portal, permit) =>
          new PortalClient({
            tokens: parts.refreshers.open(portal.memberId),
            budget: new RateBudget({
              perSecond: settings.B24_RATE_PER_SECOND,
              burst: settings.B24_RATE_BURST,
            }),
            http: parts.http,
            // Of batches that ask for no events; rounds say how many they ask for.
            answers: pageLimits(settings, 1),
            authConnector: settings.B24_AUTH_CONNECTOR,
            allowHttp: settings.B24_ALLOW_HTTP,
            permitted: () => permit.valid(),
            observer: (report) => metrics.portalRequest(portal.name, report),
          }),
        silence: parts.silence,
        answerMemory,
        beside: parts.beside(answerMemory),
        answersOf: (events) => pageLimits(settings, events),
        brokerReady: () => broker.status().state === 'up',
        reservesNothing: () => broker.usability().state !== 'up',
        standsBack: () => broker.withoutPrefix,
        wantedBindings: {
          events: settings.B24_EVENTS,
          connectorId: settings.B24_AUTH_CONNECTOR ?? '',
          notificationHandler: handlerAt(settings.PUBLIC_URL),
        },
        settings,
        listener: {
          ...countRounds(metrics, nameOf, parts.databaseCheck),
          written: (memberId, round) => traceRound(memberId, nameOf(memberId), round),
        },
        log,
      });
    },
  ),
];

/** Where portals notify us; null without a public address. */
function handlerAt(publicUrl: string | undefined): string | null {
  return publicUrl === undefined ? null : `${publicUrl.replace(/\/+$/, '')}/bitrix24/events`;
}
