import { type RoundSnapshot } from '../ledger/round-snapshot.js';
import { type Doubt, type RoundMemory, rowKey } from './round-memory.js';
import { largest } from './row-ids.js';

/** One command of a round. They run in this order, whatever became of the ones before. */
export type RoundCommand =
  /** Look for batches between two process ids that the ledger knows. */
  | { readonly kind: 'look'; readonly after: string; readonly before: string | null }
  /** Read what an orphan holds, reserving nothing new. */
  | {
      readonly kind: 'adopt';
      readonly processId: string;
      readonly errored: boolean;
      readonly afterRowId: string | null;
      readonly limit: number;
    }
  | { readonly kind: 'adopt_by_list'; readonly processId: string; readonly afterRowId: string | null }
  /** Read what a batch still holds, before one of its messages may be marked. */
  | { readonly kind: 'verify'; readonly processId: string }
  | { readonly kind: 'reserve'; readonly limit: number }
  | { readonly kind: 'mark'; readonly processId: string; readonly messageIds: readonly string[] }
  | { readonly kind: 'clear'; readonly processId: string; readonly rowIds: readonly string[] }
  | { readonly kind: 'fetch_error_rows'; readonly limit: number }
  /** Without reservations: take, and so delete, the rows that the journal has. */
  | { readonly kind: 'take'; readonly lastRowId: string; readonly limit: number; readonly errored: boolean }
  | { readonly kind: 'list'; readonly start: number; readonly errored: boolean }
  | { readonly kind: 'check_features' }
  | { readonly kind: 'check_bindings' };

export interface RoundPlan {
  readonly commands: readonly RoundCommand[];
  /** There is more to do than one round carries: the next follows at once. */
  readonly more: boolean;
}

/** The settings that shape a round. */
export interface PlanSettings {
  readonly DRAIN_LIMIT: number;
  readonly DRAIN_MAX_IN_FLIGHT: number;
  readonly FAILURE_BATCH_SIZE: number;
  readonly FAILURE_BATCH_WAIT_MS: number;
}

export interface PlanInput {
  readonly snapshot: RoundSnapshot;
  /** Process ids under which the ledger believes rows to be held, ascending; needed only while {@link sweepDue}. */
  readonly heldProcessIds: readonly string[];
  readonly memory: RoundMemory;
  /** Whether the portal's plan has reservations and marks; null until it was asked. */
  readonly extended: boolean | null;
  readonly settings: PlanSettings;
  /** Events that one command asks for: `DRAIN_LIMIT`, or fewer where large answers are slow. */
  readonly limit: number;
  readonly now: number;
}

/** A batch request carries 50 commands. */
const MAX_COMMANDS = 50;
/** PHP drops variables beyond 1,000 without a word; half of that leaves room for the rest of the request. */
const MAX_IDS = 500;
/** All of these at once, with both halves of every adoption and the two checks, leave room for some clears. */
const MAX_LOOKS = 14;
const MAX_ADOPTS = 6;
const MAX_VERIFIES = 10;
const MAX_MARKS = 10;
/** However much else there is, some of what is settled leaves the portal with every round. */
const MIN_CLEARS = 2;
/** Rows of one batch: beyond any limit that anybody reserves with. */
const PAGE = 50;
/** Orphans are promised to be found within 5 minutes whatever happened. */
export const SWEEP_EVERY_MS = 240_000;
/** An application update drops every binding, and what changes until they are back is in no queue. */
export const CHECK_EVERY_MS = 300_000;
/** An error row swallows the later changes of its object, so it is fetched long before a late retry is due. */
export const MAX_ERROR_ROW_AGE_MS = 30_000;
/** Rows marked by somebody else, or by nobody we remember, show only when asked for. */
export const ERROR_ROWS_EVERY_MS = 60_000;
/** After a longer pause (the portal was unreachable, the machine asleep) even the last round's look is an old one. */
const LOOK_LASTS_MS = 60_000;

/** Whether the next round looks for orphans. */
export function sweepDue(memory: RoundMemory, now: number): boolean {
  return memory.sweepFirst || memory.sweepCursor !== '' || elapsed(memory.sweptAt, now, SWEEP_EVERY_MS);
}

/** When waiting failures are to be marked at the latest, Unix ms; null where there are none. */
export function marksDueAt(snapshot: RoundSnapshot, settings: PlanSettings, now: number): number | null {
  const oldest = snapshot.failures[0];
  if (oldest === undefined) return null;
  if (snapshot.failures.length >= settings.FAILURE_BATCH_SIZE) return now;
  // A failure of the future was written before the clock was set back.
  return oldest.failedAt > now ? now : oldest.failedAt + settings.FAILURE_BATCH_WAIT_MS;
}

/** What these commands may do to rows that are believed to be held, should their outcome be unknown. */
export function doubtOf(commands: readonly RoundCommand[]): Doubt {
  const clears = commands
    .filter((command) => command.kind === 'clear')
    .flatMap(({ processId, rowIds }) => rowIds.map((rowId) => rowKey({ processId, rowId })));
  return { marks: commands.some(({ kind }) => kind === 'mark'), clears: new Set(clears) };
}

