import { type CommandOutcome, isFailed } from '../../bitrix24/batch.js';
import { FeatureUnlicensed, PortalError } from '../../bitrix24/errors.js';
import { isObject } from '../../bitrix24/json-values.js';
import { listCommand } from '../../bitrix24/offline-events.js';
import { type BatchAnswer } from '../../bitrix24/portal-client.js';
import { parseBindings, reconcileBindings, type WantedBindings } from '../../portals/bindings.js';
import { type Portal } from '../../portals/registry.js';
import { type CommandResult } from '../command-result.js';
import { type Finding, findingsResult, note, ok, wrong } from '../findings.js';
import { shortTime } from '../table.js';
import { type Workbench } from '../workbench.js';
import { describePortal } from './list-portals.js';

/** Beyond this, times in metrics and logs no longer fit together, seconds. */
const CLOCK_TOLERANCE = 30;

const feature = (name: string, code: string) => ({ name, method: 'feature.get', params: { CODE: code } });
const QUESTIONS = [
  feature('extended', 'rest_offline_extended'),
  feature('connector', 'rest_auth_connector'),
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
export async function checkPortal(bench: Workbench, word: string): Promise<CommandResult> {
  const portal = bench.portal(word);
  const more = { portal: describePortal(portal) };
  if (portal.state === 'uninstalled') {
    const advice = `it is removed: bitrix24-bridge portals add ${portal.domain}`;
    return findingsResult([wrong('authorization', advice)], more);
  }
  const sentAt = Date.now();
  let answer: Answer;
  try {
    const client = await bench.clientFor(portal);
    const batch = await client.batch(QUESTIONS);
    answer = { batch, sentAt, answeredAt: Date.now() };
  } catch (error) {
    if (!(error instanceof PortalError)) throw error;
    return findingsResult([refusal(error, portal)], more);
  }
  const { settings } = bench;
  const wanted = {
    events: settings.B24_EVENTS,
    connectorId: settings.B24_AUTH_CONNECTOR ?? '',
    notificationHandler:
      settings.PUBLIC_URL === undefined ? null : `${settings.PUBLIC_URL.replace(/\/+$/, '')}/bitrix24/events`,
    formerHandler: null,
  };
  const queue = queueFinding(answer.batch);
  const findings = [
    ok(
      'authorization',
      `the portal takes our token (last renewed ${shortTime(portal.tokenRenewedAt) ?? 'never'})`,
    ),
    administratorFinding(answer.batch, portal),
    reservationsFinding(answer.batch),
    ...(wanted.connectorId === '' ? [] : [sourceKeyFinding(answer.batch)]),
    bindingsFinding(answer.batch, wanted),
    ...(wanted.notificationHandler === null || portal.applicationToken !== null
      ? []
      : [announcementsFinding()]),
    ...(queue === null ? [] : [queue]),
    clockFinding(answer),
    serviceFinding(portal),
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

/** The request as a whole was refused, or nobody answered. */
function refusal(error: PortalError, { domain }: Portal): Finding {
  const add = `bitrix24-bridge portals add ${domain}`;
  if (error instanceof FeatureUnlicensed && error.feature === 'rest_auth_connector') {
    return wrong(
      'source key',
      `the plan has no source keys: unset B24_AUTH_CONNECTOR or change the plan (${error.message})`,
    );
  }
  switch (error.action) {
    case 'unauthorized':
      return wrong(
        'authorization',
        `it is gone: install the application again, or ${add} (${error.message})`,
      );
    case 'configuration':
    case 'bug':
    case 'unlicensed':
      return wrong('authorization', `settings or rights are wrong: ${error.message}`);
    case 'suspend':
      return wrong('portal', `it takes no calls; its owner has to mend that: ${error.message}`);
    case 'throttle':
      return wrong('portal', `it is asked too much at present; check again in a minute: ${error.message}`);
    case 'retry':
    case 'refresh':
    case 'unknown-outcome':
      return wrong('portal', `no usable answer; check the network and the address: ${error.message}`);
  }
}

function administratorFinding(batch: BatchAnswer, { domain }: Portal): Finding {
  const error = errorOf(batch, 'pending');
  if (error === null) return ok('administrator', 'the user may read the offline queue');
  if (error.code.toUpperCase() !== 'ACCESS_DENIED')
    return wrong('administrator', `cannot be told: ${error.message}`);
  return wrong(
    'administrator',
    `the user who installed the application is none: let an administrator do it, bitrix24-bridge portals add ${domain}`,
  );
}

function reservationsFinding(batch: BatchAnswer): Finding {
  const subject = 'reservations';
  const has = hasFeature(resultOf(batch, 'extended'));
  if (has === null)
    return wrong(subject, `cannot be told: ${errorOf(batch, 'extended')?.message ?? 'no answer'}`);
  if (has) return ok(subject, 'the plan has rest_offline_extended');
  return note(
    subject,
    'the plan lacks rest_offline_extended: events are journaled, nothing is marked; it works, a higher plan reserves',
  );
}

function sourceKeyFinding(batch: BatchAnswer): Finding {
  const has = hasFeature(resultOf(batch, 'connector'));
  if (has === true) return ok('source key', 'the plan has rest_auth_connector');
  return wrong(
    'source key',
    'the plan lacks rest_auth_connector: unset B24_AUTH_CONNECTOR or change the plan',
  );
}

function hasFeature(result: unknown): boolean | null {
  if (!isObject(result)) return null;
  return result['value'] === 'Y' || result['value'] === true;
}

function bindingsFinding(batch: BatchAnswer, wanted: WantedBindings): Finding {
  const subject = 'bindings';
  const error = errorOf(batch, 'bindings');
  if (error !== null) return wrong(subject, `cannot be told: ${error.message}`);
  const { bind, bindNotification } = reconcileBindings(parseBindings(resultOf(batch, 'bindings')), wanted);
  const missing = [...bind, ...(bindNotification === null ? [] : ['ONOFFLINEEVENT'])];
  if (missing.length === 0) return ok(subject, `${wanted.events.length} events are bound`);
  return wrong(
    subject,
    `not bound: ${missing.join(', ')}. A running service binds them within 5 minutes; its log says bindings.refused where the portal does not let it`,
  );
}

/** Installed by a code or a refresh token, with a public address. */
function announcementsFinding(): Finding {
  return note(
    'announcements',
    "this portal's application token is not known, so what it announces is refused and it is asked every DRAIN_INTERVAL_MS: install the application again with PUBLIC_URL/bitrix24/install as its installation path",
  );
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
  return ok('queue', `${pending} pending, ${reserved} reserved, ${marked} marked as failed`);
}

function clockFinding({ batch, sentAt, answeredAt }: Answer): Finding {
  const portalMs = batch.time.start * 1000;
  // The portal read its clock at some moment between our two.
  const offMs = portalMs < sentAt ? portalMs - sentAt : portalMs > answeredAt ? portalMs - answeredAt : 0;
  const seconds = Math.round(Math.abs(offMs) / 1000);
  const text = `the portal's clock is ${seconds} s ${offMs < 0 ? 'behind' : 'ahead of'} this machine's`;
  if (seconds < CLOCK_TOLERANCE) return ok('clock', text);
  return note('clock', `${text}: delays in the metrics are wrong by as much; let this machine follow NTP`);
}

/** What the service made of the portal when it last spoke with it; whether one runs is not to be seen here. */
function serviceFinding({ state, stateReason, stateSince }: Portal): Finding {
  if (state === 'active') return ok('service', 'the portal was active when it last spoke with it');
  return note(
    'service',
    `it has the portal as ${state} since ${shortTime(stateSince) ?? ''} (${stateReason ?? 'no reason'}); it looks again by itself, a restart makes it look at once`,
  );
}
