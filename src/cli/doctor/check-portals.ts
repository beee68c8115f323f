import { shownAddress } from '../../bitrix24/portal-address.js';
import { RUNNING_STATES } from '../../database/schema.js';
import { ADVICE } from '../../drain/pacing/pacing.js';
import { Phrase } from '../../i18n/translate.js';
import { type AllowedPortals, notListed } from '../../portals/allowed-portals.js';
import { type PinnedNames } from '../../portals/pinned-names.js';
import { type Portal } from '../../portals/portal-record.js';
import { SHARED_ADVICE, sharedLately } from '../../portals/shared-queue.js';
import { type Finding, note, ok, wrong } from '../command/findings.js';
import { utcTime } from '../command/table.js';
import { pausePhrase } from '../portals/list-portals.js';

/** What the database knows of a portal; it is not asked. */
export function portalFindings(portal: Portal, pins: PinnedNames, allowed: AllowedPortals): Finding[] {
  const { name, clientEndpoint } = portal;
  const findings: Finding[] = [];
  if (sharedLately(portal, Date.now())) {
    const when = utcTime(portal.sharedSeenAt) ?? '';
    findings.push(
      wrong('shared queue', Phrase.of('doctor.twin', { portal: name, when, advice: SHARED_ADVICE })),
    );
  }
  const pinned = pins.nameOf(portal);
  if (pinned !== null && pinned !== name) {
    const address = shownAddress(clientEndpoint);
    findings.push(note('names', Phrase.of('doctor.pinned', { portal: name, address, name: pinned })));
  }
  if (portal.paused !== null) {
    const command = `bitrix24-bridge portals resume ${name}`;
    const pause = pausePhrase(portal.paused);
    findings.push(note('paused', Phrase.of('doctor.paused', { portal: name, pause, command })));
  }
  return [...findings, stateFinding(portal, allowed)];
}

function stateFinding(
  { name, state, stateReason, memberId, clientEndpoint }: Portal,
  allowed: AllowedPortals,
): Finding {
  if (!allowed.allows(memberId, clientEndpoint)) {
    const reason = notListed({ memberId, clientEndpoint });
    const said = { portal: name, reason, advice: ADVICE.not_allowed };
    return wrong('portals', Phrase.of('doctor.leftAlone', said));
  }
  if (state === 'active') {
    return stateReason === null
      ? ok('portals', Phrase.of('doctor.active', { portal: name }))
      : note('portals', Phrase.of('doctor.troubled', { portal: name, reason: stateReason }));
  }
  // In trouble, and drained all the same.
  const advice = RUNNING_STATES.has(state) ? ADVICE[state] : null;
  const said = {
    portal: name,
    state: Phrase.of(`portal.${state}`),
    reason: stateReason ?? Phrase.of('check.noReason'),
    command: `bitrix24-bridge portals check ${name}`,
  };
  return wrong(
    'portals',
    advice === null
      ? Phrase.of('doctor.stopped', said)
      : Phrase.of('doctor.stoppedAdvice', { ...said, advice }),
  );
}