/**
 * Leaves out failures of rows that a lost request may still clear: between a look and the mark they could go, and
 * the mark would delete a newer change.
 */
export function markableNow(snapshot: RoundSnapshot, memory: RoundMemory, now: number): RoundSnapshot {
  const { clears } = memory.doubt;
  if (clears.size === 0 || now > memory.suspectUntil) return snapshot;
  return { ...snapshot, failures: snapshot.failures.filter((failure) => !clears.has(rowKey(failure))) };
}

/** Plans one round. Pure. */
export function planRound(input: PlanInput): RoundPlan {
  const { memory, snapshot, settings, extended, now } = input;
  const commands: RoundCommand[] = [];
  let more = false;

  const checking = extended === null || elapsed(memory.checkedAt, now, CHECK_EVERY_MS);
  if (checking) commands.push({ kind: 'check_features' }, { kind: 'check_bindings' });
  // Until the plan is known, no reserving call can be chosen.
  if (extended === null) return { commands, more: true };

  if (sweepDue(memory, now)) {
    const looks = looksFor(input.heldProcessIds, memory.sweepCursor);
    commands.push(...looks.slice(0, MAX_LOOKS));
    if (looks.length > MAX_LOOKS) more = true;
  }
  const orphans = [...memory.orphans].slice(0, atOnce(MAX_ADOPTS, input));
  for (const [processId, { afterRowId }] of orphans) {
    if (extended) {
      commands.push(
        { kind: 'adopt', processId, errored: false, afterRowId, limit: input.limit + 1 },
        { kind: 'adopt', processId, errored: true, afterRowId, limit: input.limit + 1 },
      );
    } else {
      commands.push({ kind: 'adopt_by_list', processId, afterRowId });
    }
  }
  if (memory.orphans.size > 0 || memory.sweepFirst) more = true;

  // A journal left from a plan without reservations is settled first: its rows must not seem to be gone because we
  // reserved them.
  const mayReserve =
    !memory.sweepFirst && memory.orphans.size === 0 && (!extended || snapshot.journal.length === 0);
  const room = snapshot.inFlight < settings.DRAIN_MAX_IN_FLIGHT && !heldBack(snapshot, settings);
  if (extended) {
    const marks = planMarks(input);
    commands.push(...marks.verifies);
    // Reserved before anything is marked: a mark deletes the newer pending change of its object, and so the
    // ledger has it first.
    if (mayReserve && room) commands.push({ kind: 'reserve', limit: input.limit });
    commands.push(...marks.marks);
    more ||= marks.more;
  }
  const fetchesErrorRows = mayReserve && room && errorRowsDue(snapshot, memory, now);
  if (!extended || snapshot.journal.length > 0) {
    const space = MAX_COMMANDS - MIN_CLEARS - commands.length;
    commands.push(...planJournal(input, extended, mayReserve && room, fetchesErrorRows, space));
    if (!extended && snapshot.journal.length > 0 && !memory.journalFresh) more = true;
  }
  const clears = planClears(snapshot);
  const space = MAX_COMMANDS - commands.length - (extended && fetchesErrorRows ? 1 : 0);
  if (clears.length > space) more = true;
  commands.push(...clears.slice(0, space));
  if (extended && fetchesErrorRows) commands.push({ kind: 'fetch_error_rows', limit: input.limit });
  return { commands, more };
}

/** Batches that may wait to be published before no more are reserved. */
const UNPUBLISHED_BATCHES = 4;

/**
 * Whether enough waits to be published: what cannot be published yet is better kept on the portal than in the ledger,
 * where it grows and slows everything down.
 */
export function heldBack(
  { unpublished }: Pick<RoundSnapshot, 'unpublished'>,
  { DRAIN_LIMIT }: Pick<PlanSettings, 'DRAIN_LIMIT'>,
): boolean {
  return unpublished >= UNPUBLISHED_BATCHES * DRAIN_LIMIT;
}

/** How many whole batches one round reads: fewer of a portal whose answers are slow. */
function atOnce(most: number, { limit, settings }: PlanInput): number {
  return Math.max(1, Math.floor((most * limit) / settings.DRAIN_LIMIT));
}

/** A time of the future counts as elapsed: the clock was set back. */
function elapsed(since: number, now: number, span: number): boolean {
  return now - since >= span || since > now;
}

/** The gaps between the known process ids, beyond the cursor. */
function looksFor(held: readonly string[], cursor: string): RoundCommand[] {
  const bounds = held.filter((processId) => processId > cursor);
  const looks: RoundCommand[] = [];
  let after = cursor;
  for (const before of bounds) {
    looks.push({ kind: 'look', after, before });
    after = before;
  }
  looks.push({ kind: 'look', after, before: null });
  return looks;
}

/**
 * An error row that is fetched makes room for a newer pending change of its object, and a mark of that object which
 * is still under way somewhere would delete that change. Pending, the row takes the change in and is safe.
 */
