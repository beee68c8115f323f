import { type Arrival } from './consumer.js';
import { type Withheld } from './crm.js';

/** A snapshot that people have asked for. */
export interface SnapshotAsked {
  readonly memberId: string;
  readonly no: number;
  /** Contacts that there were. */
  readonly contacts: readonly number[];
  /** Unix ms. */
  readonly at: number;
}

/** What there was, beside what arrived. */
export interface CrmFacts {
  readonly withheld: readonly Withheld[];
  readonly snapshots: readonly SnapshotAsked[];
  /** Contacts that there are at the end, `<member id> crm.contact/<id>`. */
  readonly alive: ReadonlySet<string>;
  /** Contacts of which another program took a row for a while: they look like changes without an event. */
  readonly taken: ReadonlySet<string>;
  /** By event id without its portal's name: the least version of its contact that it may carry. */
  readonly versionOf: ReadonlyMap<string, number>;
}

/** What became of changes without an event, of snapshots and of states. */
export interface CrmBooks {
  readonly withheld: number;
  /** Withheld changes that were told of. */
  readonly found: number;
  readonly snapshots: number;
  /** Contacts that snapshots have told of. */
  readonly inSnapshots: number;
  /** Events by the status of the state that they carry. */
  readonly statuses: Readonly<Record<string, number>>;
  /** What may not be, in words. */
  readonly faults: readonly string[];
}

const COMPLETED = 'bridge.snapshot.completed';
const subjectOf = ({ memberId, subject }: Pick<Arrival, 'memberId' | 'subject'>) => `${memberId} ${subject}`;

