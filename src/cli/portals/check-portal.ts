import { type CommandOutcome, isFailed } from '../../bitrix24/batch.js';
import { AuthorizationUnavailable, FeatureUnlicensed, PortalError } from '../../bitrix24/errors.js';
import { listCommand } from '../../bitrix24/offline-events.js';
import { shownAddress } from '../../bitrix24/portal-address.js';
import { type BatchAnswer } from '../../bitrix24/portal-call.js';
import {
  featureQuestion,
  installationQuestion,
  RESERVATIONS,
  reservationsQuestion,
  saysFeature,
  saysInstalled,
} from '../../bitrix24/portal-facts.js';
import { ADVICE } from '../../drain/pacing/pacing.js';
import { Phrase } from '../../i18n/translate.js';
import { parseBindings, reconcileBindings, type WantedBindings } from '../../portals/bindings.js';
import { notListed } from '../../portals/allowed-portals.js';
import { type Portal } from '../../portals/portal-record.js';
import { SHARED_ADVICE, sharedLately } from '../../portals/shared-queue.js';
import { keysToFinish } from '../../portals/source-keys.js';
import { type CommandResult } from '../command/command-result.js';
import { type Finding, findingsResult, note, ok, wrong } from '../command/findings.js';
import { utcTime } from '../command/table.js';
import { type CommandContext } from '../command/command-context.js';
import { formerKeyFindings } from './check-former-keys.js';
import { describePortal, pausePhrase } from './list-portals.js';

/** An ordinary portal answers within a second. */
const SLOW_MS = 3000;

/** Beyond this, times in metrics and logs no longer fit together, seconds. */
const CLOCK_TOLERANCE = 30;

const QUESTIONS = [
  { name: 'extended', ...featureQuestion(RESERVATIONS) },
  { name: 'connector', ...featureQuestion('rest_auth_connector') },
  { name: 'reservations', ...reservationsQuestion() },
  { name: 'installation', ...installationQuestion() },
  { name: 'bindings', method: 'event.get', params: {} },
  { name: 'pending', ...listCommand({ filter: { '=PROCESS_ID': '', '=ERROR': 0 } }) },
  { name: 'reserved', ...listCommand({ filter: { '>PROCESS_ID': '' } }) },
  { name: 'marked', ...listCommand({ filter: { '=PROCESS_ID': '', '=ERROR': 1 } }) },
] as const;
type Question = (typeof QUESTIONS)[number]['name'];

/** A portal's answer to all questions, and when it was asked and answered, Unix ms by our clock. */
interface Answer {
  readonly batch: BatchAnswer;
  readonly sentAt: number;
  readonly answeredAt: number;
}

/** Asks a portal, with one request that changes nothing, for everything that draining it depends on. */
export async function checkPortal(context: CommandContext, word: string): Promise<CommandResult> {
  const portal = context.portal(word);
  const more = { portal: describePortal(portal) };
  if (portal.state === 'uninstalled') {
    const advice = Phrase.of('check.removed', {
      command: `bitrix24-bridge portals add ${shownAddress(portal.clientEndpoint)}`,
    });
    return findingsResult([wrong('authorization', advice)], more);
  }
  const sentAt = Date.now();
  let answer: Answer;
  const client = await context.clientFor(portal);
  try {
    const batch = await client.batch(QUESTIONS);
    answer = { batch, sentAt, answeredAt: Date.now() };
  } catch (error) {
    if (!(error instanceof PortalError)) throw error;
    return findingsResult([refusal(error, portal)], more);
  }
  const { settings } = context;
  const wanted = {
    events: settings.B24_EVENTS,
    connectorId: settings.B24_AUTH_CONNECTOR ?? '',
    notificationHandler:
      settings.PUBLIC_URL === undefined ? null : `${settings.PUBLIC_URL.replace(/\/+$/, '')}/bitrix24/events`,
    formerHandler: null,
  };
  const queue = queueFinding(answer.batch);
  const installation = installationFinding(answer.batch);
  const findings = [
    authorizationFinding(context.portal(portal.memberId)),
    administratorFinding(answer.batch, portal),
    ...(installation === null ? [] : [installation]),
    reservationsFinding(answer.batch),
    ...(portal.marksFailingSince === null ? [] : [marksFinding(portal.marksFailingSince)]),
    ...(wanted.connectorId === '' ? [] : [sourceKeyFinding(answer.batch)]),
    bindingsFinding(answer.batch, wanted),
    ...(wanted.notificationHandler === null || portal.applicationToken !== null
      ? []
      : [notificationsFinding()]),
    ...(queue === null ? [] : [queue]),
    ...installRefusedFindings(portal),
    speedFinding(answer),
    clockFinding(answer),
    serviceFinding(portal),
    ...pauseFindings(portal),
    ...(await formerKeyFindings(client, keysToFinish(portal.sourceKeys, wanted.connectorId))),
    ...twinFindings(portal),
  ];
  return findingsResult(findings, { ...more, queue: depths(answer.batch) });
}

