import { type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { type Actor } from '../audit/actor.js';
import { type AuditLog } from '../audit/audit-log.js';
import { type TopologyNames } from '../broker/topology.js';
import { eventId, parseEventId } from '../contract/event.js';
import { type DeliveryState } from '../database/schema.js';
import { attemptOf } from '../events/attempt.js';
import { type Choice, DEFAULT_STATES, type EventDesk } from '../events/event-desk.js';
import { reasonShown } from '../events/refusal.js';
import { parseJson } from '../json/exact-json.js';
import { type DeliveryRecord } from '../ledger/find-deliveries.js';
import { retriedOf } from '../ledger/retry-now.js';
import { TROUBLED } from '../ledger/trouble.js';
import { reasonOf } from '../logging/reason.js';
import { type Log } from '../logging/log.js';
import { type HealthChecks } from '../monitoring/health.controller.js';
import { type Metrics } from '../monitoring/metrics.js';
import { SeveralPortals } from '../portals/find-portal.js';
import { type Portal } from '../portals/portal-record.js';
import { type PortalRegistry } from '../portals/registry.js';
import { type Signals } from '../replicas/signals.js';
import { type Lifecycle } from './lifecycle.js';
import {
  type BridgeEvent,
  type BridgePortal,
  type BridgeReadiness,
  type EventSelection,
  OfflineBridge,
  SelectionError,
  type SelectionOutcome,
} from './offline-bridge.js';

interface RunningBridgeParts {
  readonly lifecycle: Lifecycle;
  readonly checks: HealthChecks;
  readonly names: TopologyNames;
  readonly registry: PortalRegistry;
  readonly desk: EventDesk;
  readonly signals: Signals;
  readonly metrics: Metrics;
  readonly audit: AuditLog;
  readonly log: Log;
}

/**
 * The bridge as applications see it, started and stopped with them: an application that puts something else in its
 * place in a test starts nothing. Apart from what is public, so that their compilers meet only the types that are
 * promised and not those of our databases' drivers.
 */
export class RunningBridge
  extends OfflineBridge
  implements OnApplicationBootstrap, BeforeApplicationShutdown
{
  constructor(private readonly parts: RunningBridgeParts) {
    super();
  }

  /** Does not wait: the application serves its health endpoints while the bridge waits for its services. */
  onApplicationBootstrap(): void {
    // A caller of `started()` gets the failure too.
    this.started().catch((error: unknown) => {
      this.parts.log.error({ event: 'bridge.start_failed', reason: reasonOf(error) });
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.parts.lifecycle.stop();
  }

  started(): Promise<void> {
    return this.parts.lifecycle.start();
  }

  async readiness(): Promise<BridgeReadiness> {
    const checks = this.parts.checks.checks();
    const [broker, database] = await Promise.all([checks.broker(), checks.database()]);
    return { ready: broker.up && database.up, broker, database };
  }

  get names(): TopologyNames {
    return this.parts.names;
  }

  portals(): BridgePortal[] {
    return this.parts.registry.list().map((portal) => ({
      memberId: portal.memberId,
      name: portal.name,
      domain: portal.domain,
      state: portal.state,
      stateReason: portal.stateReason,
      stateSince: new Date(portal.stateSince),
    }));
  }

  wake(portal: string): void {
    const { memberId, name } = this.portal(portal);
    this.parts.signals.due([memberId]);
    // Applications may wake a portal with each thing that they write there.
    void this.parts.audit.recordOften({
      actor: caller(undefined),
      action: 'woken',
      portal: memberId,
      target: name,
    });
  }

  async events(selection: EventSelection = {}, limit = 100): Promise<BridgeEvent[]> {
    const records = await this.parts.desk.list(this.choice(selection, TROUBLED), limit);
    return records.map((record) => this.describe(record));
  }

  async retry(selection: EventSelection, by?: string): Promise<SelectionOutcome> {
    const choice = this.choice(selection, DEFAULT_STATES.retry);
    const retried = await this.parts.desk.retry(choice, caller(by));
    return { done: retriedOf(retried), later: retried.later, left: retried.left };
  }

  async discard(selection: EventSelection, by: string): Promise<SelectionOutcome> {
    const { discarded, left, later } = await this.parts.desk.discard(
      this.choice(selection, DEFAULT_STATES.discard),
      caller(by),
    );
    return { done: discarded, later, left };
  }

  prometheus(): Promise<string> {
    return this.parts.metrics.registry.metrics();
  }

  private choice(selection: EventSelection, byDefault: readonly DeliveryState[]): Choice {
    if ('ids' in selection) {
      const references = selection.ids.map((id) => {
        const reference = parseEventId(id);
        if (reference === null) throw new SelectionError(`${id.slice(0, 300)} is no event id`);
        return reference;
      });
      return { references };
    }
    const { portal, states, codes } = selection;
    // A caller's variable that is not set, and not the wish for all portals.
    if ('portal' in selection && portal === undefined)
      throw new SelectionError('the portal is undefined; leave it out where all portals are meant');
    return {
      filter: {
        states: states ?? byDefault,
        ...(portal === undefined ? {} : { memberId: this.portal(portal).memberId }),
        ...(codes === undefined ? {} : { events: codes.map((code) => code.toUpperCase()) }),
      },
    };
  }

  private portal(word: string): Portal {
    const found = this.meant(word);
    if (found === undefined) throw new SelectionError(`no portal ${word.slice(0, 300)} is installed`);
    return found;
  }

  private meant(word: string): Portal | undefined {
    try {
      return this.parts.registry.meant(word);
    } catch (error) {
      if (error instanceof SeveralPortals) throw new SelectionError(error.message);
      throw error;
    }
  }

  private describe(record: DeliveryRecord): BridgeEvent {
    return {
      id: eventId(record.member_id, record.row_id, record.changed_at),
      portal: this.parts.registry.nameOf(record.member_id),
      memberId: record.member_id,
      code: record.event,
      state: record.state,
      attempt: attemptOf(record),
      reason: reasonShown(record),
      dueAt: record.due_at === null ? null : new Date(record.due_at),
      changedAt: new Date(record.changed_at * 1000),
      data: parseJson(record.payload),
    };
  }
}

/** The application around us, or the user for whom it acts. */
function caller(by: string | undefined): Actor {
  return { kind: 'module', name: by ?? null };
}
