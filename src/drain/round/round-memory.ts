import { followMarkClock, freshMarking, type Marking } from './mark-memory.js';
import { type ReservedEvent } from '../../ledger/record-reserved.js';

/** When an answer last showed what a batch holds. */
interface ContentsSeen {
  /** Unix ms. */
  readonly at: number;
  /** Number of the round that brought the answer. */
  readonly round: number;
}

/** A mark whose outcome is unknown, so that it may still be made. */
export interface MarkInDoubt {
  /** The batch that held the message when it was to be marked. */
  readonly processId: string;
  /** Another mark of the message was sent since: a marked row does not show any more which of them made it so. */
  readonly repeated: boolean;
  /** When the portal was last asked what became of it, Unix ms. */
  readonly lookedAt: number;
}

/** What a request whose outcome is unknown may still do to rows that we believe to be held. */
export interface Doubt {
  /**
   * Messages that it marks: their error rows stay where no second mark can do harm, until it is seen that the mark was
   * made, or can be made no more.
   */
  readonly marks: ReadonlyMap<string, MarkInDoubt>;
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
  readonly displaced?: boolean;
}

/**
 * What was read of an orphan so far. The ledger gets all of it at once, save what is too much to be kept here: a batch
 * that it knows in part counts as known, so that after a crash no scan would find the rest before the known part has
 * left the portal.
 */
export interface Orphan {
  /** The row up to which it was read; null before the first page. */
  readonly afterRowId: string | null;
  readonly rows: readonly OrphanRow[];
  /** Bytes of the answers that brought these rows. */
  readonly bytes?: number;
}

const NO_DOUBT: Doubt = { marks: new Map(), clears: new Set() };

/**
 * What a portal's loop remembers between its rounds. All of it may be lost at any moment: a fresh memory trusts
 * nothing, so it scans first and acts later.
 */
export interface RoundMemory {
  /** Number of the last round whose answer arrived. */
  round: number;
  /** A request whose outcome is unknown may still change the portal until then, Unix ms. */
  suspectUntil: number;
  /** What such a request may do until then. */
  doubt: Doubt;
  /** An answer was lost, or none seen yet: nothing is reserved until the orphans are found. */
  scanFirst: boolean;
  /** When the last scan found nothing more, Unix ms. */
  scannedAt: number;
  /** Process id up to which the scan under way has come; '' at its start. */
  scanCursor: string;
  /** The scan under way has found something, so that another must follow. */
  scanFound: boolean;
  /** The scan under way has seen all that there is, and began when no lost request could reserve anything any more. */
  scanSafe: boolean;
  /**
   * Whether every batch is accounted for: there was such a scan, and no answer was lost since. What turns up from then
   * on was reserved by another program.
   */
  accounted: boolean;
  /** Nothing was ever asked of the portal before these rounds, and no answer of theirs was lost: no batch can be unknown. */
  complete: boolean;
  /** Process ids that the ledger knew or that we have seen, with the round that saw them last. */
  seen: Map<string, number>;
  /** A batch was found that is not ours, or one of ours is gone: orphans are scanned for more often until then, Unix ms. */
  watchUntil: number;
  /** Batches of ours that the ledger does not know. */
  orphans: Map<string, Orphan>;
  contentsSeen: Map<string, ContentsSeen>;
  errorRowsFetchedAt: number;
  /** The last fetch of error rows was cut by its limit. */
  errorRowsRemain: boolean;
  /** When features, bindings and the installation were last asked for, Unix ms. */
  checkedAt: number;
  /** What became of marks lately. */
  readonly marking: Marking;
  /** Whether the application's installation is finished; null until the portal has told. */
  installed: boolean | null;
  /**
   * When a reserving call was last refused although the portal had let us ask, Unix ms: what it says then is not
   * believed at once.
   */
  reservationsRefusedAt: number;
  /** Without reservations: the journal is exactly what the last round listed. */
  journalFresh: boolean;
  /** Without reservations: pages of 50 to list in one round. */
  journalPages: number;
}

/** The portal cuts a request at 60 s: what it has not done by then, it never will. */
export const ZOMBIE_MS = 60_000;

/**
 * A memory that trusts nothing, as after a start.
 * @param first nothing was ever asked of the portal before
 */
