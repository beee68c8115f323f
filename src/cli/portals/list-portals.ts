import { shownAddress } from '../../bitrix24/portal-address.js';
import { Phrase } from '../../i18n/translate.js';
import { INSTALL_REFUSED, type Portal } from '../../portals/portal-record.js';
import { type CommandResult } from '../command/command-result.js';
import { excerpt, isoTime, shortTime, table, utcTime } from '../command/table.js';
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

type Pause = NonNullable<Portal['paused']>;

/** A pause in a table. */
function pauseWords({ since, ...pause }: Pause): string {
  return said({ ...pause, when: shortTime(since) ?? '' }).in('en');
}

/** A pause in a sentence that programs read, too. */
export function pausePhrase({ since, ...pause }: Pause): Phrase {
  return said({ ...pause, when: utcTime(since) ?? '' });
}

function said({ by, when, reason }: { by: string; when: string; reason: string | null }): Phrase {
  return reason === null
    ? Phrase.of('pause.by', { by, when })
    : Phrase.of('pause.byBecause', { by, when, reason });
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
