import { DEFAULT_STATES } from '../../events/event-desk.js';
import { DISCARDABLE } from '../../ledger/discard.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';
import { confirmed, type Terminal } from '../command/terminal.js';
import { type CommandContext } from '../command/command-context.js';
import { countsText, type EventOptions, selectEvents } from './select-events.js';

/** Gives events up for good: they count as processed, and the portal is cleared of them. */
export async function discardEvents(
  context: CommandContext,
  terminal: Terminal,
  ids: readonly string[],
  options: EventOptions & { readonly yes?: boolean },
): Promise<CommandResult> {
  // What still waits is given up only where that was asked for.
  const { words, ...choice } = await selectEvents(context, ids, options, DISCARDABLE, DEFAULT_STATES.discard);
  const { seqs } = choice;
  if (seqs.length === 0) {
    return {
      exitCode: 1,
      text: `nothing to discard: ${words}`,
      json: { matched: 0, discarded: 0, left: {}, later: 0 },
    };
  }
  const question = `Discard ${seqs.length} for good: ${words}?`;
  if (options.yes !== true && !(await confirmed(terminal, question))) {
    throw new CommandFailed('not confirmed; nothing was discarded');
  }
  const { discarded, left, later } = await context.desk.discard(choice, context.actor);
  const lines = [`${discarded} discarded of ${seqs.length}: ${words}`];
  if (later > 0)
    lines.push(`${later} follow: the running service does that, whatever becomes of this command`);
  if (Object.keys(left).length > 0) {
    lines.push(`left alone: ${countsText(left)} (only what is dead or waiting can be given up)`);
  }
  return {
    exitCode: discarded + later > 0 ? 0 : 1,
    text: lines.join('\n'),
    json: { matched: seqs.length, discarded, left, later },
  };
}