export function freshMemory(now: number, first = false): RoundMemory {
  return {
    round: 0,
    suspectUntil: now + ZOMBIE_MS,
    doubt: NO_DOUBT,
    scanFirst: true,
    scannedAt: Number.NEGATIVE_INFINITY,
    scanCursor: '',
    scanFound: false,
    scanSafe: false,
    accounted: false,
    complete: first,
    seen: new Map(),
    watchUntil: Number.NEGATIVE_INFINITY,
    orphans: new Map(),
    contentsSeen: new Map(),
    errorRowsFetchedAt: Number.NEGATIVE_INFINITY,
    errorRowsRemain: false,
    checkedAt: Number.NEGATIVE_INFINITY,
    marking: freshMarking(),
    installed: null,
    reservationsRefusedAt: Number.NEGATIVE_INFINITY,
    journalFresh: false,
    journalPages: 1,
  };
}

/** Adds to what a lost request may still do; what an earlier one could, it still can while its time has not run out. */
export function addDoubt(memory: RoundMemory, now: number, doubt: Doubt): void {
  const before = now <= memory.suspectUntil ? memory.doubt : NO_DOUBT;
  const marks = new Map(before.marks);
  for (const [messageId, mark] of doubt.marks) {
    const earlier = marks.get(messageId);
    marks.set(messageId, earlier === undefined ? mark : { ...earlier, repeated: true });
  }
  memory.doubt = { marks, clears: new Set([...before.clears, ...doubt.clears]) };
}

/**
 * Before the first answer: a request of the process before may be at work on what the ledger has. Said again before
 * every round until there is one.
 */
export function suspectFormer(memory: RoundMemory, now: number, doubt: Doubt): void {
  const known = now <= memory.suspectUntil ? memory.doubt.marks : NO_DOUBT.marks;
  const marks = [...doubt.marks].filter(([messageId]) => !known.has(messageId));
  addDoubt(memory, now, { ...doubt, marks: new Map(marks) });
}

/** Another mark of these messages was sent, and answered: what is seen of them says nothing of an earlier one. */
export function markedAgain(memory: RoundMemory, messageIds: readonly string[]): void {
  const doubted = messageIds.filter((messageId) => memory.doubt.marks.has(messageId));
  if (doubted.length === 0) return;
  const marks = new Map(memory.doubt.marks);
  for (const messageId of doubted) {
    const mark = marks.get(messageId);
    if (mark !== undefined) marks.set(messageId, { ...mark, repeated: true });
  }
  memory.doubt = { ...memory.doubt, marks };
}

/**
 * The portal has shown all rows of a message whose mark is in doubt. Where its row is pending with the error flag, the
 * mark was made: it is over, and a row that is not held under its batch cannot be marked under it again.
 */
export function markSeen(
  memory: RoundMemory,
  messageId: string,
  rows: readonly { readonly processId: string; readonly errored: boolean }[],
  now: number,
): void {
  const mark = memory.doubt.marks.get(messageId);
  if (mark === undefined) return;
  const held = rows.some(({ processId }) => processId === mark.processId);
  const made = !held && rows.some(({ processId, errored }) => processId === '' && errored);
  const marks = new Map(memory.doubt.marks);
  if (made && !mark.repeated) marks.delete(messageId);
  else marks.set(messageId, { ...mark, lookedAt: now });
  memory.doubt = { ...memory.doubt, marks };
}

/** The outcome of a request that may have changed the portal is unknown: scan before anything is repeated. */
export function distrust(memory: RoundMemory, now: number, doubt: Doubt): void {
  addDoubt(memory, now, doubt);
  memory.suspectUntil = now + ZOMBIE_MS;
  // A batch seen before the lost answer may hold less by now.
  scanAgain(memory);
}

/**
 * The portal has answered that a command which takes rows failed, with an unknown outcome. It is over, and what it did
 * is scanned for.
 */
export function scanAgain(memory: RoundMemory): void {
  memory.scanFirst = true;
  memory.scanCursor = '';
  memory.accounted = false;
  memory.complete = false;
  memory.journalFresh = false;
  memory.contentsSeen.clear();
}

/** Marks whose answers were lost and that may still be made, by message. */
export function marksInDoubt({ doubt, suspectUntil }: RoundMemory, now: number): Doubt['marks'] {
  return now <= suspectUntil ? doubt.marks : NO_DOUBT.marks;
}

/**
 * After the clock was set back, what was suspect until some time would stay so for as long as it was set back: it
 * is suspect for the usual span again, and what was seen until then proves nothing.
 */
export function followClock(memory: RoundMemory, now: number): void {
  followMarkClock(memory.marking, now);
  if (memory.suspectUntil <= now + ZOMBIE_MS) return;
  memory.suspectUntil = now + ZOMBIE_MS;
  memory.contentsSeen.clear();
}
