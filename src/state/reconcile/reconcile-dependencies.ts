import { type PortalState } from '../../database/schema.js';
import { type MissedCause, type MissedKind } from '../../database/reconcile-schema.js';
import { type Ledger } from '../../ledger/ledger.js';
import { type Db } from '../../ledger/transitions.js';
import { type Log } from '../../logging/log.js';
import {
  type ListCommand,
  type ListOutcome,
  type ObjectRead,
  type ReadPriority,
} from '../reading/object-read.js';
import { type ReconciledTypes } from './reconciled-types.js';

/** Reads the portal's objects. */
export interface ItemReader {
  list(commands: readonly ListCommand[], priority: ReadPriority, signal: AbortSignal): Promise<ListOutcome[]>;
  objects(
    entityTypeId: number,
    ids: readonly string[],
    select: readonly string[],
    priority: ReadPriority,
    signal: AbortSignal,
  ): Promise<Map<string, ObjectRead>>;
}

/** What is asked of the portal's registration. */
export interface ReconciledPortal {
  readonly memberId: string;
  readonly name: string;
  state(): PortalState | null;
  /** Since when it has been in its state, Unix ms. */
  stateSince(): number;
  /** Since when people keep it from reserving anything; null while they do not. */
  pausedSince(): number | null;
  /** When another program was last seen to reserve its events; null where none was. */
  sharedSeenAt(): number | null;
  /** For whom the application acts, where that makes its own changes silent: null where they are not, or it is not known. */
  ownUser(signal: AbortSignal): Promise<string | null>;
}

export interface ReconcileListener {
  /** A portal is reconciled here from now on. */
  reconciles(memberId: string): void;
  /** So many changes were found that no event had announced. */
  missed(memberId: string, type: string, change: MissedKind, count: number): void;
}

interface ReconcileSettings {
  readonly RECONCILE_EVERY_MS: number;
  /** `HH:MM`, of the process's own time zone. */
  readonly RECONCILE_SWEEP_AT: string;
}

export interface ReconcileDependencies {
  readonly portal: ReconciledPortal;
  readonly types: ReconciledTypes;
  readonly reader: ItemReader;
  readonly db: Db;
  /** Writes only while the portal is ours. */
  readonly ledger: Pick<Ledger, 'write'>;
  readonly settings: ReconcileSettings;
  readonly listener: ReconcileListener;
  readonly log: Log;
  /** There is something to publish. */
  readonly wakeDispatch: () => void;
  readonly now: () => number;
}

/** What a settled suspicion turned out to be. */
export interface FoundChange {
  readonly type: string;
  readonly objectId: number;
  readonly change: MissedKind;
  readonly cause: MissedCause;
}
