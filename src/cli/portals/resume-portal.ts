import { shownAddress } from '../../bitrix24/portal-address.js';
import { type Resumed } from '../../portals/portal-pause.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';
import { wordsFor, type CommandContext } from '../command/command-context.js';
import { isoTime } from '../command/table.js';
import { describePortal } from './list-portals.js';

/** Ends a pause by hand, and has a portal that is stopped asked again at once, where it would be only after a while. */
export async function resumePortal(context: CommandContext, word: string): Promise<CommandResult> {
  const portal = context.portal(word);
  const before = describePortal(portal);
  if (portal.state === 'uninstalled') {
    const advice = `bitrix24-bridge portals add ${shownAddress(portal.clientEndpoint)}`;
    throw new CommandFailed(`${wordsFor(portal)} is removed: ${advice}`);
  }
  if (portal.state === 'not_allowed' && portal.paused === null) {
    throw new CommandFailed(
      `${wordsFor(portal)} is not_allowed: have B24_ALLOWED_PORTALS name it, and restart`,
    );
  }
  const ended = await context.pauses.resume(portal.memberId, context.actor);
  const still =
    portal.state === 'not_allowed'
      ? ' It is not_allowed still: have B24_ALLOWED_PORTALS name it, and restart.'
      : ' It is asked again at once by a running service, by any other when it starts.';
  return {
    exitCode: 0,
    text: `${wordsFor(portal)}: ${endedWords(ended)}.${still}`,
    json: {
      resumed: describePortal(context.portal(portal.memberId)),
      before,
      endedPause: ended.pause !== null,
      endedState: ended.trouble?.state ?? null,
    },
  };
}

/** What a resumption ended. */
function endedWords({ pause, trouble }: Resumed): string {
  const words = [
    ...(pause === null ? [] : [`the pause by ${pause.by} since ${isoTime(pause.since) ?? ''} has ended`]),
    ...(trouble === null || trouble.state === 'active' ? [] : [`it is ${trouble.state} no longer`]),
  ];
  return words.length === 0 ? 'it was neither paused nor stopped' : words.join(', and ');
}
