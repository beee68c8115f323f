import { type LedgerChange } from '../ledger/apply-round.js';
import { type ReservedEvent } from '../ledger/record-reserved.js';
import { type RoundSnapshot } from '../ledger/round-snapshot.js';
import { adoptPage, type AdoptedPage } from './adoption.js';
import { type RoundCommand, type RoundPlan } from './plan.js';
import { type RoundMemory } from './round-memory.js';
import { compareRowIds } from './row-ids.js';

/** A row of `event.offline.list`. */
export interface ListedRow extends ReservedEvent {
  /** '' while pending. */
  readonly processId: string;
  readonly errored: boolean;
}

/** What became of one command: its parsed result, or the failure that the portal answered. */
export type CommandResult<Failure> =
  | { readonly command: RoundCommand; readonly failed: true; readonly failure: Failure }
  | {
      readonly command: RoundCommand;
      readonly failed: false;
      readonly events?: readonly ReservedEvent[];
      /** Of a reserving get: the fresh process id. */
      readonly processId?: string | null;
      readonly rows?: readonly ListedRow[];
      /** Of a list: all rows that match, on every page. */
      readonly total?: number;
    };

/** What a round's answer means. */
export interface RoundOutcome<Failure> {
  readonly changes: readonly LedgerChange[];
  /** Events newly reserved or taken; error rows fetched again are not among them. */
  readonly reserved: number;
  readonly errorRows: number;
  readonly adopted: number;
  readonly marked: number;
  readonly cleared: number;
  /** The portal has more than this round could carry. */
  readonly full: boolean;
  /** `TIMESTAMP_X` of the oldest change among the new ones, Unix seconds; null where nothing new was found. */
  readonly oldestChange: number | null;
  /** Whether the portal's queue was read. */
  readonly looked: boolean;
  readonly failures: readonly { readonly command: RoundCommand; readonly failure: Failure }[];
}

export interface ApplyInput<Failure> {
  readonly plan: RoundPlan;
  readonly results: readonly CommandResult<Failure>[];
  readonly snapshot: RoundSnapshot;
  readonly heldProcessIds: readonly string[];
  /** Whether the plan was made for a portal with reservations. */
  readonly extended: boolean | null;
  /** Changed in place: what the loop now knows. */
  readonly memory: RoundMemory;
  /** When the request was sent and answered, Unix ms. */
  readonly sentAt: number;
  readonly now: number;
  /** Makes the process id of a batch taken on a plan without reservations. */
  readonly journalId: () => string;
}

/** A page of `event.offline.list`. */
const PAGE = 50;

/**
 * Turns a round's answer into ledger changes and into what the loop remembers. Does no I/O. Failures are reported
 * back; what they mean for the portal is the caller's to decide.
 */
