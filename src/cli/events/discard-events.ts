import { hostname, userInfo } from 'node:os';
import { DISCARDABLE } from '../../ledger/discard.js';
import { CommandFailed, type CommandResult } from '../command-result.js';
import { confirmed, type Terminal } from '../terminal.js';
import { type Workbench } from '../workbench.js';
import { countsText, type EventOptions, selectEvents } from './select-events.js';

/** Gives events up for good: they count as processed, and the portal is cleared of them. */
export async function discardEvents(
  bench: Workbench,
  terminal: Terminal,
  ids: readonly string[],
  options: EventOptions & { readonly yes?: boolean },
): Promise<CommandResult> {
  // What still waits is given up only where that was asked for.
  const { seqs, words } = await selectEvents(bench, ids, options, DISCARDABLE, ['dead']);
  if (seqs.length === 0) {
    return {
      exitCode: 1,
      text: `nothing to discard: ${words}`,
      json: { matched: 0, discarded: 0, left: {} },
    };
  }
  const question = `Discard ${seqs.length} for good: ${words}?`;
  if (options.yes !== true && !(await confirmed(terminal, question))) {
    throw new CommandFailed('not confirmed; nothing was discarded');
  }
  const { discarded, left } = await bench.admin.discard(seqs, somebody());
  const lines = [`${discarded} discarded of ${seqs.length}: ${words}`];
  if (Object.keys(left).length > 0) {
    lines.push(`left alone: ${countsText(left)} (only what is dead or waiting can be given up)`);
  }
  return {
    exitCode: discarded > 0 ? 0 : 1,
    text: lines.join('\n'),
    json: { matched: seqs.length, discarded, left },
  };
}

/** `alice@host`, for the record. */
function somebody(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A container may run under a user id without a name.
    return `uid ${process.getuid?.() ?? '?'}@${hostname()}`;
  }
}
