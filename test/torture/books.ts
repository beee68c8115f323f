import { type EmulatedPortal } from '../../emulator/index.js';
import { type Arrival } from './consumer.js';

/** One change that was pushed, with the time by the test's own clock. */
export interface Pushed {
  readonly memberId: string;
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
  /** Last changes of a row whose object was delivered later, by the retry of a marked row that took it in. */
  readonly takenIn: number;
  readonly lost: readonly Pushed[];
  readonly destroyed: number;
  /** Rows still reserved, or marked and never fetched again. */
  readonly stuck: number;
  /** Most deliveries of one event that the bridge counted. */
  readonly maxAttempt: number;
}

/** Balances what was pushed against what arrived. Pure, but for reading the portals' tables. */
export function balance(
  pushed: readonly Pushed[],
  arrivals: readonly Arrival[],
  portals: readonly EmulatedPortal[],
): Books {
  const ids = new Set<string>();
  const copies = new Set<string>();
  const lastArrival = new Map<string, number>();
  let duplicates = 0;
  for (const arrival of arrivals) {
    ids.add(arrival.id);
    const copy = `${arrival.id} ${arrival.attempt} ${arrival.dead}`;
    if (copies.has(copy)) duplicates += 1;
    copies.add(copy);
    const object = `${arrival.memberId} ${arrival.messageId}`;
    lastArrival.set(object, Math.max(lastArrival.get(object) ?? 0, arrival.at));
  }
  const lastOfRow = new Map<string, Pushed>();
  for (const change of pushed) lastOfRow.set(`${change.memberId} ${change.rowId}`, change);
  let delivered = 0;
  let takenIn = 0;
  const lost: Pushed[] = [];
  for (const change of lastOfRow.values()) {
    if (ids.has(`${change.memberId}-${change.rowId}-${change.changedAt}`)) delivered += 1;
    else if ((lastArrival.get(`${change.memberId} ${change.messageId}`) ?? 0) >= change.at) takenIn += 1;
    else lost.push(change);
  }
  return {
    changes: pushed.length,
    deliveries: arrivals.filter((arrival) => !arrival.dead).length,
    duplicates,
    dead: arrivals.filter((arrival) => arrival.dead).length,
    delivered,
    takenIn,
    lost,
    destroyed: portals.reduce((sum, portal) => sum + portal.destroyed.length, 0),
    stuck: portals.reduce((sum, portal) => sum + portal.rows().length, 0),
    maxAttempt: arrivals.reduce((most, arrival) => Math.max(most, arrival.attempt), 0),
  };
}
