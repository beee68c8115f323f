import { type RoundSnapshot } from '../../ledger/round-snapshot.js';
import { elapsed } from './elapsed.js';
import { atOnce, MAX_IDS, type PlanInput, type PlanSettings } from './plan-input.js';
import { type RoundCommand } from './round-command.js';
import { marksInDoubt, type RoundMemory, rowKey } from './round-memory.js';

const MAX_VERIFIES = 10;
const MAX_MARKS = 10;
/** Messages of which one round asks what became of their marks. */
const MAX_FINDS = 20;
/** Of more it would take longer to ask than to wait until none of them can be made any more. */
const MOST_FOUND = 200;
/** A mark that was not made yet is looked for again after so long. */
const FIND_AGAIN_MS = 5000;

/** After a longer pause (the portal was unreachable, the machine asleep) even what the last round saw is old. */
const SEEN_VALID_MS = 60_000;

/** When waiting failures are to be marked at the latest, Unix ms; null where there are none. */
export function marksDueAt(snapshot: RoundSnapshot, settings: PlanSettings, now: number): number | null {
  const oldest = snapshot.failures[0];
  if (oldest === undefined) return null;
  if (snapshot.failures.length >= settings.FAILURE_BATCH_SIZE) return now;
  // A failure of the future was written before the clock was set back.
  return oldest.failedAt > now ? now : oldest.failedAt + settings.FAILURE_BATCH_WAIT_MS;
}

/** When waiting failures are to be marked, where marks have failed lately not before their time; Unix ms. */
export function marksTriedAt(
  snapshot: RoundSnapshot,
  { marking }: RoundMemory,
  settings: PlanSettings,
  now: number,
): number | null {
  const dueAt = marksDueAt(snapshot, settings, now);
  return dueAt === null ? null : Math.max(dueAt, marking.notBefore);
}

/**
 * Leaves out failures of rows that a lost request may still clear: between the check and the mark they could go, and
 * the mark would delete a newer change.
 */
export function markableNow(snapshot: RoundSnapshot, memory: RoundMemory, now: number): RoundSnapshot {
  const { clears } = memory.doubt;
  if (clears.size === 0 || now > memory.suspectUntil) return snapshot;
  return { ...snapshot, failures: snapshot.failures.filter((failure) => !clears.has(rowKey(failure))) };
}

function marksToFind(memory: RoundMemory, now: number): ReturnType<typeof marksInDoubt> {
  const doubted = marksInDoubt(memory, now);
  return doubted.size > MOST_FOUND ? new Map() : doubted;
}

/** Asks what became of marks in doubt: a row that is seen to be marked need not be left alone any more. */
export function planFinds({ memory, now }: PlanInput): RoundCommand[] {
  return [...marksToFind(memory, now)]
    .filter(([, { repeated, lookedAt }]) => !repeated && elapsed(lookedAt, now, FIND_AGAIN_MS))
    .slice(0, MAX_FINDS)
    .map(([messageId]) => ({ kind: 'find_mark', messageId }));
}

export function planMarks(input: PlanInput): {
  verifies: RoundCommand[];
  marks: RoundCommand[];
  more: boolean;
} {
  const { snapshot, memory, settings, now } = input;
  const dueAt = marksTriedAt(snapshot, memory, settings, now);
  if (dueAt === null || dueAt > now) return { verifies: [], marks: [], more: false };

  // One mark an object: the first would delete the row that the second names. The newest change is kept.
  const byMessage = new Map<string, (typeof snapshot.failures)[number]>();
  const toVerify = new Set<string>();
  const doubted = marksToFind(memory, now);
  let unseen = false;
  for (const failure of snapshot.failures) {
    // First it is seen what became of the mark before: after another, that cannot be told any more.
    if (doubted.get(failure.messageId)?.lookedAt === Number.NEGATIVE_INFINITY) {
      unseen = true;
      toVerify.add(failure.processId);
      continue;
    }
    const other = byMessage.get(failure.messageId);
    if (other === undefined || other.changedAt < failure.changedAt) byMessage.set(failure.messageId, failure);
  }
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
    more: unseen || toVerify.size > 0 || marks.length > MAX_MARKS,
  };
}

/**
 * Whether the portal surely still holds the batch's rows: the last round saw them there. An older answer proves
 * nothing, since the portal's agent or an administrator may have deleted them, and a lost request may run on.
 */
function certain(processId: string, memory: RoundMemory, now: number): boolean {
  const seen = memory.contentsSeen.get(processId);
  return seen !== undefined && seen.round === memory.round && !elapsed(seen.at, now, SEEN_VALID_MS);
}
