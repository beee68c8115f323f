import { type LedgerChange } from '../ledger/apply-round.js';
import { type ReservedEvent } from '../ledger/record-reserved.js';
import { type RoundSnapshot } from '../ledger/round-snapshot.js';
import { applyJournal, type JournalStep, type ListedRow, PAGE } from './apply-journal.js';
import { adoptPage, type AdoptedPage, sweepOrphans } from './adoption.js';
import { type RoundCommand, type RoundPlan } from './plan.js';
import { type RoundMemory } from './round-memory.js';

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
        sweepOrphans(memory.orphans, command.messageIds);
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
