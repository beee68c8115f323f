import { type EmulatedPortal } from '../../emulator/index.js';
import { type Arrival } from './consumer.js';

/** One change that was pushed, with the time by the test's own clock. */
export interface Pushed {
  readonly memberId: string;
  /** Source key under which its row is, `''` for none. */
  readonly connector: string;
  readonly messageId: string;
  readonly rowId: number;
  /** `TIMESTAMP_X` that it left, Unix seconds. */
  readonly changedAt: number;
  /** Unix ms. */
  readonly at: number;
}

/** What became of the changes, counted at both ends. */
export interface Books {
  readonly changes: number;
  readonly deliveries: number;
  /** Deliveries of an event and attempt that had been seen before. */
  readonly duplicates: number;
  readonly dead: number;
  /** Last changes of a row that were seen under their own id. */
  readonly delivered: number;
  /** Last changes of a row that were seen under the time of the answer that showed them: theirs could not be read. */
  readonly assumed: number;
  /** Last changes of a row that a mark of their object deleted, and whose object was delivered again for it. */
  readonly takenIn: number;
  readonly lost: readonly Pushed[];
  /** Deliveries of which a failure was reported and which neither came again nor died. */
  readonly forgotten: readonly Arrival[];
  readonly destroyed: number;
  /** Rows still reserved, or marked and never fetched again. */
  readonly stuck: number;
  /** Most deliveries of one event that the bridge counted. */
  readonly maxAttempt: number;
  /** Events whose numbers are not those that the portal sent. */
  readonly spoilt: number;
  /** Rows that changed once and arrived under several ids. */
  readonly renamed: readonly string[];
}

/** What is known of a change that seems to be lost: its portal, and all that arrived of its object. */
export function traceOf(
  change: Pushed,
  arrivals: readonly Arrival[],
  portals: readonly EmulatedPortal[],
): string {
  const portal = portals.find(({ memberId }) => memberId === change.memberId)?.name;
  const arrived = arrivals.filter(
    ({ memberId, messageId }) => memberId === change.memberId && messageId === change.messageId,
  );
  return `${portal}: ${JSON.stringify(change)}; arrived: ${JSON.stringify(arrived)}`;
}

/**
 * Balances what was pushed against what arrived. Pure, but for reading the portals' tables.
 * @param unreadable member ids of portals that printed times which nobody can read
 */
export function balance(
  pushed: readonly Pushed[],
  arrivals: readonly Arrival[],
  portals: readonly EmulatedPortal[],
  unreadable: ReadonlySet<string> = new Set(),
): Books {
  const keyOfRow = new Map<string, string>();
  const changesOfRow = new Map<string, number>();
  const lastOfRow = new Map<string, Pushed>();
  for (const change of pushed) {
    const row = `${change.memberId}-${change.rowId}`;
    keyOfRow.set(row, change.connector);
    changesOfRow.set(row, (changesOfRow.get(row) ?? 0) + 1);
    lastOfRow.set(row, change);
  }
  // A mark reaches the rows of its own source key alone.
  const objectOf = ({ memberId, messageId }: Arrival | Pushed, rowId: number) =>
    `${memberId} ${messageId} ${keyOfRow.get(`${memberId}-${rowId}`) ?? ''}`;
  const objectOfArrival = (arrival: Arrival) => objectOf(arrival, changeOf(arrival).rowId);
  const objectOfChange = (change: Pushed) => objectOf(change, change.rowId);
  const ids = new Set<string>();
  const idsOfRow = new Map<string, Set<string>>();
  const copies = new Set<string>();
  const byObject = new Map<string, Arrival[]>();
  let duplicates = 0;
  for (const arrival of arrivals) {
    ids.add(arrival.id);
    const copy = `${arrival.id} ${arrival.attempt} ${arrival.dead}`;
    if (copies.has(copy)) duplicates += 1;
    copies.add(copy);
    const row = arrival.id.slice(0, arrival.id.lastIndexOf('-'));
    idsOfRow.set(row, (idsOfRow.get(row) ?? new Set()).add(arrival.id));
    const object = objectOfArrival(arrival);
    const others = byObject.get(object);
    if (others === undefined) byObject.set(object, [arrival]);
    else others.push(arrival);
  }
  let delivered = 0;
  let assumed = 0;
  let takenIn = 0;
  const lost: Pushed[] = [];
  for (const change of lastOfRow.values()) {
    const others = byObject.get(objectOfChange(change)) ?? [];
    if (ids.has(`${change.memberId}-${change.rowId}-${change.changedAt}`)) delivered += 1;
    else if (unreadable.has(change.memberId) && others.some((arrival) => isShown(arrival, change)))
      assumed += 1;
    else if (others.some((arrival) => standsFor(arrival, change))) takenIn += 1;
    else lost.push(change);
  }
  const forgotten = arrivals.filter(
    (arrival) =>
      arrival.reported &&
      !(byObject.get(objectOfArrival(arrival)) ?? []).some((other) => follows(other, arrival)),
  );
  return {
    changes: pushed.length,
    deliveries: arrivals.filter((arrival) => !arrival.dead).length,
    duplicates,
    dead: arrivals.filter((arrival) => arrival.dead).length,
    delivered,
    assumed,
    takenIn,
    lost,
    forgotten,
    destroyed: portals.reduce((sum, portal) => sum + portal.destroyed.length, 0),
    stuck: portals.reduce((sum, portal) => sum + portal.rows().length, 0),
    maxAttempt: arrivals.reduce((most, arrival) => Math.max(most, arrival.attempt), 0),
    spoilt: arrivals.filter((arrival) => arrival.spoilt).length,
    renamed: [...idsOfRow]
      .filter(([row, { size }]) => size > 1 && changesOfRow.get(row) === 1)
      .flatMap(([, several]) => [...several]),
  };
}

/** The row and the time in an event's id. */
function changeOf({ id }: Arrival): { rowId: number; changedAt: number } {
  const [rowId, changedAt] = id.split('-').slice(-2).map(Number);
  return { rowId: rowId ?? NaN, changedAt: changedAt ?? NaN };
}

/** Whether a delivery has the time of an answer that showed the change's row after the change. */
function isShown(arrival: Arrival, change: Pushed): boolean {
  const { rowId, changedAt } = changeOf(arrival);
  return rowId === change.rowId && changedAt >= change.changedAt;
}

/**
 * Whether a delivery came for a change of its object that has none of its own: a retry of an earlier change, whose
 * mark deleted this one; a later change; or, without reservations, the journal's copy of its row, from before the
 * change merged into it, where the answer that handed the row over was lost. The first delivery of an earlier row,
 * still under way when this change was made, is no substitute.
 */
function standsFor(arrival: Arrival, change: Pushed): boolean {
  if (arrival.at < change.at) return false;
  const { rowId, changedAt } = changeOf(arrival);
  return arrival.attempt > 1 || arrival.dead || rowId === change.rowId || changedAt > change.changedAt;
}

/** Whether a delivery came because this one failed: its next attempt, its dead letter, or what merged into its row. */
function follows(other: Arrival, failed: Arrival): boolean {
  if (other.id === failed.id) return other.dead || other.attempt > failed.attempt;
  const [one, two] = [changeOf(failed), changeOf(other)];
  return one.rowId === two.rowId && two.changedAt > one.changedAt;
}
