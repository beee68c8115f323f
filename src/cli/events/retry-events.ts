import { DEFAULT_STATES } from '../../events/event-desk.js';
import { retriedOf, RETRYABLE } from '../../ledger/retry-now.js';
import { type CommandResult } from '../command/command-result.js';
import { type CommandContext } from '../command/command-context.js';
import { countsText, type EventOptions, selectEvents } from './select-events.js';

/** Makes events due now; a dead one begins a new series of attempts. */
export async function retryEvents(
  context: CommandContext,
  ids: readonly string[],
  options: EventOptions,
): Promise<CommandResult> {
  const { words, ...choice } = await selectEvents(context, ids, options, RETRYABLE, DEFAULT_STATES.retry);
  const { seqs } = choice;
  const done = await context.desk.retry(choice, context.actor);
  const { renewed, due, fetched, left, later } = done;
  const retried = retriedOf(done);
  const lines = [`${retried} due now of ${seqs.length}: ${words}`];
  if (renewed > 0) {
    lines.push(`${renewed} begin a new series of ${context.settings.RETRY_MAX_ATTEMPTS} attempts`);
  }
  if (fetched > 0) lines.push(`${fetched} are marked on the portal: the next round fetches them first`);
  if (later > 0) {
    const pace = context.settings.RETRY_BY_HAND_PER_SECOND;
    lines.push(
      `${later} follow, ${pace} a second: the running service does that, whatever becomes of this command`,
    );
  }
  if (left.failed !== undefined) {
    lines.push(
      `${left.failed} are about to be marked on the portal, and are retried after that by themselves`,
    );
  }
  const { failed: _failed, ...others } = left;
  if (Object.keys(others).length > 0) lines.push(`left alone: ${countsText(others)}`);
  return {
    exitCode: retried + later > 0 ? 0 : 1,
    text: lines.join('\n'),
    json: { matched: seqs.length, renewed, due, fetched, left, later },
  };
}