function outcomeOf({ results }: BatchAnswer, question: Question): CommandOutcome | undefined {
  return results.get(question);
}

function resultOf(batch: BatchAnswer, question: Question): unknown {
  const outcome = outcomeOf(batch, question);
  return outcome === undefined || isFailed(outcome) ? undefined : outcome.result;
}

function errorOf(batch: BatchAnswer, question: Question): PortalError | null {
  const outcome = outcomeOf(batch, question);
  return outcome !== undefined && isFailed(outcome) ? outcome.error : null;
}

/** The request as a whole was refused, or there was no answer. */
function refusal(error: PortalError, portal: Portal): Finding {
  const { message: reason } = error;
  const command = `bitrix24-bridge portals add ${shownAddress(portal.clientEndpoint)}`;
  if (error instanceof FeatureUnlicensed && error.feature === 'rest_auth_connector') {
    return wrong('source key', Phrase.of('check.noSourceKeys', { reason }));
  }
  if (error instanceof AuthorizationUnavailable || error.action === 'refresh') {
    return wrong('authorization', Phrase.of('check.notNow', { reason }));
  }
  switch (error.action) {
    case 'unauthorized':
      return wrong('authorization', Phrase.of('check.gone', { command, reason }));
    case 'configuration':
    case 'bug':
    case 'unlicensed':
      return wrong('authorization', Phrase.of('check.settings', { reason }));
    case 'not-allowed':
      return wrong(
        'allowed',
        Phrase.of('check.notAllowed', { reason: notListed(portal), advice: ADVICE.not_allowed }),
      );
    case 'suspend':
      return wrong('portal', Phrase.of('check.noCalls', { reason }));
    case 'throttle':
      return wrong('portal', Phrase.of('check.busy', { reason }));
    case 'retry':
    case 'unknown-outcome':
      return wrong('portal', Phrase.of('check.noAnswer', { reason }));
  }
}

/** @param portal as it is now: the check may have renewed its tokens */
function authorizationFinding({ tokenRenewedAt, authorizationServer: server }: Portal): Finding {
  return ok(
    'authorization',
    Phrase.of('check.token', {
      renewed: utcTime(tokenRenewedAt) ?? Phrase.of('check.never'),
      server: server === null ? Phrase.of('check.serverUnknown') : Phrase.of('check.server', { server }),
    }),
  );
}

function administratorFinding(batch: BatchAnswer, { clientEndpoint }: Portal): Finding {
  const error = errorOf(batch, 'pending');
  if (error === null) return ok('administrator', Phrase.of('check.administrator'));
  if (error.code.toUpperCase() !== 'ACCESS_DENIED')
    return wrong('administrator', Phrase.of('check.cannotTell', { reason: error.message }));
  return wrong(
    'administrator',
    Phrase.of('check.noAdministrator', {
      command: `bitrix24-bridge portals add ${shownAddress(clientEndpoint)}`,
    }),
  );
}

/** While it is not finished, the portal sends no notifications, and shows no error. Null where it does not say so. */
function installationFinding(batch: BatchAnswer): Finding | null {
  if (saysInstalled(resultOf(batch, 'installation'))) return null;
  return wrong('installation', Phrase.of('check.unfinished', { advice: ADVICE.unfinished }));
}

/** What the portal grants decides, and not what it says of its plan. */
function reservationsFinding(batch: BatchAnswer): Finding {
  const subject = 'reservations';
  const feature = RESERVATIONS;
  const error = errorOf(batch, 'reservations');
  const said = saysFeature(resultOf(batch, 'extended'));
  if (error === null) {
    if (said === 'self-hosted') return ok(subject, Phrase.of('check.selfHosted'));
    if (said === 'yes') return ok(subject, Phrase.of('check.planHas', { feature }));
    return ok(subject, Phrase.of('check.granted', { feature }));
  }
  if (error.action !== 'unlicensed')
    return wrong(subject, Phrase.of('check.cannotTell', { reason: error.message }));
  const although = said === 'yes' || said === 'self-hosted';
  return note(subject, Phrase.of(although ? 'check.refusedAlthough' : 'check.planLacks', { feature }));
}

/** A user opened or installed the application with tokens of a lesser right. */
function installRefusedFindings({ installRefused }: Portal): Finding[] {
  if (installRefused === null) return [];
  const { at, reason } = installRefused;
  return [note('installations', Phrase.of('check.installRefused', { when: utcTime(at) ?? '', reason }))];
}