/** Balances what arrived of contacts against what was done to them. Pure. */
export function balanceCrm(arrivals: readonly Arrival[], facts: CrmFacts): CrmBooks {
  const ofContacts = arrivals.filter(({ subject }) => subject.startsWith('crm.contact/'));
  const statuses: Record<string, number> = {};
  for (const { state } of ofContacts) {
    const status = state?.status ?? 'none';
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  const { found, unfound, invented } = reconciled(ofContacts, facts);
  const { inSnapshots, missing, twice, unended } = ofSnapshots(arrivals, ofContacts, facts);
  const stale = ofContacts.filter((arrival) => isStale(arrival, facts));
  const wrong = ofContacts.filter(isWrong);
  return {
    withheld: facts.withheld.length,
    found,
    snapshots: facts.snapshots.length,
    inSnapshots,
    statuses,
    faults: [
      ...unfound.map((what) => `never found: ${what}`),
      ...invented.map((what) => `invented, or found twice: ${what}`),
      ...missing.map((what) => `in no snapshot, and no later event: ${what}`),
      ...twice.map((what) => `under several ids: ${what}`),
      ...unended.map(({ memberId, no }) => `without an end: snapshot ${no} of ${memberId}`),
      ...stale.map(({ id }) => `carries what was before it: ${id}`),
      ...wrong.map(({ id, state }) => `carries another state: ${id} ${JSON.stringify(state)}`),
      ...untold(ofContacts).map((what) => `a change that nothing tells: ${what}`),
    ],
  };
}

/** Lines for the report of a run. */
export function tableOf(books: CrmBooks, foundAmid: number): Record<string, number> {
  const { read = 0, gone = 0, late = 0 } = books.statuses;
  return {
    'changes without an event': books.withheld,
    'of them found': books.found,
    'of them found amid the faults': foundAmid,
    snapshots: books.snapshots,
    'told by snapshots': books.inSnapshots,
    'states read': read,
    'states gone': gone,
    'states late': late,
    'faults of states, snapshots and findings': books.faults.length,
  };
}

/** Changes without an event that were told of so far. */
export function foundBy(arrivals: readonly Arrival[]): number {
  return new Set(arrivals.filter(({ origin }) => origin === 'reconciled').map(({ id }) => id)).size;
}

/**
 * `unfound`: withheld changes of which nothing told. `invented`: events of a change without an event where there was none,
 * or of one for the second time.
 */
function reconciled(arrivals: readonly Arrival[], { withheld, taken }: CrmFacts) {
  const wanted = new Set(
    withheld.map(({ memberId, action, id }) => `ONCRMCONTACT${action} ${memberId} crm.contact/${id}`),
  );
  const idOf = new Map<string, string>();
  const invented = new Set<string>();
  for (const arrival of arrivals) {
    if (arrival.origin !== 'reconciled') continue;
    const what = `${arrival.code} ${subjectOf(arrival)}`;
    const before = idOf.get(what) ?? arrival.id;
    idOf.set(what, before);
    const isTaken = taken.has(subjectOf(arrival));
    if (!isTaken && (!wanted.has(what) || before !== arrival.id)) invented.add(`${arrival.id} ${what}`);
  }
  const unfound = [...wanted].filter((what) => !idOf.has(what));
  return { found: wanted.size - unfound.length, unfound, invented: [...invented] };
}

/**
 * `missing`: contacts that were there all the time, and of which neither the snapshot nor a later event has told. `twice`:
 * what one snapshot told under several ids.
 */
function ofSnapshots(
  arrivals: readonly Arrival[],
  ofContacts: readonly Arrival[],
  { snapshots, alive }: CrmFacts,
) {
  const idsOf = new Map<string, Set<string>>();
  const lastAt = new Map<string, number>();
  for (const arrival of arrivals) {
    if (arrival.origin !== 'snapshot') continue;
    const told = `${arrival.memberId} ${arrival.processId} ${arrival.subject}`;
    idsOf.set(told, (idsOf.get(told) ?? new Set()).add(arrival.id));
  }
  for (const arrival of ofContacts) {
    if (arrival.origin === 'snapshot') continue;
    const subject = subjectOf(arrival);
    lastAt.set(subject, Math.max(lastAt.get(subject) ?? 0, arrival.at));
  }
  const toldBy = ({ memberId, no }: SnapshotAsked, subject: string) =>
    idsOf.has(`${memberId} snapshot-${no} ${subject}`);
  const missing = snapshots.flatMap((snapshot) => {
    const { memberId, contacts, at, no } = snapshot;
    return contacts
      .map((id) => `crm.contact/${id}`)
      .filter((subject) => {
        const key = `${memberId} ${subject}`;
        return alive.has(key) && !toldBy(snapshot, subject) && (lastAt.get(key) ?? 0) < at;
      })
      .map((subject) => `${memberId} snapshot-${no} ${subject}`);
  });
  return {
    inSnapshots: [...idsOf.keys()].filter((told) => told.includes(' crm.contact/')).length,
    missing,
    twice: [...idsOf].filter(([, { size }]) => size > 1).map(([told]) => told),
    unended: snapshots.filter(
      ({ memberId, no }) =>
        !arrivals.some(
          (arrival) =>
            arrival.code === COMPLETED &&
            arrival.memberId === memberId &&
            arrival.processId === `snapshot-${no}`,
        ),
    ),
  };
}

function isStale({ id, state }: Arrival, { versionOf }: CrmFacts): boolean {
  const least = versionOf.get(id);
  return least !== undefined && state?.told != null && state.told.to < least;
}

/** Each state is read where it says so, and of the object that the event is about; deletes say that it is gone. */
function isWrong({ code, subject, state }: Arrival): boolean {
  if (state === null) return true;
  if (code === 'ONCRMCONTACTDELETE') return state.status !== 'gone';
  return state.status === 'read' && (state.told === null || subject !== `crm.contact/${state.objectId}`);
}

/** Whether what events have told of each contact leads from its first sight to the last without a gap. */
function untold(arrivals: readonly Arrival[]): string[] {
  const byContact = new Map<string, { from: number; to: number }[]>();
  for (const arrival of arrivals) {
    const told = arrival.state?.told;
    if (told == null) continue;
    const subject = subjectOf(arrival);
    const others = byContact.get(subject);
    if (others === undefined) byContact.set(subject, [told]);
    else others.push(told);
  }
  return [...byContact].flatMap(([subject, told]) => {
    let reached = -1;
    for (const { from, to } of told.sort((one, other) => one.from - other.from)) {
      if (from > reached) return `${subject}: ${reached} to ${from}`;
      reached = Math.max(reached, to);
    }
    return [];
  });
}
