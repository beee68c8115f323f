import { type PortalError } from '../../bitrix24/errors.js';
import { type RoundCommandResult } from './round-command-result.js';
import { type Marking, MARKS_AGAIN_MS } from './mark-memory.js';
import { type RoundCommand } from './round-command.js';

/** Attempts in a row, each checked, after which marks count as failing. */
export const MARK_ATTEMPTS = 5;

/** What a round showed of marks. */
interface MarksSeen {
  /** One was made. */
  readonly made: boolean;
  /** One was made of which the portal had told that it failed: its row waits on the portal, with its error flag. */
  readonly madeUntold: boolean;
  /** None was made, once more: how often in a row; 0 where none failed. */
  readonly failed: number;
  /** Batches that are given up with this round. */
  readonly givenUp: readonly string[];
}

/** Whether a command marks, or checks whether something can be marked. */
export function concernsMarks({ kind }: RoundCommand): boolean {
  return kind === 'mark' || kind === 'verify';
}

/** A request whose outcome is unknown carried these commands. */
export function marksLost(marking: Marking, commands: readonly RoundCommand[]): void {
  const marks = commands.filter((command) => command.kind === 'mark');
  // It fails without marks, too: what became of them says nothing about marking.
  if (marks.length === 0) marking.asked.clear();
  for (const { processId, messageIds } of marks) ask(marking, processId, messageIds);
}

/**
 * Notes what an answered round did to marks. An attempt counts as failed when the portal has refused it, or when a
 * check shows that a mark of unknown outcome was not made.
 * @param pauseMs how long to wait after so many failures in a row, ms
 */
export function noteMarks(
  marking: Marking,
  results: readonly RoundCommandResult<PortalError>[],
  now: number,
  pauseMs: (failures: number) => number,
): MarksSeen {
  const failed = new Set<string>();
  const made = new Set<string>();
  let madeUntold = false;
  // Where other commands fail as well, it is not the marks that do.
  const troubled = results.some(
    (result) =>
      result.failed &&
      !concernsMarks(result.command) &&
      !result.command.kind.startsWith('check_') &&
      result.failure.action !== 'throttle',
  );
  for (const result of results) {
    const { command } = result;
    if (command.kind !== 'mark' && command.kind !== 'verify') continue;
    const { processId } = command;
    if (result.failed) {
      if (result.failure.action === 'throttle') continue;
      marking.reason = result.failure.message;
      if (command.kind === 'verify' || result.failure.executed === 'no') failed.add(processId);
      else ask(marking, processId, command.messageIds);
    } else if (command.kind === 'mark') made.add(processId);
    else {
      const asked = marking.asked.get(processId);
      marking.asked.delete(processId);
      if (asked === undefined) continue;
      const stillHeld = (result.events ?? []).some(({ messageId }) => asked.has(messageId));
      madeUntold ||= !stillHeld;
      (stillHeld ? failed : made).add(processId);
    }
  }
  for (const processId of made) marking.failures.delete(processId);
  if (made.size > 0) marking.inARow = 0;
  if (failed.size === 0 || troubled) {
    return { made: made.size > 0, madeUntold, failed: 0, givenUp: [] };
  }

  if (made.size === 0) marking.inARow += 1;
  let most = marking.inARow;
  const givenUp: string[] = [];
  for (const processId of failed) {
    const count = (marking.failures.get(processId) ?? 0) + 1;
    marking.failures.set(processId, count);
    most = Math.max(most, count);
    if (count >= MARK_ATTEMPTS && marking.inARow < MARK_ATTEMPTS) {
      marking.failures.delete(processId);
      marking.givenUp.set(processId, now + MARKS_AGAIN_MS);
      givenUp.push(processId);
    }
  }
  pause(marking, now, pauseMs(most));
  return { made: made.size > 0, madeUntold, failed: made.size > 0 ? 0 : marking.inARow, givenUp };
}

/** Marks fail for good: none is tried for an hour, and then one attempt decides. */
export function pauseMarks(marking: Marking, now: number): void {
  pause(marking, now, MARKS_AGAIN_MS);
  marking.inARow = 0;
  marking.failures.clear();
  marking.asked.clear();
}

/** Batches whose failures are not to be marked now. */
export function batchesGivenUp(marking: Marking, now: number): ReadonlySet<string> {
  for (const [processId, until] of marking.givenUp) {
    if (until <= now || until > now + MARKS_AGAIN_MS) marking.givenUp.delete(processId);
  }
  return new Set(marking.givenUp.keys());
}

function pause(marking: Marking, now: number, pauseMs: number): void {
  marking.pauseMs = pauseMs;
  marking.notBefore = now + pauseMs;
}

function ask(marking: Marking, processId: string, messageIds: readonly string[]): void {
  marking.asked.set(processId, new Set([...(marking.asked.get(processId) ?? []), ...messageIds]));
}
