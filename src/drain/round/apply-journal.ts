import { type LedgerChange } from '../../ledger/ledger-change.js';
import { type ReservedEvent } from '../../ledger/record-reserved.js';
import { type RoundSnapshot } from '../../ledger/round-snapshot.js';
import { type RoundPlan } from './round-command.js';
import { type RoundMemory } from './round-memory.js';
import { compareRowIds } from './row-ids.js';

/** A page of `event.offline.list`. */
export const PAGE = 50;

/** A row of `event.offline.list`. */
export interface ListedRow extends ReservedEvent {
  /** '' while pending. */
  readonly processId: string;
  readonly errored: boolean;
}

/** What a round's commands brought of a queue without reservations. */
export interface JournalStep {
  /** By the ERROR flag: what the portal handed over. */
  readonly taken: Map<boolean, readonly ReservedEvent[]>;
  takeFailed: boolean;
  readonly pages: { start: number; rows: readonly ListedRow[]; total: number }[];
  errorRows: readonly ListedRow[] | null;
}

interface JournalApplied {
  readonly reserved: number;
  readonly errorRows: number;
  readonly full: boolean;
  /** Whether all that was queued is in the journal now. */
  readonly complete: boolean;
}

interface JournalInput {
  readonly plan: RoundPlan;
  readonly snapshot: RoundSnapshot;
  readonly extended: boolean | null;
  readonly memory: RoundMemory;
  readonly sentAt: number;
  readonly now: number;
  readonly journalId: () => string;
}

/**
 * Turns what was listed and taken into ledger changes, which are added to `changes`, and into what the loop
 * remembers.
 */
export function applyJournal(
  { snapshot, extended, memory, sentAt, now, journalId, plan }: JournalInput,
  step: JournalStep,
  changes: LedgerChange[],
): JournalApplied {
  const count = { reserved: 0, errorRows: 0, full: false, complete: false };
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
  count.complete = ordinary.length >= Math.max(0, ...step.pages.map(({ total }) => total));
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
