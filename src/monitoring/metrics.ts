import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type RequestReport } from '../bitrix24/portal-call.js';
import { PORTAL_STATES, type PortalState } from '../database/schema.js';
import { REFUSAL_REASONS, type RefusalReason } from '../http/refusals.js';
import { Activity } from './activity.js';

/** What became of an event, as the outside counts it. */
export type SettledOutcome = 'processed' | 'failed' | 'dead' | 'late_failed';
const OUTCOMES: readonly SettledOutcome[] = ['processed', 'failed', 'dead', 'late_failed'];

/** What readiness depends on, by name, and how to ask whether it can be reached. */
type DependencyChecks = Readonly<Record<string, () => Promise<{ readonly up: boolean }>>>;

/** The bridge's figures in Prometheus' form. Portals appear under the name that their routing keys start with. */
export class Metrics {
  readonly registry = new Registry();
  /** The same, as it was within the last minutes. */
  readonly activity = new Activity();

  private readonly published = this.counter(
    'bridge_events_published_total',
    'Events confirmed by RabbitMQ.',
    ['portal'],
  );
  private readonly settled = this.counter('bridge_events_settled_total', 'Events by what became of them.', [
    'portal',
    'outcome',
  ]);
  private readonly inFlight = this.gauge(
    'bridge_events_in_flight',
    'Events that are neither settled, refused nor marked.',
    ['portal'],
  );
  private readonly refused = this.counter(
    'bridge_publish_refused_total',
    'Messages that RabbitMQ answered with a nack: a queue did not take them.',
    ['portal', 'reason'],
  );
  private readonly refusedNow = this.gauge(
    'bridge_events_refused',
    'Events that a queue has refused and that are published again after their back-off.',
    ['portal'],
  );
  private readonly replies = this.counter('bridge_replies_total', 'Replies by kind.', ['kind']);
  private readonly unknown = this.counter(
    'bridge_replies_unknown_total',
    'Deliveries named in replies that the ledger does not know.',
    ['portal'],
  );
  private readonly apiRequests = this.counter('bridge_api_requests_total', 'Requests to the API.', [
    'route',
    'method',
    'status',
  ]);
  private readonly installations = this.counter(
    'bridge_installs_total',
    'Installations and openings of the application by what became of them.',
    ['outcome'],
  );
  private readonly lesserInstalls = this.counter(
    'bridge_installs_refused_total',
    'Installations whose tokens were of a lesser right than those that the portal has.',
    ['portal'],
  );
  private readonly requests = this.counter('bridge_portal_requests_total', 'Requests to portals.', [
    'portal',
    'method',
    'outcome',
  ]);
  private readonly round = this.roundHistogram(
    'bridge_round_duration_seconds',
    'From sending a round to its answer written in the ledger.',
  );
  /** The former name of the same, kept for one release. */
  private readonly formerRound = this.roundHistogram(
    'bridge_exchange_duration_seconds',
    'Deprecated, the same as bridge_round_duration_seconds: goes with the next release.',
  );
  private readonly lag = new Histogram({
    name: 'bridge_publish_lag_seconds',
    help: 'From the change on the portal (whole seconds) to its publish confirmed.',
    labelNames: ['portal'],
    buckets: [0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400],
    registers: [this.registry],
  });
  private readonly state = this.gauge('bridge_portal_state', '1 for the state that a portal is in.', [
    'portal',
    'state',
  ]);
  private readonly pausedNow = this.gauge(
    'bridge_portal_paused',
    '1 while people keep a portal from reserving anything new, 0 otherwise.',
    ['portal'],
  );
  private readonly foreign = this.counter(
    'bridge_foreign_batches_total',
    'Batches that another program has reserved with the keys of this application.',
    ['portal'],
  );
  private readonly missed = this.counter(
    'bridge_changes_missed_total',
    'Changes that were found on a portal and that no event had announced.',
    ['portal', 'change'],
  );
  private readonly states = this.counter(
    'bridge_state_reads_total',
    'States of objects put into events, by what became of reading them; nothing of portals whose events carry none.',
    ['portal', 'status'],
  );
  private readonly queues = this.gauge(
    'bridge_queue_messages',
    "Messages waiting in the bridge's own queues.",
    ['queue'],
  );