export function applyAnswer<Failure>(input: ApplyInput<Failure>): RoundOutcome<Failure> {
  const { memory, results, sentAt, now, journalId } = input;
  const changes: LedgerChange[] = [];
  const failures: { command: RoundCommand; failure: Failure }[] = [];
  const count = { reserved: 0, errorRows: 0, adopted: 0, marked: 0, cleared: 0 };
  const unmarked = new Map<string, readonly ReservedEvent[]>();
  let lookFailed = false;
  let sweepEnded = false;
  let full = false;
  let looked = false;
  let oldestChange: number | null = null;
  memory.round += 1;
  const noteNew = (events: readonly ReservedEvent[]) => {
    looked = true;
    for (const { changedAt } of events) oldestChange = Math.min(oldestChange ?? changedAt, changedAt);
  };
  const see = (processId: string) => memory.sightings.set(processId, { at: sentAt, round: memory.round });

  const adopt = (processId: string, page: AdoptedPage) => {
    const { batches, seenWhole } = adoptPage(memory.orphans, processId, page);
    for (const batch of batches) {
      changes.push({ type: 'reserved', batch });
      count.adopted += batch.events.length;
    }
    if (seenWhole) see(processId);
  };

  const known = new Set(input.heldProcessIds);
  const journal: JournalStep = { taken: new Map(), takeFailed: false, pages: [], errorRows: null };
  for (const result of results) {
    const { command } = result;
    if (result.failed) {
      failures.push({ command, failure: result.failure });
      if (command.kind === 'take') journal.takeFailed = true;
      if (command.kind === 'look') lookFailed = true;
      continue;
    }
    const events = result.events ?? [];
    const rows = result.rows ?? [];
    switch (command.kind) {
      case 'look':
        for (const row of rows) {
          if (known.has(row.processId) || row.processId === '') continue;
          if (!memory.orphans.has(row.processId))
            memory.orphans.set(row.processId, { afterRowId: null, rows: [] });
          memory.sweepFound = true;
        }
        memory.sweepCursor = command.before ?? '';
        if (command.before === null) sweepEnded = true;
        break;
      case 'adopt': {
        // The two halves of an adoption travel together; the unmarked half comes first.
        if (!command.errored) unmarked.set(command.processId, events);
        const other = unmarked.get(command.processId);
        if (!command.errored || other === undefined) break;
        const cut = [other, events].filter((half) => half.length >= command.limit);
        adopt(command.processId, {
          rows: [...withFlag(other, false), ...withFlag(events, true)],
          lastRowIds: cut.map((half) => half.at(-1)?.rowId),
        });
        break;
      }
      case 'adopt_by_list':
        adopt(command.processId, {
          rows: rows.map((row) => ({ event: row, errored: row.errored })),
          lastRowIds: rows.length >= PAGE ? [rows.at(-1)?.rowId] : [],
        });
        break;
      case 'verify':
        changes.push({
          type: 'held',
          processId: command.processId,
          messageIds: events.map((event) => event.messageId),
        });
        see(command.processId);
        break;
      case 'reserve':
      case 'fetch_error_rows': {
        const errored = command.kind === 'fetch_error_rows';
        if (!errored) noteNew(events);
        if (events.length > 0) {
          // Without a process id the portal has handed its only copy over.
          const held = typeof result.processId === 'string';
          const processId = result.processId ?? journalId();
          changes.push({ type: 'reserved', batch: { processId, events, errored, held } });
          count[errored ? 'errorRows' : 'reserved'] += events.length;
          if (!errored) see(processId);
        }
        if (errored) {
          memory.errorRowsFetchedAt = now;
          memory.errorRowsRemain = events.length >= command.limit;
          if (!memory.errorRowsRemain) changes.push({ type: 'error_rows_complete', sentAt });
        }
        full ||= events.length >= command.limit;
        break;
      }
      case 'mark':
        changes.push({ type: 'marked', processId: command.processId, messageIds: command.messageIds });
        count.marked += command.messageIds.length;
        break;
      case 'clear':
        changes.push({ type: 'cleared', processId: command.processId, rowIds: command.rowIds });
        count.cleared += command.rowIds.length;
        break;
      case 'take':
        journal.taken.set(command.errored, events);
        break;
      case 'list':
        if (command.errored) journal.errorRows = rows;
        else {
          journal.pages.push({ start: command.start, rows, total: result.total ?? rows.length });
          noteNew(rows);
        }
        break;
      case 'check_features':
      case 'check_bindings':
        break;
    }
  }

  if (lookFailed) memory.sweepCursor = '';
  else if (sweepEnded) {
    endSweep(memory, now);
    // What was seen of batches that are gone is of no use any more.
    for (const [processId, sighting] of memory.sightings) {
      if (sighting.round < memory.round && !known.has(processId)) memory.sightings.delete(processId);
    }
  }
  const journaled = applyJournal(input, journal, changes);
  count.reserved += journaled.reserved;
  count.errorRows += journaled.errorRows;
  full ||= journaled.full;
  return { changes, ...count, full, oldestChange, looked, failures };
}

function withFlag(events: readonly ReservedEvent[], errored: boolean): AdoptedPage['rows'] {
  return events.map((event) => ({ event, errored }));
}

function endSweep(memory: RoundMemory, now: number): void {
  memory.sweepCursor = '';
  // A page shows at most 50 rows: what it found may hide more, so the sweep ends with one that finds nothing.
  if (memory.sweepFound) memory.sweepFound = false;
  else {
    memory.sweepFirst = false;
    memory.sweptAt = now;
  }
}

interface JournalStep {
  /** By the ERROR flag: what the portal handed over. */
  readonly taken: Map<boolean, readonly ReservedEvent[]>;
  takeFailed: boolean;
  readonly pages: { start: number; rows: readonly ListedRow[]; total: number }[];
  errorRows: readonly ListedRow[] | null;
}

