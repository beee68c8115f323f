import { type DeliveryState } from '../../database/schema.js';
import { portalsAt } from '../../portals/find-portal.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';
import { confirmed, type Terminal } from '../command/terminal.js';
import { wordsFor, type CommandContext } from '../command/command-context.js';

const IN_FLIGHT: readonly DeliveryState[] = [
  'reserved',
  'refused',
  'published',
  'failed',
  'marked',
  'waiting',
];

/** Forgets a portal's tokens and stops its rounds; its deliveries stay in the ledger. */
export async function removePortal(
  context: CommandContext,
  terminal: Terminal,
  word: string,
  yes: boolean,
): Promise<CommandResult> {
  const { registry, admin, settings } = context;
  const portal = context.portal(word);
  if (portal.state === 'uninstalled') {
    throw new CommandFailed(`${wordsFor(portal)} is removed already`);
  }
  const inFlight = await admin.count({ states: IN_FLIGHT, memberId: portal.memberId });
  const warnings: string[] = [];
  const open = IN_FLIGHT.flatMap((state) =>
    inFlight[state] === undefined ? [] : [`${inFlight[state]} ${state}`],
  );
  if (open.length > 0) {
    warnings.push(
      `events are in flight (${open.join(', ')}): what is still reserved or marked on the portal stays there until it is installed again`,
    );
  }
  if (settings.B24_DOMAIN !== undefined && portalsAt([portal], settings.B24_DOMAIN).length > 0) {
    warnings.push(
      'it is B24_DOMAIN: unset that and B24_REFRESH_TOKEN, or the next start may install it again',
    );
  }
  for (const warning of warnings) terminal.say(`warning: ${warning}`);
  if (!yes && !(await confirmed(terminal, `Remove ${wordsFor(portal)} and forget its tokens?`))) {
    throw new CommandFailed('not confirmed; nothing was removed');
  }
  await registry.uninstall(portal.memberId, 'removed at the command line');
  await context.record('uninstalled', portal);
  return {
    exitCode: 0,
    text:
      `${wordsFor(portal)} is removed: its tokens are forgotten, its deliveries stay in the ledger. ` +
      'Delete the application on the portal too, or its queue goes on growing.',
    json: {
      removed: { name: portal.name, domain: portal.domain, memberId: portal.memberId },
      inFlight,
      warnings,
    },
  };
}
