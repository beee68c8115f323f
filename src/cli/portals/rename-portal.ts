import { isPortalName } from '../../contract/portal-name.js';
import { NameTaken } from '../../portals/portal-names.js';
import { CommandFailed, type CommandResult } from '../command/command-result.js';
import { confirmed, type Terminal } from '../command/terminal.js';
import { wordsFor, type CommandContext } from '../command/command-context.js';
import { describePortal } from './list-portals.js';

/** Gives a portal another name, and so its events other routing keys. */
export async function renamePortal(
  context: CommandContext,
  terminal: Terminal,
  word: string,
  name: string,
  yes: boolean,
): Promise<CommandResult> {
  const { registry } = context;
  const portal = context.portal(word);
  if (!isPortalName(name)) {
    throw new CommandFailed(
      `${name} cannot be the name of a portal: 1 to 63 of the characters a-z 0-9 -, no number, no - at either end`,
      2,
    );
  }
  const { pins } = context;
  if (pins.keepsFrom(name, portal)) {
    throw new CommandFailed(`PORTAL_NAMES keeps the name ${name} for another portal; change that first`);
  }
  const pinned = pins.nameOf(portal);
  if (pinned !== null && pinned !== name) {
    throw new CommandFailed(
      `PORTAL_NAMES says that ${wordsFor(portal)} is ${pinned}, which every start would restore; change that first`,
    );
  }
  if (portal.name === name) throw new CommandFailed(`${wordsFor(portal)} has that name already`);
  const bearer = registry.byName(name);
  if (bearer !== undefined) throw taken(name, wordsFor(bearer));
  const warning =
    `routing keys change from ${portal.name}.# to ${name}.#: bind your queues to the new ones first, ` +
    'or events go to the queue of unrouted ones; retries of events that are on their way come under the new ones, too';
  terminal.say(`warning: ${warning}`);
  if (!yes && !(await confirmed(terminal, `Rename ${wordsFor(portal)} to ${name}?`))) {
    throw new CommandFailed('not confirmed; nothing was renamed');
  }
  try {
    const renamed = await registry.rename(portal.memberId, name);
    await context.record('renamed', renamed, `from ${portal.name}`);
    return {
      exitCode: 0,
      text: `${wordsFor(portal)} is ${name} from now on. A running service follows within seconds.`,
      json: { renamed: describePortal(renamed), from: portal.name, warnings: [warning] },
    };
  } catch (error) {
    if (error instanceof NameTaken) throw taken(name, 'another portal');
    throw error;
  }
}

function taken(name: string, by: string): CommandFailed {
  return new CommandFailed(`the name ${name} is taken by ${by}; rename that one first`);
}
