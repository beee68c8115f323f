import { type LedgerChange } from '../../ledger/ledger-change.js';
import { type ReservedEvent } from '../../ledger/record-reserved.js';
import { type RoundSnapshot } from '../../ledger/round-snapshot.js';
import { applyJournal, type JournalStep, PAGE } from './apply-journal.js';
import { adoptPage, type AdoptedPage, displaceOrphans } from './adoption.js';
import { type RoundCommandResult } from './round-command-result.js';
import { type RoundCommand, type RoundPlan } from './round-command.js';
import { type RoundOutcome } from './round-outcome.js';
import { endScan, forgetGone, noteScanned } from './orphan-scan.js';
import { markedAgain, markSeen, type RoundMemory } from './round-memory.js';

export interface ApplyInput<Failure> {
  readonly plan: RoundPlan;
  readonly results: readonly RoundCommandResult<Failure>[];
  readonly snapshot: RoundSnapshot;
  readonly heldProcessIds: readonly string[];
  /** Whether the plan was made for a portal with reservations. */
  readonly extended: boolean | null;
  /** Changed in place: what the loop now knows. */
  readonly memory: RoundMemory;
  /** When the request was sent and answered, Unix ms. */
  readonly sentAt: number;
  readonly now: number;
  /** Size of the answer, unpacked. */
  readonly answerBytes?: number;
  /** What the time was on the portal, Unix seconds; left out where that does not matter. */
  readonly portalTime?: number;
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
  let scanFailed = false;
  let scanEnded = false;
  let full = false;
  let drained = false;
  let queueRead = false;
  let left: number | null = null;
  let oldestChange: number | null = null;
  memory.round += 1;
  const noteNew = (events: readonly ReservedEvent[]) => {
    queueRead = true;
    for (const { changedAt } of events) oldestChange = Math.min(oldestChange ?? changedAt, changedAt);
  };
  const see = (processId: string) => memory.contentsSeen.set(processId, { at: sentAt, round: memory.round });
  const foreign: string[] = [];
  for (const processId of input.heldProcessIds) memory.seen.set(processId, memory.round);

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
    if (command.kind === 'mark') markedAgain(memory, command.messageIds);
    if (result.failed) {
      failures.push({ command, failure: result.failure });
      if (command.kind === 'take') journal.takeFailed = true;
      if (command.kind === 'scan') scanFailed = true;
      continue;
    }
    const events = result.events ?? [];
    const rows = result.rows ?? [];
    switch (command.kind) {
      case 'scan':
        foreign.push(...noteScanned(memory, command.after, rows, { known, sentAt, now }));
        memory.scanCursor = command.before ?? '';
        if (command.before === null) scanEnded = true;
        break;
      case 'adopt': {
        // The two halves of an adoption travel together; the unmarked half comes first.
        if (!command.errored) unmarked.set(command.processId, events);
        const other = unmarked.get(command.processId);
        if (!command.errored || other === undefined) break;
        const cut = [other, events].filter((half) => half.length >= command.limit);
        adopt(command.processId, {
          bytes: input.answerBytes ?? 0,
          rows: [...withFlag(other, false), ...withFlag(events, true)],
          lastRowIds: cut.map((half) => half.at(-1)?.rowId),
        });
        break;
      }
      case 'adopt_by_list':
        adopt(command.processId, {
          bytes: input.answerBytes ?? 0,
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
      case 'find_mark':
        markSeen(memory, command.messageId, rows, now);
        break;
      case 'reserve':
      case 'fetch_error_row':
      case 'fetch_error_rows': {
        if (typeof result.processId === 'string') memory.seen.set(result.processId, memory.round);
        const errored = command.kind !== 'reserve';
        if (!errored) noteNew(events);
        if (events.length > 0) {
          // Without a process id the portal has handed its only copy over.
          const held = typeof result.processId === 'string';
          const processId = result.processId ?? journalId();
          const { portalTime } = input;
          const reservedAt = portalTime === undefined ? {} : { reservedAt: Math.floor(portalTime) };
          changes.push({ type: 'reserved', batch: { processId, events, errored, held, ...reservedAt } });
          count[errored ? 'errorRows' : 'reserved'] += events.length;
          if (!errored) see(processId);
        }
        if (command.kind === 'fetch_error_row') break;
        if (errored) {
          memory.errorRowsFetchedAt = now;
          memory.errorRowsRemain = events.length >= command.limit;
          if (!memory.errorRowsRemain) changes.push({ type: 'error_rows_complete', sentAt });
        }
        full ||= events.length >= command.limit;
        drained ||= !errored && events.length < command.limit;
        break;
      }
      case 'mark':
        changes.push({
          type: 'marked',
          processId: command.processId,
          messageIds: command.messageIds,
          // Nothing was pending a moment before, and no other system holds anything.
          allKnown: drained && (memory.accounted || memory.complete) && memory.orphans.size === 0,
        });
        count.marked += command.messageIds.length;
        displaceOrphans(memory.orphans, command.messageIds);
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
      case 'count_left':
        left = result.total ?? rows.length;
        break;
      case 'check_features':
      case 'check_bindings':
      case 'check_installation':
      case 'check_reservations':
        break;
    }
  }

  if (scanFailed) memory.scanCursor = '';
  else if (scanEnded) {
    endScan(memory, now);
    forgetGone(memory, known);
  }
  const accounted = (memory.accounted || memory.complete) && memory.orphans.size === 0;
  const journaled = applyJournal(input, journal, changes);
  count.reserved += journaled.reserved;
  count.errorRows += journaled.errorRows;
  full ||= journaled.full;
  if (left !== null && left > 0 && count.reserved + count.errorRows === 0) {
    // The ledger knows nothing of them: error rows, or an orphan's.
    memory.errorRowsFetchedAt = Number.NEGATIVE_INFINITY;
    memory.scannedAt = Number.NEGATIVE_INFINITY;
  }
  const toItsEnd = (accounted && drained) || journaled.complete;
  return { changes, ...count, full, oldestChange, queueRead, toItsEnd, left, foreign, failures };
}

function withFlag(events: readonly ReservedEvent[], errored: boolean): AdoptedPage['rows'] {
  return events.map((event) => ({ event, errored }));
}
