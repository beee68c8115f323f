import { shownAddress } from '../../bitrix24/portal-address.js';
import { INSTALL_REFUSED, type Portal } from '../../portals/portal-record.js';
import { type CommandResult } from '../command/command-result.js';
import { excerpt, isoTime, shortTime, table } from '../command/table.js';
import { type CommandContext } from '../command/command-context.js';

/** Who installed the application, as the database has it; no portal is asked. */
export function listPortals({ registry }: CommandContext): CommandResult {
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
              shownAddress(portal.clientEndpoint),
              portal.paused === null ? portal.state : `${portal.state}, paused`,
              shortTime(portal.stateSince),
              portal.extended === null ? 'not asked' : portal.extended ? 'yes' : 'no',
              excerpt(reasonFor(portal), 100),
            ]),
          ),
  };
}

/** Why it is in its state, and why it is not called as it was. */
function reasonFor({ formerName, stateReason, installRefused, paused }: Portal): string | null {
  const words = [
    ...(paused === null ? [] : [pauseWords(paused)]),
    ...(formerName === null ? [] : [`it was ${formerName}, which another portal is now`]),
    ...(stateReason === null ? [] : [stateReason]),
    ...(installRefused === null ? [] : [`${INSTALL_REFUSED}: ${shortTime(installRefused.at) ?? ''}`]),
  ];
  return words.length === 0 ? null : words.join('; ');
}

/** A pause in a sentence. */
export function pauseWords({ since, reason, by }: NonNullable<Portal['paused']>): string {
  return `paused by ${by} since ${shortTime(since) ?? ''}${reason === null ? '' : ` (${reason})`}`;
}

/** A portal for `--json`, without its tokens. */
export function describePortal(portal: Portal): Record<string, unknown> {
  const {
    name,
    formerName,
    domain,
    clientEndpoint,
    memberId,
    state,
    stateReason,
    stateSince,
    extended,
    tokenRenewedAt,
  } = portal;
  const { authorizationServer, sourceKeys, sharedSeenAt } = portal;
  return {
    name,
    formerName,
    domain,
    shownAs: shownAddress(clientEndpoint),
    memberId,
    state,
    stateReason,
    stateSince: isoTime(stateSince),
    reservations: extended,
    sourceKey: sourceKeys.present,
    formerSourceKeys: sourceKeys.former,
    sharedSeenAt: isoTime(sharedSeenAt),
    tokenRenewedAt: isoTime(tokenRenewedAt),
    authorizationServer,
    paused: portal.paused === null ? null : { ...portal.paused, since: isoTime(portal.paused.since) },
    marksFailingSince: isoTime(portal.marksFailingSince),
    installRefused:
      portal.installRefused === null
        ? null
        : { at: isoTime(portal.installRefused.at), reason: portal.installRefused.reason },
  };
}
