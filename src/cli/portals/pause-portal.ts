import { PortalUninstalled } from '../../portals/pauses.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';
import { wordsFor, type CommandContext } from '../command/command-context.js';
import { isoTime } from '../command/table.js';
import { describePortal } from './list-portals.js';

/** Has nothing new reserved of a portal until it is resumed. */
export async function pausePortal(
  context: CommandContext,
  word: string,
  reason: string | null,
): Promise<CommandResult> {
  const portal = context.portal(word);
  try {
    const { paused, again } = await context.pauses.pause(portal.memberId, reason, context.actor);
    const text = again
      ? `${wordsFor(portal)} is paused already, by ${paused.by} since ${isoTime(paused.since) ?? ''}${paused.reason === null ? '' : `: ${paused.reason}`}.`
      : `${wordsFor(portal)} is paused: within seconds nothing new is reserved; what is in hand is finished. To end it: bitrix24-bridge portals resume ${portal.name}`;
    return {
      exitCode: 0,
      text,
      json: { paused: describePortal(context.portal(portal.memberId)), again },
    };
  } catch (error) {
    if (error instanceof PortalUninstalled) throw new CommandFailed(error.message);
    throw error;
  }
}
