import { type TopologyNames } from '../broker/topology.js';
import { type DeliveryState, type PortalState } from '../database/schema.js';
import { type Reachability } from '../monitoring/health.controller.js';

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
  /** Only one that is `active`, `unfinished` or `unmarkable` is drained. */
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
  /** Have their turn later, a few at a time: see `RETRY_BY_HAND_PER_SECOND`. */
  readonly later: number;
  /** In no state in which it can be done, by state. */
  readonly left: Readonly<Partial<Record<DeliveryState, number>>>;
}

/** A selection names a portal that is not installed, or something that is no event id. */
export class SelectionError extends Error {
  override readonly name = 'SelectionError';
}

/**
 * The running bridge, for the application around it. Everything that reads or changes events rejects with the
 * driver's error while the database cannot be reached.
 */
export abstract class OfflineBridge {
  /**
   * Resolves when the bridge runs, however long its database and broker take. Rejects when it never will: the stored
   * tokens cannot be read with `TOKEN_ENCRYPTION_KEY`, or another process works on the same SQLite file. The module
   * starts it by itself.
   */
  abstract started(): Promise<void>;

  /** What `GET /health/ready` answers by; a portal in trouble does not count. */
  abstract readiness(): Promise<BridgeReadiness>;

  /** Names of the exchanges and queues. */
  abstract readonly names: TopologyNames;

  /** Every portal that the application was ever installed on and not removed from; without tokens. */
  abstract portals(): BridgePortal[];

  /**
   * Has the portal's next round happen now, in whichever replica drains it.
   * @param portal name, domain or member id
   * @throws {SelectionError} where it is not installed
   */
  abstract wake(portal: string): void;

  /**
   * Events of the ledger, oldest reservation first; by default those in trouble: failed, marked, waiting, refused, dead.
   * @param limit 100 unless said otherwise
   * @throws {SelectionError}
   */
  abstract events(selection?: EventSelection, limit?: number): Promise<BridgeEvent[]>;

  /**
   * Makes events due now that are dead, waiting, refused or marked; a dead one begins a new series of `RETRY_MAX_ATTEMPTS`.
   * @param by who decided that; kept in the audit log
   * @throws {SelectionError}
   */
  abstract retry(selection: EventSelection, by?: string): Promise<SelectionOutcome>;

  /**
   * Gives events up for good that are dead, waiting or refused (by default the dead ones): they count as processed, and the
   * portal is cleared of them.
   * @param by who decided that; kept in the ledger and in the audit log
   * @throws {SelectionError}
   */
  abstract discard(selection: EventSelection, by: string): Promise<SelectionOutcome>;

  /** The bridge's metrics in Prometheus' text format; what `GET /metrics` answers. */
  abstract prometheus(): Promise<string>;
}
