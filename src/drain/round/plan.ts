import { type RoundSnapshot } from '../../ledger/round-snapshot.js';
import { checkEveryMs } from './checks.js';
import { elapsed } from './elapsed.js';
import { errorRowsDue } from './error-rows.js';
import { heldBack } from './held-back.js';
import { gapsToScan, orphanScanDue } from './orphan-scan.js';
import { atOnce, FIRST_LIMIT, MAX_IDS, type PlanInput } from './plan-input.js';
import { planJournal } from './plan-journal.js';
import { planFinds, planMarks } from './plan-marks.js';
import { type RoundCommand, type RoundPlan } from './round-command.js';
import { marksInDoubt } from './round-memory.js';

/** A batch request carries 50 commands. */
const MAX_COMMANDS = 50;

/** All of these at once, with both halves of every adoption and the checks, leave room for some clears. */
const MAX_SCANS = 12;
const MAX_ADOPTS = 6;
const MAX_SINGLE_FETCHES = 4;

/** However much else there is, some of what is settled leaves the portal with every round. */
const MIN_CLEARS = 2;

const NO_MARKS = { verifies: [], marks: [], more: false } as const;

/** Plans one round. Pure. */
export function planRound(input: PlanInput): RoundPlan {
  const { memory, snapshot, settings, extended, now } = input;
  const commands: RoundCommand[] = [];
  const usual = Math.min(input.limit, FIRST_LIMIT);
  let more = false;

  const checking = extended === null || elapsed(memory.checkedAt, now, checkEveryMs(memory));
  if (checking) {
    commands.push({ kind: 'check_features' }, { kind: 'check_bindings' }, { kind: 'check_installation' });
    if (extended !== true) commands.push({ kind: 'check_reservations' });
  }
  // Until the plan is known, no reserving call can be chosen.
  if (extended === null) return { commands, more: true };

  if (orphanScanDue(memory, now)) {
    const scans = gapsToScan(input.heldProcessIds, memory.scanCursor);
    const most = atOnce(MAX_SCANS, input);
    commands.push(...scans.slice(0, most));
    if (scans.length > most) more = true;
  }
  const orphans = [...memory.orphans].slice(0, atOnce(MAX_ADOPTS, input));
  for (const [processId, { afterRowId }] of orphans) {
    if (extended) {
      commands.push(
        { kind: 'adopt', processId, errored: false, afterRowId, limit: usual + 1 },
        { kind: 'adopt', processId, errored: true, afterRowId, limit: usual + 1 },
      );
    } else {
      commands.push({ kind: 'adopt_by_list', processId, afterRowId });
    }
  }
  if (memory.orphans.size > 0 || memory.scanFirst) more = true;

  // A journal left from a plan without reservations is settled first: its rows must not seem to be gone because we
  // reserved them.
  // Orphans of ours come before newer changes; a program that reserves with our keys all the time must not keep us from it.
  const adopted = memory.orphans.size === 0 || memory.accounted;
  const mayReserve = !memory.scanFirst && adopted && (!extended || snapshot.journal.length === 0);
  const paused = input.paused === true;
  const room = !paused && snapshot.inFlight < settings.DRAIN_MAX_IN_FLIGHT && !heldBack(snapshot, input);
  if (extended) {
    // A mark would put the row back into a queue of which nothing is fetched, and delete its object's newer change.
    const marks = paused ? NO_MARKS : planMarks(input);
    commands.push(...planFinds(input), ...marks.verifies);
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
  if (extended && mayReserve && room) {
    const doubted = marksInDoubt(memory, now);
    const due = (input.markedDue ?? []).filter((messageId) => !doubted.has(messageId));
    const most = atOnce(MAX_SINGLE_FETCHES, input);
    for (const messageId of due.slice(0, most)) commands.push({ kind: 'fetch_error_row', messageId });
    more ||= due.length > most;
  }
  const clears = planClears(snapshot);
  const space = MAX_COMMANDS - commands.length - (extended && fetchesErrorRows ? 1 : 0);
  if (clears.length > space) more = true;
  commands.push(...clears.slice(0, space));
  if (extended && fetchesErrorRows) commands.push({ kind: 'fetch_error_rows', limit: usual });
  if (input.done === true && !more) commands.push({ kind: 'count_left' });
  return { commands, more };
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
