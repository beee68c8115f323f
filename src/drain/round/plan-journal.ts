import { PAGE } from './apply-journal.js';
import { type PlanInput } from './plan-input.js';
import { type RoundCommand } from './round-command.js';
import { largest } from './row-ids.js';

/**
 * Without reservations: first take what the last round listed and the ledger journaled, then list the next. A
 * journal that is not fresh is compared with a new list before anything is taken; so is one that was left over when
 * the plan gained reservations, of which nothing is taken any more.
 */
export function planJournal(
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