function applyJournal(
  { snapshot, extended, memory, sentAt, now, journalId, plan }: ApplyInput<unknown>,
  step: JournalStep,
  changes: LedgerChange[],
): { reserved: number; errorRows: number; full: boolean } {
  const count = { reserved: 0, errorRows: 0, full: false };
  const handOver = (events: readonly ReservedEvent[], errored: boolean) => {
    if (events.length === 0) return;
    // Two changes of one object cannot share a process id, and a row's newer copy wins.
    const byMessage = new Map<string, ReservedEvent>();
    for (const event of events) {
      const other = byMessage.get(event.messageId);
      if (other === undefined || compareRowIds(other.rowId, event.rowId) <= 0)
        byMessage.set(event.messageId, event);
    }
    changes.push({
      type: 'reserved',
      batch: { processId: journalId(), events: [...byMessage.values()], errored, held: false },
    });
    if (errored) count.errorRows += byMessage.size;
    else count.reserved += byMessage.size;
  };

  const pending = new Map(snapshot.journal.map((row) => [row.rowId, row]));
  for (const [errored, events] of step.taken) {
    // The answer is newer than the journal's copy and wins; a row that it lacks went another way.
    const rows = new Map<string, ReservedEvent>();
    for (const row of pending.values()) if (row.errored === errored) rows.set(row.rowId, row);
    const rowIds = [...rows.keys()];
    for (const event of events) rows.set(event.rowId, event);
    handOver([...rows.values()], errored);
    changes.push({ type: 'journal_taken', rowIds });
    for (const rowId of rowIds) pending.delete(rowId);
  }

  const lists = plan.commands.filter((command) => command.kind === 'list');
  if (lists.length === 0) {
    if (step.takeFailed) memory.journalFresh = false;
    return count;
  }
  const ordinary = consistentPrefix(step.pages);
  const answered = step.pages.some((page) => page.start === 0);
  if (!answered) {
    memory.journalFresh = false;
    return count;
  }
  // What was journaled, was not handed over to us and is listed no more, is gone: the journal's copy is the only one.
  const listed = new Set([...ordinary, ...(step.errorRows ?? [])].map((row) => row.rowId));
  const gone = [...pending.values()].filter(
    (row) => !listed.has(row.rowId) && (!row.errored || step.errorRows !== null),
  );
  for (const errored of [false, true]) {
    handOver(
      gone.filter((row) => row.errored === errored),
      errored,
    );
  }
  if (gone.length > 0) changes.push({ type: 'journal_taken', rowIds: gone.map((row) => row.rowId) });
  if (extended) {
    // What is still pending will be reserved, once no lost request can take it away any more.
    const safe = [...pending.keys()].filter((rowId) => listed.has(rowId));
    if (sentAt > memory.suspectUntil && safe.length > 0)
      changes.push({ type: 'journal_taken', rowIds: safe });
    return count;
  }
  if (ordinary.length > 0) changes.push({ type: 'journaled', events: ordinary, errored: false });
  if (step.errorRows !== null) {
    if (step.errorRows.length > 0) changes.push({ type: 'journaled', events: step.errorRows, errored: true });
    memory.errorRowsFetchedAt = now;
    memory.errorRowsRemain = step.errorRows.length >= PAGE;
    if (!memory.errorRowsRemain) changes.push({ type: 'error_rows_complete', sentAt });
  }
  memory.journalFresh = true;
  const asked = step.pages.length * PAGE;
  memory.journalPages =
    ordinary.length >= asked ? memory.journalPages * 4 : Math.max(1, Math.ceil(ordinary.length / PAGE));
  // What is journaled is taken at once.
  count.full = ordinary.length > 0 || (step.errorRows?.length ?? 0) > 0;
  return count;
}

/**
 * Pages are counted by offset, so a row deleted between two of them would shift the next page past an unseen row;
 * only pages that fit together are used.
 */
function consistentPrefix(
  pages: readonly { start: number; rows: readonly ListedRow[]; total: number }[],
): ListedRow[] {
  const rows: ListedRow[] = [];
  let total = 0;
  for (const page of [...pages].sort((a, b) => a.start - b.start)) {
    const first = page.rows[0];
    const last = rows.at(-1);
    if (page.start !== rows.length || first === undefined || page.total < total) break;
    if (last !== undefined && compareRowIds(first.rowId, last.rowId) <= 0) break;
    total = page.total;
    rows.push(...page.rows);
    if (page.rows.length < PAGE) break;
  }
  return rows;
}
