import { type QueueDepths } from '../../broker/queue-depths.js';
import { type Phrase } from '../../i18n/translate.js';
import { type RefusedCount } from '../../ledger/refused.js';
import { type Troubles, type TroubledState } from '../../ledger/trouble.js';
import { type PortalActivity, rateOf, worstLag } from '../../monitoring/activity.js';
import { type Portal } from '../../portals/portal-record.js';
import { type ReplicaReports } from './report-reader.js';

/** Whether a dependency can be reached, and why not. */
export interface Condition {
  readonly name: string;
  readonly up: boolean;
  readonly reason: string | null;
  /** The same in the reader's language, where it is our own text. */
  readonly said?: Phrase | null | undefined;
  /** Since when it is down, Unix ms; null while it is up, or where that is not known. */
  readonly since: number | null;
}

/** One portal at one moment. Null: not known to this process, nor told by the one in which its rounds run. */
export interface PortalView {
  readonly portal: Portal;
  /** Whether its rounds run in this process. */
  readonly here: boolean;
  /** The replica in which they run otherwise; null where none is known. */
  readonly owner: string | null;
  /** When the owner told of `activity`, rates and lag, Unix ms; null where this process knows them itself, or no process does. */
  readonly toldAt: number | null;
  readonly troubles: Readonly<Partial<Record<TroubledState, number>>> | null;
  /** How many deliveries queues refuse at present, by routing key. */
  readonly refused: readonly RefusedCount[];
  readonly inFlight: number | null;
  readonly activity: PortalActivity;
  /** Events a second. */
  readonly rate: number | null;
  readonly failureRate: number | null;
  readonly lagMs: number | null;
}

/** The service at one moment. */
export interface Snapshot {
  /** Unix ms. */
  readonly at: number;
  readonly portals: readonly PortalView[];
  readonly conditions: readonly Condition[];
  readonly depths: QueueDepths;
  /** Why the ledger could not be read; null where it could. */
  readonly ledgerFailure: string | null;
  /** Of when its figures are, Unix ms; null where it could never be read. */
  readonly ledgerAt: number | null;
  /** When the last delivery went wrong, Unix ms; 0 where none did. */
  readonly latestTroubleAt: number;
}

/** What the ledger says of all portals, by member id; null where it could not be read. */
export interface LedgerReading {
  readonly troubles: ReadonlyMap<string, Troubles>;
  readonly inFlight: ReadonlyMap<string, number>;
  readonly owners: ReadonlyMap<string, string>;
  readonly reports: ReplicaReports;
}

/** Puts what is known of a portal together. Figures of its rounds are newer than the ledger's. */
export function viewOf(
  portal: Portal,
  here: boolean,
  activity: PortalActivity,
  ledger: LedgerReading | null,
): PortalView {
  const owner = here ? null : (ledger?.owners.get(portal.memberId) ?? null);
  const report = owner === null ? undefined : ledger?.reports.get(owner)?.get(portal.memberId);
  return {
    portal,
    here,
    owner,
    toldAt: report?.at ?? null,
    troubles: ledger === null ? null : (ledger.troubles.get(portal.memberId)?.counts ?? {}),
    refused: ledger?.troubles.get(portal.memberId)?.refused ?? [],
    inFlight: activity.inFlight ?? (ledger === null ? null : (ledger.inFlight.get(portal.memberId) ?? 0)),
    activity: report?.activity ?? activity,
    rate: here ? rateOf(activity.samples, ({ published }) => published) : (report?.rate ?? null),
    failureRate: here ? rateOf(activity.samples, ({ failed }) => failed) : (report?.failureRate ?? null),
    lagMs: here ? worstLag(activity.samples) : (report?.lagMs ?? null),
  };
}

/** The sum of a figure; null where it is unknown of every portal. */
export function sumOf(
  portals: readonly PortalView[],
  figure: (view: PortalView) => number | null | undefined,
): number | null {
  let sum: number | null = null;
  for (const view of portals) {
    const value = figure(view);
    if (typeof value === 'number') sum = (sum ?? 0) + value;
  }
  return portals.length === 0 ? 0 : sum;
}

/** Portals in trouble first, then by name. */
export function byNeed(left: PortalView, right: PortalView): number {
  return needOf(right) - needOf(left) || left.portal.name.localeCompare(right.portal.name);
}

/** Whether somebody has to look at a portal: it is stopped, or events of it go nowhere by themselves. */
export function needsAttention(view: PortalView): boolean {
  return needOf(view) > 0;
}

function needOf({ portal, troubles, refused }: PortalView): number {
  const stopped = portal.state !== 'active' && portal.state !== 'uninstalled';
  return stopped ? 2 : (troubles?.dead ?? 0) > 0 || refused.length > 0 || portal.paused !== null ? 1 : 0;
}
