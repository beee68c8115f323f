import { type ReservedEvent } from '../ledger/record-reserved.js';

/** When an answer last showed what a batch holds. */
export interface Sighting {
  /** Unix ms. */
  readonly at: number;
  /** Number of the round that brought the answer. */
  readonly round: number;
}

/** What a request whose outcome is unknown may still do to rows that we believe to be held. */
export interface Doubt {
  /** It carries marks: error rows stay where no second mark can do harm. */
  readonly marks: boolean;
  /** Rows that it clears, see {@link rowKey}: a failure reported of one so late is not marked yet. */
  readonly clears: ReadonlySet<string>;
}

/** Names a row as a batch holds it. */
export function rowKey({ processId, rowId }: { processId: string; rowId: string }): string {
  return `${processId}/${rowId}`;
}

/** A row that an orphan held when it was read. */
export interface OrphanRow {
  readonly event: ReservedEvent;
  readonly errored: boolean;
  /** A mark of its object has deleted it since. */
  readonly swept?: boolean;
}

/**
 * What was read of an orphan so far. The ledger gets all of it at once: a batch that it knows in part counts as known,
 * so that after a crash nobody would look for the rest before the known part has left the portal.
 */
export interface Orphan {
  /** The row up to which it was read; null before the first page. */
  readonly afterRowId: string | null;
  readonly rows: readonly OrphanRow[];
}

const NO_DOUBT: Doubt = { marks: false, clears: new Set() };

/**
 * What a portal's loop remembers between its rounds. All of it may be lost at any moment: a fresh memory trusts
 * nothing, so it looks first and acts later.
 */
export interface RoundMemory {
  /** Number of the last round whose answer arrived. */
  round: number;
  /** A request whose outcome is unknown may still change the portal until then, Unix ms. */
  suspectUntil: number;
  /** What such a request may do until then. */
  doubt: Doubt;
  /** An answer was lost, or none seen yet: nothing is reserved until the orphans are found. */
  sweepFirst: boolean;
  /** When the last sweep found nothing more, Unix ms. */
  sweptAt: number;
  /** Process id up to which the sweep under way has looked; '' at its start. */
  sweepCursor: string;
  /** The sweep under way has found something, so that another must follow. */
  sweepFound: boolean;
  /** Batches of ours that the ledger does not know. */
  orphans: Map<string, Orphan>;
  sightings: Map<string, Sighting>;
  errorRowsFetchedAt: number;
  /** The last fetch of error rows was cut by its limit. */
  errorRowsRemain: boolean;
  /** When features and bindings were last asked for, Unix ms. */
  checkedAt: number;
  /** Without reservations: the journal is exactly what the last round listed. */
  journalFresh: boolean;
  /** Without reservations: pages of 50 to list in one round. */
  journalPages: number;
}

/** The portal cuts a request at 60 s: what it has not done by then, it never will. */
export const ZOMBIE_MS = 60_000;

/** A memory that trusts nothing, as after a start. */
export function freshMemory(now: number): RoundMemory {
  return {
    round: 0,
    suspectUntil: now + ZOMBIE_MS,
    doubt: NO_DOUBT,
    sweepFirst: true,
    sweptAt: Number.NEGATIVE_INFINITY,
    sweepCursor: '',
    sweepFound: false,
    orphans: new Map(),
    sightings: new Map(),
    errorRowsFetchedAt: Number.NEGATIVE_INFINITY,
    errorRowsRemain: false,
    checkedAt: Number.NEGATIVE_INFINITY,
    journalFresh: false,
    journalPages: 1,
  };
}

/** Adds to what a lost request may still do; what an earlier one could, it still can while its time has not run out. */
export function addDoubt(memory: RoundMemory, now: number, doubt: Doubt): void {
  const before = now <= memory.suspectUntil ? memory.doubt : NO_DOUBT;
  memory.doubt = {
    marks: before.marks || doubt.marks,
    clears: new Set([...before.clears, ...doubt.clears]),
  };
}

/** The outcome of a request that may have changed the portal is unknown: look before anything is repeated. */
export function distrust(memory: RoundMemory, now: number, doubt: Doubt): void {
  addDoubt(memory, now, doubt);
  memory.suspectUntil = now + ZOMBIE_MS;
  memory.sweepFirst = true;
  memory.sweepCursor = '';
  memory.journalFresh = false;
  // A batch seen before the lost answer may hold less by now.
  memory.sightings.clear();
}

/**
 * After the clock was set back, what was suspect until some time would stay so for as long as it was set back: it
 * is suspect for the usual span again, and what was seen until then proves nothing.
 */
export function followClock(memory: RoundMemory, now: number): void {
  if (memory.suspectUntil <= now + ZOMBIE_MS) return;
  memory.suspectUntil = now + ZOMBIE_MS;
  memory.sightings.clear();
}
