import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type RequestReport } from '../bitrix24/portal-client.js';
import { type PortalState } from '../database/schema.js';
import { Activity } from './activity.js';

const STATES: readonly PortalState[] = ['active', 'suspended', 'unauthorized', 'unlicensed', 'uninstalled'];

/** What became of an event, as the outside counts it. */
export type SettledOutcome = 'processed' | 'failed' | 'dead' | 'late_failed';
const OUTCOMES: readonly SettledOutcome[] = ['processed', 'failed', 'dead', 'late_failed'];

/** What readiness depends on, by name, and how to ask whether it can be reached. */
export type DependencyChecks = Readonly<Record<string, () => Promise<{ readonly up: boolean }>>>;

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
    'Events that are neither settled nor marked.',
    ['portal'],
  );
  private readonly replies = this.counter('bridge_replies_total', 'Replies by kind.', ['kind']);
  private readonly requests = this.counter('bridge_portal_requests_total', 'Requests to portals.', [
    'portal',
    'method',
    'outcome',
  ]);
  private readonly exchange = new Histogram({
    name: 'bridge_exchange_duration_seconds',
    help: 'From sending a round to its answer written in the ledger.',
    labelNames: ['portal'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers: [this.registry],
  });
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
  private readonly queues = this.gauge(
    'bridge_queue_messages',
    "Messages waiting in the bridge's own queues.",
    ['queue'],
  );

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

  /** @param retried how many of them were retries, which are late by intention */
  eventsPublished(portal: string, changedAt: readonly number[], now: number, retried = 0): void {
    this.published.inc({ portal }, changedAt.length);
    const lag = this.lag.labels({ portal });
    for (const seconds of changedAt) lag.observe(Math.max(0, now / 1000 - seconds));
    const oldest = changedAt.reduce((least, seconds) => Math.min(least, seconds), Infinity);
    const lagMs = retried === changedAt.length ? null : Math.max(0, now - oldest * 1000);
    this.activity.published(portal, changedAt.length, lagMs);
  }

  eventsSettled(portal: string, outcome: SettledOutcome, count: number): void {
    if (count > 0) this.settled.inc({ portal, outcome }, count);
    if (outcome === 'failed' || outcome === 'late_failed') this.activity.failed(portal, count);
  }

  eventsInFlight(portal: string, count: number): void {
    this.inFlight.set({ portal }, count);
    this.activity.inFlight(portal, count);
  }

  repliesReceived(kind: string, count: number): void {
    this.replies.inc({ kind }, count);
  }

  portalRequest(portal: string, { method, outcome }: RequestReport): void {
    this.requests.inc({ portal, method, outcome });
  }

  exchangeTook(portal: string, seconds: number): void {
    this.exchange.observe({ portal }, seconds);
  }

  portalState(portal: string, state: PortalState): void {
    // A counter that appears with its first event has risen from nothing, which no alert sees.
    for (const outcome of OUTCOMES) this.settled.inc({ portal, outcome }, 0);
    this.requests.inc({ portal, method: 'batch', outcome: 'throttle' }, 0);
    for (const each of STATES) this.state.set({ portal, state: each }, each === state ? 1 : 0);
  }

  /** Another process tells of the portal from now on: what was last known here must not stand beside that. */
  portalGone(portal: string): void {
    this.inFlight.remove({ portal });
    this.activity.forget(portal);
    for (const state of STATES) this.state.remove({ portal, state });
  }

  /** What the broker did not tell is absent rather than 0. */
  queueDepths(depths: Readonly<Record<string, number | null>>): void {
    for (const [queue, messages] of Object.entries(depths)) {
      if (messages === null) this.queues.remove({ queue });
      else this.queues.set({ queue }, messages);
    }
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