function errorRowsDue(snapshot: RoundSnapshot, memory: RoundMemory, now: number): boolean {
  if (memory.doubt.marks && now <= memory.suspectUntil) return false;
  if (memory.errorRowsRemain || elapsed(memory.errorRowsFetchedAt, now, ERROR_ROWS_EVERY_MS)) return true;
  const { marked } = snapshot;
  return marked !== null && (marked.dueAt <= now || elapsed(marked.since, now, MAX_ERROR_ROW_AGE_MS));
}

function planMarks(input: PlanInput): {
  verifies: RoundCommand[];
  marks: RoundCommand[];
  more: boolean;
} {
  const { snapshot, memory, settings, now } = input;
  const dueAt = marksDueAt(snapshot, settings, now);
  if (dueAt === null || dueAt > now) return { verifies: [], marks: [], more: false };

  // One mark an object: the first would delete the row that the second names. The newest change is kept.
  const byMessage = new Map<string, (typeof snapshot.failures)[number]>();
  for (const failure of snapshot.failures) {
    const other = byMessage.get(failure.messageId);
    if (other === undefined || other.changedAt < failure.changedAt) byMessage.set(failure.messageId, failure);
  }
  const toVerify = new Set<string>();
  const toMark = new Map<string, string[]>();
  for (const failure of byMessage.values()) {
    if (!certain(failure.processId, memory, now)) toVerify.add(failure.processId);
    else {
      const messageIds = toMark.get(failure.processId);
      if (messageIds === undefined) toMark.set(failure.processId, [failure.messageId]);
      else messageIds.push(failure.messageId);
    }
  }
  const marks: RoundCommand[] = [];
  for (const [processId, messageIds] of toMark) {
    for (let start = 0; start < messageIds.length; start += MAX_IDS) {
      marks.push({ kind: 'mark', processId, messageIds: messageIds.slice(start, start + MAX_IDS) });
    }
  }
  const verifies = [...toVerify].slice(0, atOnce(MAX_VERIFIES, input));
  return {
    verifies: verifies.map((processId) => ({ kind: 'verify', processId })),
    marks: marks.slice(0, MAX_MARKS),
    more: toVerify.size > 0 || marks.length > MAX_MARKS,
  };
}

/**
 * Whether the portal surely still holds the batch's rows: the last round saw them there. An older look proves
 * nothing, since the portal's agent or an administrator may have deleted them, and a lost request may run on.
 */
function certain(processId: string, memory: RoundMemory, now: number): boolean {
  const sighting = memory.sightings.get(processId);
  return (
    sighting !== undefined && sighting.round === memory.round && !elapsed(sighting.at, now, LOOK_LASTS_MS)
  );
}

/** Always by row id: a bare process id would take rows along that the ledger never saw. */
function planClears(snapshot: RoundSnapshot): RoundCommand[] {
  const byBatch = new Map<string, string[]>();
  for (const { processId, rowId } of snapshot.clearable) {
    const rowIds = byBatch.get(processId);
    if (rowIds === undefined) byBatch.set(processId, [rowId]);
    else rowIds.push(rowId);
  }
  const clears: RoundCommand[] = [];
  for (const [processId, rowIds] of byBatch) {
    for (let start = 0; start < rowIds.length; start += MAX_IDS) {
      clears.push({ kind: 'clear', processId, rowIds: rowIds.slice(start, start + MAX_IDS) });
    }
  }
  return clears;
}

/**
 * Without reservations: first take what the last round listed and the ledger journaled, then list the next. A
 * journal that is not fresh is compared with a new list before anything is taken; so is one that was left over when
 * the plan gained reservations, of which nothing is taken any more.
 */
function planJournal(
  { snapshot, memory, limit }: PlanInput,
  extended: boolean,
  mayList: boolean,
  withErrorRows: boolean,
  space: number,
): RoundCommand[] {
  const commands: RoundCommand[] = [];
  const takes = !extended && memory.journalFresh;
  if (takes) {
    for (const errored of [false, true]) {
      const rows = snapshot.journal.filter((row) => row.errored === errored);
      const lastRowId = largest(rows.map((row) => row.rowId));
      if (lastRowId !== null) commands.push({ kind: 'take', lastRowId, limit: rows.length, errored });
    }
  }
  const resolving = snapshot.journal.length > 0 && !takes;
  if (!mayList && !resolving) return commands;
  const wanted = Math.ceil(limit / PAGE);
  // One command is kept for the error rows.
  const pages = Math.min(resolving ? wanted : memory.journalPages, wanted, space - commands.length - 1);
  for (let page = 0; page < pages; page += 1)
    commands.push({ kind: 'list', start: page * PAGE, errored: false });
  const erroredLeft = resolving && snapshot.journal.some((row) => row.errored);
  if (pages > 0 && ((withErrorRows && !extended) || erroredLeft))
    commands.push({ kind: 'list', start: 0, errored: true });
  return commands;
}
