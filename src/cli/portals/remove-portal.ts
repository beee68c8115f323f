import { type DeliveryState } from '../../database/schema.js';
import { CommandFailed, type CommandResult } from '../command-result.js';
import { confirmed, type Terminal } from '../terminal.js';
import { type Workbench } from '../workbench.js';

const IN_FLIGHT: readonly DeliveryState[] = ['reserved', 'published', 'failed', 'marked', 'waiting'];

/** Forgets a portal's tokens and stops its rounds; its deliveries stay in the ledger. */
export async function removePortal(
  bench: Workbench,
  terminal: Terminal,
  word: string,
  yes: boolean,
): Promise<CommandResult> {
  const { registry, admin, settings } = bench;
  const portal = bench.portal(word);
  if (portal.state === 'uninstalled') {
    throw new CommandFailed(`${portal.name} (${portal.domain}) is removed already`);
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
  if (settings.B24_DOMAIN?.toLowerCase() === portal.domain) {
    warnings.push(
      'it is B24_DOMAIN: unset that and B24_REFRESH_TOKEN, or the next start may install it again',
    );
  }
  for (const warning of warnings) terminal.say(`warning: ${warning}`);
  if (
    !yes &&
    !(await confirmed(terminal, `Remove ${portal.name} (${portal.domain}) and forget its tokens?`))
  ) {
    throw new CommandFailed('not confirmed; nothing was removed');
  }
  await registry.uninstall(portal.memberId, 'removed at the command line');
  return {
    exitCode: 0,
    text:
      `${portal.name} (${portal.domain}) is removed: its tokens are forgotten, its deliveries stay in the ledger. ` +
      'Delete the application on the portal too, or its queue goes on growing.',
    json: {
      removed: { name: portal.name, domain: portal.domain, memberId: portal.memberId },
      inFlight,
      warnings,
    },
  };
}