  private httpRefusals: Counter<'reason'> | null = null;
  private ownedNow = () => 0;
  private registeredNow = () => 0;
  private readonly inFlightLimit = this.gauge(
    'bridge_events_in_flight_limit',
    'Events in flight of one portal beyond which nothing new is reserved.',
    [],
  );

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.asked('bridge_portals_owned', 'Portals whose rounds this process makes.', () => this.ownedNow());
    this.asked('bridge_portals_registered', 'Portals that the database has, uninstalled ones too.', () =>
      this.registeredNow(),
    );
  }

  /** Where to ask for the number of open connections of the HTTP port; the standalone service's alone are known. */
  httpConnections(now: () => number): void {
    const refused = this.counter(
      'bridge_http_refused_total',
      'Requests and connections that were refused before they reached the application.',
      ['reason'],
    );
    for (const reason of REFUSAL_REASONS) refused.inc({ reason }, 0);
    this.httpRefusals = refused;
    this.asked('bridge_http_connections', 'Open connections of the HTTP port.', now);
  }

  httpRefused(reason: RefusalReason): void {
    this.httpRefusals?.inc({ reason });
  }

  /** Where to ask for the number of portals that this process owns, and of all there are. */
  portalsOwned(ownedNow: () => number, registeredNow: () => number): void {
    this.ownedNow = ownedNow;
    this.registeredNow = registeredNow;
  }

  /** DRAIN_MAX_IN_FLIGHT, beside what it limits. */
  eventsInFlightLimit(count: number): void {
    this.inFlightLimit.set(count);
  }

  /** The checks run whenever the metrics are read. */
  watchDependencies(checks: DependencyChecks): void {
    const gauge = new Gauge({
      name: 'bridge_dependency_up',
      help: '1 while the bridge can work with the broker, with the database.',
      labelNames: ['dependency'],
      registers: [this.registry],
      collect: async () => {
        for (const [dependency, check] of Object.entries(checks)) {
          gauge.set({ dependency }, (await check()).up ? 1 : 0);
        }
      },
    });
  }

  /**
   * @param retried how many of them were retries, which are late by intention
   * @param unheld how many others there were, of which the portal's queue had no row
   */
  eventsPublished(portal: string, changedAt: readonly number[], now: number, retried = 0, unheld = 0): void {
    this.published.inc({ portal }, changedAt.length + unheld);
    const lag = this.lag.labels({ portal });
    for (const seconds of changedAt) lag.observe(Math.max(0, now / 1000 - seconds));
    const oldest = changedAt.reduce((least, seconds) => Math.min(least, seconds), Infinity);
    const lagMs = retried === changedAt.length ? null : Math.max(0, now - oldest * 1000);
    this.activity.published(portal, changedAt.length + unheld, lagMs);
  }

  eventsSettled(portal: string, outcome: SettledOutcome, count: number): void {
    if (count > 0) this.settled.inc({ portal, outcome }, count);
    if (outcome === 'failed' || outcome === 'late_failed') this.activity.failed(portal, count);
  }

  eventsInFlight(portal: string, count: number): void {
    this.inFlight.set({ portal }, count);
    this.activity.inFlight(portal, count);
  }

  /** @param reason whose queue refused: one for events, or the one for dead letters */
  publishRefused(portal: string, reason: 'event' | 'dead_letter', count: number): void {
    this.refused.inc({ portal, reason }, count);
  }

  /** Refused at present. */
  eventsRefused(portal: string, count: number): void {
    this.refusedNow.set({ portal }, count);
  }

  repliesReceived(kind: string, count: number): void {
    this.replies.inc({ kind }, count);
  }

  /** @param count deliveries that the replies named */
  unknownReplies(portal: string, count: number): void {
    this.unknown.inc({ portal }, count);
  }

  /** @param portal null where the installation proved none */
  installation(outcome: string, portal: string | null): void {
    this.installations.inc({ outcome });
    if (outcome === 'lesser' && portal !== null) this.lesserInstalls.inc({ portal });
  }

  /** @param route the pattern of its path */
  apiRequest(route: string, method: string, status: number): void {
    this.apiRequests.inc({ route, method, status: String(status) });
  }

  portalRequest(portal: string, { method, outcome }: RequestReport): void {
    this.requests.inc({ portal, method, outcome });
  }

  roundTook(portal: string, seconds: number): void {
    for (const histogram of [this.round, this.formerRound]) histogram.observe({ portal }, seconds);
    this.activity.roundTook(portal, seconds);
  }

  /** An event carries such a state of its object. */
  stateRead(portal: string, status: string): void {
    this.states.inc({ portal, status });
  }

  /** @param paused whether people keep it from reserving anything new */
  portalState(portal: string, state: PortalState, paused = false): void {
    // A counter that appears with its first event has risen from nothing, which no alert sees.
    for (const outcome of OUTCOMES) this.settled.inc({ portal, outcome }, 0);
    this.requests.inc({ portal, method: 'batch', outcome: 'throttle' }, 0);
    this.foreign.inc({ portal }, 0);
    for (const reason of ['event', 'dead_letter']) this.refused.inc({ portal, reason }, 0);
    this.unknown.inc({ portal }, 0);
    for (const each of PORTAL_STATES) this.state.set({ portal, state: each }, each === state ? 1 : 0);
    this.pausedNow.set({ portal }, paused ? 1 : 0);
  }

  foreignBatches(portal: string, count: number): void {
    this.foreign.inc({ portal }, count);
  }

  /** A portal's objects are compared with its events: what may be found is counted from 0. */
  reconciles(portal: string): void {
    for (const change of ['add', 'update', 'delete']) this.missed.inc({ portal, change }, 0);
  }

  changesMissed(portal: string, change: string, count: number): void {
    this.missed.inc({ portal, change }, count);
  }

  /** Another process has the portal's metrics from now on: the last values here must not stand beside those. */
  portalGone(portal: string): void {
    this.inFlight.remove({ portal });
    this.refusedNow.remove({ portal });
    this.pausedNow.remove({ portal });
    this.activity.forget(portal);
    for (const state of PORTAL_STATES) this.state.remove({ portal, state });
  }

  /** What the broker did not tell is absent rather than 0. */
  queueDepths(depths: Readonly<Record<string, number | null>>): void {
    for (const [queue, messages] of Object.entries(depths)) {
      if (messages === null) this.queues.remove({ queue });
      else this.queues.set({ queue }, messages);
    }
  }

  private roundHistogram(name: string, help: string): Histogram<'portal'> {
    return new Histogram({
      name,
      help,
      labelNames: ['portal'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers: [this.registry],
    });
  }

  /** A gauge whose value is asked for whenever the metrics are read. */
  private asked(name: string, help: string, valueNow: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(valueNow());
      },
    });
  }

  private counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private gauge<T extends string>(name: string, help: string, labelNames: T[]): Gauge<T> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}
