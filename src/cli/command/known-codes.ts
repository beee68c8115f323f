import { isListedCode, LISTED_CODES } from '../../contract/topics.js';
import { type CommandContext } from './command-context.js';
import { nearestOf } from './nearest.js';
import { CommandFailed } from './command-result.js';

/**
 * Refuses event codes that exist nowhere: not in Bitrix24's documentation, not in B24_EVENTS, and on no event that there is or was.
 * @throws {CommandFailed} names the nearest one that exists
 */
export async function requireKnownCodes(
  context: CommandContext,
  codes: readonly string[] | undefined,
): Promise<void> {
  for (const word of codes ?? []) {
    const code = word.toUpperCase();
    if (isListedCode(code) || context.settings.B24_EVENTS.includes(code)) continue;
    const seen = await context.search.codes();
    if (seen.includes(code)) continue;
    const nearest = nearestOf(code, [...context.settings.B24_EVENTS, ...seen, ...LISTED_CODES]);
    const meant = nearest === null ? '' : `; did you mean ${nearest}?`;
    throw new CommandFailed(`no event has the code ${word}${meant}`, 2);
  }
}
