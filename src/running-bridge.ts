import { type Bridge } from './bridge.js';
import { type TopologyNames } from './broker/topology.js';
import { eventId, parseEventId } from './contract/event.js';
import { type DeliveryState } from './database/schema.js';
import { attemptOf } from './inspection/attempt.js';
import { type DeliveryFilter, type DeliveryRecord } from './ledger/find-deliveries.js';
import { type Metrics } from './monitoring/metrics.js';
import {
  type BridgeEvent,
  type BridgePortal,
  type BridgeReadiness,
  type EventSelection,
  OfflineBridge,
  SelectionError,
  type SelectionOutcome,
} from './offline-bridge.js';
import { type Portal } from './portals/registry.js';

const TROUBLED: readonly DeliveryState[] = ['failed', 'marked', 'waiting', 'dead'];
const RETRYABLE: readonly DeliveryState[] = ['dead', 'waiting', 'marked'];

/**
 * The bridge as applications see it. Apart from what is public, so that their compilers meet only the types that are
 * promised and not those of our databases' drivers.
 */
export class RunningBridge extends OfflineBridge {
  constructor(
    private readonly bridge: Bridge,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  started(): Promise<void> {
    return this.bridge.start();
  }

  async readiness(): Promise<BridgeReadiness> {
    const checks = this.bridge.checks();
    const [broker, database] = await Promise.all([checks.broker(), checks.database()]);
    return { ready: broker.up && database.up, broker, database };
  }

  get names(): TopologyNames {
    return this.bridge.names;
  }

  portals(): BridgePortal[] {
    return this.bridge.registry.list().map((portal) => ({
      memberId: portal.memberId,
      name: portal.name,
      domain: portal.domain,
      state: portal.state,
      stateReason: portal.stateReason,
      stateSince: new Date(portal.stateSince),
    }));
  }

  poke(portal: string): void {
    this.bridge.fleet.poke(this.portal(portal).memberId);
  }

  async events(selection: EventSelection = {}, limit = 100): Promise<BridgeEvent[]> {
    const records =
      'ids' in selection
        ? await this.named(selection.ids)
        : await this.bridge.admin.list(this.filterOf(selection, TROUBLED), limit);
    return records.slice(0, limit).map((record) => this.describe(record));
  }

  async retry(selection: EventSelection): Promise<SelectionOutcome> {
    const { admin, fleet } = this.bridge;
    const { seqs, memberIds } = await this.select(selection, RETRYABLE);
    const { renewed, due, fetched, left } = await admin.retryNow(seqs);
    for (const memberId of memberIds) {
      fleet.dispatch(memberId);
      fleet.poke(memberId);
    }
    return { done: renewed + due + fetched, left };
  }

  async discard(selection: EventSelection, by: string): Promise<SelectionOutcome> {
    const { seqs, memberIds } = await this.select(selection, ['dead']);
    const { discarded, left } = await this.bridge.admin.discard(seqs, by);
    for (const memberId of memberIds) this.bridge.fleet.poke(memberId);
    return { done: discarded, left };
  }

  prometheus(): Promise<string> {
    return this.metrics.registry.metrics();
  }

  private async select(
    selection: EventSelection,
    byDefault: readonly DeliveryState[],
  ): Promise<{ seqs: number[]; memberIds: Set<string> }> {
    if ('ids' in selection) {
      const records = await this.named(selection.ids);
      return {
        seqs: records.map(({ seq }) => seq),
        memberIds: new Set(records.map((record) => record.member_id)),
      };
    }
    const filter = this.filterOf(selection, byDefault);
    const all = this.bridge.registry.list().map(({ memberId }) => memberId);
    return {
      seqs: await this.bridge.admin.seqs(filter),
      memberIds: new Set(filter.memberId === undefined ? all : [filter.memberId]),
    };
  }

  private async named(ids: readonly string[]): Promise<DeliveryRecord[]> {
    const references = ids.map((id) => {
      const reference = parseEventId(id);
      if (reference === null) throw new SelectionError(`${id.slice(0, 300)} is no event id`);
      return reference;
    });
    const found = await Promise.all(references.map((reference) => this.bridge.admin.find(reference)));
    return found.flat();
  }

  private filterOf(
    { portal, states, codes }: Exclude<EventSelection, { ids: readonly string[] }>,
    byDefault: readonly DeliveryState[],
  ): DeliveryFilter {
    return {
      states: states ?? byDefault,
      ...(portal === undefined ? {} : { memberId: this.portal(portal).memberId }),
      ...(codes === undefined ? {} : { events: codes.map((code) => code.toUpperCase()) }),
    };
  }

  private portal(word: string): Portal {
    const { registry } = this.bridge;
    const found = registry.get(word) ?? registry.byName(word) ?? registry.byDomain(word);
    if (found === undefined) throw new SelectionError(`no portal ${word.slice(0, 300)} is installed`);
    return found;
  }

  private describe(record: DeliveryRecord): BridgeEvent {
    return {
      id: eventId(record.member_id, record.row_id, record.changed_at),
      portal: this.bridge.registry.get(record.member_id)?.name ?? record.member_id,
      memberId: record.member_id,
      code: record.event,
      state: record.state,
      attempt: attemptOf(record),
      reason: record.reason,
      dueAt: record.due_at === null ? null : new Date(record.due_at),
      changedAt: new Date(record.changed_at * 1000),
      data: JSON.parse(record.payload) as unknown,
    };
  }
}
