import { type FleetListener } from '../drain/loop/fleet-dependencies.js';
import { type DispatchListener } from '../drain/publishing/page-publisher.js';
import { type OutcomesRecorded } from '../ledger/outcome.js';
import { type OutcomesListener } from '../outcomes/reply-collector.js';
import { type ReconcileListener } from '../state/reconcile/reconcile-dependencies.js';
import { type DatabaseCheck } from './database-check.js';
import { type Metrics } from './metrics.js';

/** The name of a portal by its member id; the member id itself where it is not registered. */
type NameOf = (memberId: string) => string;

/** What rounds do, as metrics. */
export function countRounds(metrics: Metrics, nameOf: NameOf, database: DatabaseCheck): FleetListener {
  return {
    settled: (memberId, processed, failed) => {
      metrics.eventsSettled(nameOf(memberId), 'processed', processed);
      metrics.eventsSettled(nameOf(memberId), 'failed', failed);
    },
    inFlight: (memberId, count) => metrics.eventsInFlight(nameOf(memberId), count),
    ledger: (memberId, failure) => database.ledger(memberId, failure),
    roundTook: (memberId, seconds) => metrics.roundTook(nameOf(memberId), seconds),
    round: (memberId, facts) => metrics.activity.round(nameOf(memberId), facts),
    portalState: (portal) => metrics.portalState(portal.name, portal.state, portal.paused !== null),
    refusedNow: (memberId, count) => metrics.eventsRefused(nameOf(memberId), count),
    foreignBatches: (name, count) => metrics.foreignBatches(name, count),
    portalGone: (name) => metrics.portalGone(name),
  };
}

/** What reconciling finds, as metrics. */
export function countReconciling(metrics: Metrics, nameOf: NameOf): ReconcileListener {
  return {
    reconciles: (memberId) => metrics.reconciles(nameOf(memberId)),
    missed: (memberId, _type, change, count) => metrics.changesMissed(nameOf(memberId), change, count),
  };
}

/** What is published, as metrics. */
export function countPublishes(metrics: Metrics, nameOf: NameOf): DispatchListener {
  return {
    published: (memberId, changedAt, retried, unheld) =>
      metrics.eventsPublished(nameOf(memberId), changedAt, Date.now(), retried, unheld),
    dead: (memberId, count) => metrics.eventsSettled(nameOf(memberId), 'dead', count),
    refused: (memberId, reason, count) => metrics.publishRefused(nameOf(memberId), reason, count),
  };
}

/** What replies say, as metrics. */
export function countReplies(metrics: Metrics, nameOf: NameOf): OutcomesListener {
  return {
    recorded: (recorded: OutcomesRecorded) => {
      for (const [outcome, counts] of [
        ['processed', recorded.processed],
        ['failed', recorded.failed],
        ['late_failed', recorded.lateFailed],
      ] as const)
        for (const [memberId, count] of counts) metrics.eventsSettled(nameOf(memberId), outcome, count);
    },
    replies: (kind, count) => metrics.repliesReceived(kind, count),
    unknown: (memberId, count) => metrics.unknownReplies(nameOf(memberId), count),
  };
}
