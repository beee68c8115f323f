import { type Bridge } from './bridge.js';
import { type TopologyNames } from './broker/topology.js';
import { eventId, parseEventId } from './contract/event.js';
import { type DeliveryState, type PortalState } from './database/schema.js';
import { type DeliveryFilter, type DeliveryRecord } from './ledger/find-deliveries.js';
import { type Reachability } from './monitoring/health.controller.js';
import { type Metrics } from './monitoring/metrics.js';
import { type Portal } from './portals/registry.js';

/** Whether the broker and the database can be reached; `reason` says why not. */
export interface BridgeReadiness {
  readonly ready: boolean;
  readonly broker: Reachability;
  readonly database: Reachability;
}

/** An installation of the application on a portal. */
export interface BridgePortal {
  readonly memberId: string;
  /** First word of its routing keys. */
  readonly name: string;
  readonly domain: string;
  /** Only an `active` one is drained. */
  readonly state: PortalState;
  /** Why it is in this state, where it is not active. */
  readonly stateReason: string | null;
  readonly stateSince: Date;
}

/** A delivery of an event, as the ledger has it. */
export interface BridgeEvent {
  /** The same for every delivery of one change. */
  readonly id: string;
  /** Name of the portal; its member id where it is not installed any more. */
  readonly portal: string;
  readonly memberId: string;
  /** The event's code on the portal. */
  readonly code: string;
  readonly state: DeliveryState;
  /** The delivery that was made last, or is due next, from 1. */
  readonly attempt: number;
  readonly reason: string | null;
  readonly dueAt: Date | null;
  readonly changedAt: Date;
  /** What the portal sent. */
  readonly data: unknown;
}

/** Which events: by their ids, or by what they have in common; what is left out does not narrow. */
export type EventSelection =
  | { readonly ids: readonly string[] }
  | {
      /** Name, domain or member id. */
      readonly portal?: string;
      readonly states?: readonly DeliveryState[];
      /** Codes of events, `ONCRMDEALUPDATE`. */
      readonly codes?: readonly string[];
    };

/** What became of the events that were to be retried or discarded; counts of deliveries. */
export interface SelectionOutcome {
  readonly done: number;
  /** In no state in which it can be done, by state. */
  readonly left: Readonly<Partial<Record<DeliveryState, number>>>;
}

/** A selection names a portal that is not installed, or something that is no event id. */
export class SelectionError extends Error {
  override readonly name = 'SelectionError';
}

const TROUBLED: readonly DeliveryState[] = ['failed', 'marked', 'waiting', 'dead'];
const RETRYABLE: readonly DeliveryState[] = ['dead', 'waiting', 'marked'];

/**
 * The running bridge, for the application around it. Everything that reads or changes events rejects with the
 * driver's error while the database cannot be reached.
 */
export class OfflineBridge {
  constructor(
    private readonly bridge: Bridge,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Resolves when the bridge runs, however long its database and broker take. Rejects when it never will: the stored
   * tokens cannot be read with `TOKEN_ENCRYPTION_KEY`, or another process works on the same SQLite file. The module
   * starts it by itself.
   */
  started(): Promise<void> {
    return this.bridge.start();
  }

  /** What `GET /health/ready` answers by; a portal in trouble does not count. */
  async readiness(): Promise<BridgeReadiness> {
    const checks = this.bridge.checks();
    const [broker, database] = await Promise.all([checks.broker(), checks.database()]);
    return { ready: broker.up && database.up, broker, database };
  }

  /** Names of the exchanges and queues. */
  get names(): TopologyNames {
    return this.bridge.names;
  }

  /** Every portal that the application was ever installed on and not removed from; without tokens. */
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

  /**
   * Has the portal's next round happen now, where this process is the one that drains it; another replica's comes at
   * its own time.
   * @param portal name, domain or member id
   * @throws {SelectionError} where it is not installed
   */
  poke(portal: string): void {
    this.bridge.fleet.poke(this.portal(portal).memberId);
  }

  /**
   * Events of the ledger, oldest reservation first; by default those in trouble: failed, marked, waiting, dead.
   * @param limit 100 unless said otherwise
   * @throws {SelectionError}
   */
  async events(selection: EventSelection = {}, limit = 100): Promise<BridgeEvent[]> {
    const records =
      'ids' in selection
        ? await this.named(selection.ids)
        : await this.bridge.admin.list(this.filterOf(selection, TROUBLED), limit);
    return records.slice(0, limit).map((record) => this.describe(record));
  }

  /**
   * Makes events due now that are dead, waiting or marked; a dead one begins a new series of `RETRY_MAX_ATTEMPTS`.
   * @throws {SelectionError}
   */
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

  /**
   * Gives events up for good that are dead or waiting (by default the dead ones): they count as processed, and the
   * portal is cleared of them.
   * @param by who decided that; kept in the ledger
   * @throws {SelectionError}
   */
  async discard(selection: EventSelection, by: string): Promise<SelectionOutcome> {
    const { seqs, memberIds } = await this.select(selection, ['dead']);
    const { discarded, left } = await this.bridge.admin.discard(seqs, by);
    for (const memberId of memberIds) this.bridge.fleet.poke(memberId);
    return { done: discarded, left };
  }

  /** The bridge's metrics in Prometheus' text format; what `GET /metrics` answers. */
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
      attempt: record.attempt,
      reason: record.reason,
      dueAt: record.due_at === null ? null : new Date(record.due_at),
      changedAt: new Date(record.changed_at * 1000),
      data: JSON.parse(record.payload) as unknown,
    };
  }
}