/** Whether a mark would be made now cannot be asked without marking something. */
function marksFinding(since: number): Finding {
  return wrong('marks', Phrase.of('check.marks', { when: utcTime(since) ?? '', advice: ADVICE.unmarkable }));
}

function sourceKeyFinding(batch: BatchAnswer): Finding {
  const said = saysFeature(resultOf(batch, 'connector'));
  if (said === 'yes') return ok('source key', Phrase.of('check.planHas', { feature: 'rest_auth_connector' }));
  if (said === 'self-hosted') return ok('source key', Phrase.of('check.selfHostedKeys'));
  // It took our request, which brought the key.
  return ok('source key', Phrase.of('check.keyTaken'));
}

function bindingsFinding(batch: BatchAnswer, wanted: WantedBindings): Finding {
  const subject = 'bindings';
  const error = errorOf(batch, 'bindings');
  if (error !== null) return wrong(subject, Phrase.of('check.cannotTell', { reason: error.message }));
  const { bind, bindNotification } = reconcileBindings(parseBindings(resultOf(batch, 'bindings')), wanted);
  const missing = [...bind, ...(bindNotification === null ? [] : ['ONOFFLINEEVENT'])];
  if (missing.length === 0) return ok(subject, Phrase.of('check.bound', { count: wanted.events.length }));
  return wrong(subject, Phrase.of('check.notBound', { events: missing.join(', ') }));
}

/** Installed by a code or a refresh token, with a public address. */
function notificationsFinding(): Finding {
  return note('notifications', Phrase.of('check.notifications'));
}

type Depths = Readonly<Record<'pending' | 'reserved' | 'marked', number | null>>;

function depths(batch: BatchAnswer): Depths {
  const total = (question: 'pending' | 'reserved' | 'marked') => {
    const outcome = outcomeOf(batch, question);
    return outcome === undefined || isFailed(outcome) ? null : outcome.total;
  };
  return { pending: total('pending'), reserved: total('reserved'), marked: total('marked') };
}

function queueFinding(batch: BatchAnswer): Finding | null {
  const { pending, reserved, marked } = depths(batch);
  if (pending === null || reserved === null || marked === null) return null;
  return ok('queue', Phrase.of('check.queue', { pending, reserved, marked }));
}

function speedFinding({ sentAt, answeredAt }: Answer): Finding {
  const tookMs = answeredAt - sentAt;
  const seconds = (tookMs / 1000).toFixed(1);
  return tookMs < SLOW_MS
    ? ok('speed', Phrase.of('check.answered', { seconds }))
    : note('speed', Phrase.of('check.answeredSlowly', { seconds }));
}

function clockFinding({ batch, sentAt, answeredAt }: Answer): Finding {
  const portalMs = batch.time.start * 1000;
  // The portal read its clock at some moment between our two.
  const offMs = portalMs < sentAt ? portalMs - sentAt : portalMs > answeredAt ? portalMs - answeredAt : 0;
  const seconds = Math.round(Math.abs(offMs) / 1000);
  const clock = Phrase.of(offMs < 0 ? 'check.clockBehind' : 'check.clockAhead', { seconds });
  return seconds < CLOCK_TOLERANCE
    ? ok('clock', clock)
    : note('clock', Phrase.of('check.clockOff', { clock }));
}

function twinFindings(portal: Portal): Finding[] {
  if (!sharedLately(portal, Date.now())) return [];
  const seen = utcTime(portal.sharedSeenAt) ?? '';
  return [wrong('shared queue', Phrase.of('check.twin', { when: seen, advice: SHARED_ADVICE }))];
}

/** Whether people have paused it. */
function pauseFindings({ name, paused }: Portal): Finding[] {
  if (paused === null) return [];
  const command = `bitrix24-bridge portals resume ${name}`;
  return [note('paused', Phrase.of('check.paused', { pause: pausePhrase(paused), command }))];
}

/** What the service made of the portal when it last spoke with it; whether one runs is not to be seen here. */
function serviceFinding({ state, stateReason, stateSince }: Portal): Finding {
  if (state === 'active' && stateReason !== null) {
    return note('service', Phrase.of('check.troubled', { reason: stateReason }));
  }
  if (state === 'active') return ok('service', Phrase.of('check.active'));
  return note(
    'service',
    Phrase.of('check.stopped', {
      state: Phrase.of(`portal.${state}`),
      when: utcTime(stateSince) ?? '',
      reason: stateReason ?? Phrase.of('check.noReason'),
    }),
  );
}
