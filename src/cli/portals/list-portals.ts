import { type Portal } from '../../portals/registry.js';
import { type CommandResult } from '../command-result.js';
import { excerpt, isoTime, shortTime, table } from '../table.js';
import { type Workbench } from '../workbench.js';

/** Who installed the application, as the database has it; no portal is asked. */
export function listPortals({ registry }: Workbench): CommandResult {
  const portals = [...registry.list()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    exitCode: 0,
    json: { portals: portals.map(describePortal) },
    text:
      portals.length === 0
        ? 'no portal is installed; add one with: bitrix24-bridge portals add <domain>'
        : table(
            ['NAME', 'DOMAIN', 'STATE', 'SINCE', 'RESERVATIONS', 'REASON'],
            portals.map((portal) => [
              portal.name,
              portal.domain,
              portal.state,
              shortTime(portal.stateSince),
              portal.extended === null ? 'not asked' : portal.extended ? 'yes' : 'no',
              excerpt(portal.stateReason, 80),
            ]),
          ),
  };
}

/** A portal for `--json`, without its tokens. */
export function describePortal(portal: Portal): Record<string, unknown> {
  const { name, domain, memberId, state, stateReason, stateSince, extended, tokenRenewedAt } = portal;
  return {
    name,
    domain,
    memberId,
    state,
    stateReason,
    stateSince: isoTime(stateSince),
    reservations: extended,
    tokenRenewedAt: isoTime(tokenRenewedAt),
  };
}
