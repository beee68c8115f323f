import { openDatabase } from '../../src/database/database.js';
import { type Figure, type Measurement, type RunContext, type Scenario } from '../scenario.js';
import { type Answered, askEverywhere, type ServiceAccess, type Question } from '../support/asking.js';
import { Broker } from '../support/broker.js';
import {
  CODES,
  changedAt,
  EVERY,
  fillHistory,
  objectOf,
  type PastOptions,
  portalOf,
  STEP_MS,
} from '../support/past.js';
import { type Portal, Portals } from '../support/portals.js';
import { Service } from '../support/service.js';
import { until } from '../support/until.js';

const PORTALS = 300;
const QUICK_PORTALS = 40;
const PORTAL = { ratePerSecond: 2, burst: 50, serviceTimeMs: 50, serviceTimePerRowMs: 0.1 };
const SLOW = { ...PORTAL, serviceTimeMs: 4000 };
const SLOW_PORTAL = 17;
const FAILING_PORTAL = 20;
const REASONS = 5000;
const DAY_MS = 86_400_000;
const SECRET = '0123456789abcdef'.repeat(3);
const PROXY_HEADER = 'X-Forwarded-User';
/** A reply of today, beside those of the past. */
const REASON = 'customer 471100 is unknown to the shop';
/** How long an answer may take in any way. */
const SECONDS = 60;

/** Number of a past event that was retried, of yesterday at two (UTC), or as near as the past goes back. */
function retriedYesterday({ events, until: end }: PastOptions): number {
  const day = Math.floor(end / DAY_MS) * DAY_MS;
  const back = Math.min((end - (day - DAY_MS + 14 * 3_600_000)) / STEP_MS, events / 2);
  const number = Math.round((events - back) / EVERY.retried) * EVERY.retried;
  // One that has died would do as well, but its answer would be another one.
  return number % EVERY.dead === 0 ? number - EVERY.retried : number;
}

function asked(past: PastOptions): Question[] {
  const event = retriedYesterday(past);
  const at = changedAt(event, past) * 1000;
  const portal = portalOf(event, past.portals.length);
  const name = `portal-${portal + 1}`;
  const id = `${past.portals[portal] ?? ''}-${event}-${at / 1000}`;
  const subject = `crm.deal/${objectOf(event)}`;
  const [from, to] = [at - 1_800_000, at + 1_800_000].map((time) => new Date(time).toISOString());
  const find = (words: Readonly<Record<string, string>>): Pick<Question, 'command' | 'api' | 'page'> => {
    const { q, ...others } = words;
    const fields = new URLSearchParams(words).toString();
    return {
      command: [
        'events',
        'find',
        ...(q === undefined ? [] : [q]),
        ...Object.entries(others).flatMap(([key, value]) => [`--${key}`, value]),
      ],
      api: `/events?${fields.replace('event=', 'code=')}`,
      page: `/events/all?${fields}`,
    };
  };
  const when = { from: from ?? '', to: to ?? '' };
  return [
    {
      ask: 'what became of that deal of that portal yesterday at two?',
      ...find({ q: `${name} deal ${objectOf(event)}`, ...when }),
      answer: new RegExp(`${subject}[^]*processed|processed[^]*${subject}`),
    },
    {
      ask: 'who retried it?',
      command: ['events', 'show', id],
      api: `/events/${id}`,
      page: `/events/${id}`,
      answer: /alice/,
    },
    {
      ask: 'why is portal-17 slow?',
      command: ['portals', 'check', 'portal-17'],
      // It tells states, not speeds.
      api: null,
      page: '/portals/portal-17',
      answer: /took (?:4|5|6|7|8|9|\d\d)(?:\.\d+)? s/,
    },
    {
      ask: 'what fails now, and why?',
      command: ['events', 'list'],
      api: '/events?state=failed,marked,waiting,dead',
      page: '/events',
      answer: new RegExp(REASON),
    },
    {
      ask: 'why does nothing come from portal-30?',
      command: ['portals', 'list'],
      api: '/portals/portal-30',
      page: '/portals/portal-30',
      answer: /a move of the shop/,
    },
    {
      ask: 'who has stopped it?',
      command: ['audit', '--portal', 'portal-30'],
      api: '/audit?portal=portal-30',
      page: '/audit?portal=portal-30',
      answer: /ops/,
    },
    {
      ask: 'which events failed because customer 42 was unknown?',
      ...find({ q: 'CUSTOMER 42 is unknown' }),
      answer: /клиент 42 не найден/,
    },
    { ask: 'what has died this week?', ...find({ state: 'dead' }), answer: /crm\.deal\/\d+/ },
    {
      ask: 'which tasks of that portal changed then?',
      ...find({ portal: name, event: CODES[4], ...when }),
      answer: /task/i,
    },
    {
      ask: 'does anything lie in a queue that nobody gets?',
      command: ['queues', 'look', 'unrouted'],
      api: '/queues',
      page: '/queues',
      answer: /unrouted|Nothing lies there/,
    },
  ];
}

async function run({ cleanup, quick, say }: RunContext): Promise<Measurement> {
  const events = quick ? 100_000 : 1_000_000;
  const portals = await Portals.start(cleanup);
  const all: Portal[] = [];
  for (let number = 1; number <= (quick ? QUICK_PORTALS : PORTALS); number += 1) {
    const options = number === SLOW_PORTAL ? SLOW : PORTAL;
    all.push(await portals.add({ name: `portal-${number}`, ...options }));
  }
  const broker = await Broker.open(cleanup);
  const settings = {
    ...broker.settings,
    ...portals.settings,
    DATABASE_URL: await portals.installInto(all),
    HTTP_TRUSTED_PROXIES: '127.0.0.1',
    DASHBOARD_PROXY_HEADER: PROXY_HEADER,
    API_TOKEN: `ops:operate:${SECRET}`,
  };
  const past = {
    events,
    portals: all.map(({ identity }) => identity.memberId),
    reasons: REASONS,
    until: Date.now(),
  };
  say(`${all.length} portals, ${events} events of the past`);
  const database = openDatabase(settings.DATABASE_URL);
  await fillHistory(database, past);
  await database.db.destroy();

  const service = await Service.start(cleanup, settings);
  const access: ServiceAccess = {
    url: service.address,
    secret: SECRET,
    proxyHeader: PROXY_HEADER,
    settings,
    folder: cleanup.folder(),
  };
  let failed = 0;
  await broker.consume(({ properties, fields }) => {
    if (!fields.routingKey.startsWith(`portal-${FAILING_PORTAL}.`)) return;
    failed += 1;
    broker.reply(String(properties.correlationId), { status: 'failed', reason: REASON });
  });
  const named = (number: number) => all[number - 1] as Portal;
  for (const number of [SLOW_PORTAL, FAILING_PORTAL]) await named(number).change(5);
  await pause(access, 'portal-30', 'a move of the shop');
  await until('failures of today', () => failed >= 5);
  await until('the slow portal', async () => (await portals.rowsOf(named(SLOW_PORTAL))) === 0);

  const figures: Figure[] = [];
  const unanswered: string[] = [];
  let slowest = 0;
  for (const question of asked(past)) {
    for (const { via, seconds, failure } of await askEverywhere(access, question)) {
      say(
        `${question.ask} ${via}: ${seconds.toFixed(2)} s${failure === null ? '' : `, NOT ANSWERED: ${failure}`}`,
      );
      slowest = Math.max(slowest, seconds);
      if (failure !== null) unanswered.push(`${question.ask} (${via})`);
      figures.push({ name: `${question.ask} ${VIA[via]}`, value: seconds, unit: 's' });
    }
  }
  await service.stop();
  return {
    ratios: [],
    figures: [{ name: 'slowest answer', value: slowest, unit: 's' }, ...figures],
    checks: [
      {
        name: 'every question was answered in every way',
        ok: unanswered.length === 0,
        found: unanswered.length === 0 ? `${figures.length} answers` : `not ${unanswered.join('; ')}`,
      },
    ],
  };
}

const VIA: Readonly<Record<Answered['via'], string>> = {
  command: 'At the command line',
  api: 'By the API',
  page: 'On the dashboard',
};

async function pause({ url, secret }: ServiceAccess, portal: string, reason: string): Promise<void> {
  const response = await fetch(`${url}/api/v1/portals/${portal}/pause`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ reason }),
  });
  if (!response.ok) throw new Error(`${portal} was not paused: ${await response.text()}`);
}

export const questions: Scenario = {
  name: 'questions',
  title: 'ten questions of somebody who was woken at night, to a running service',
  method: [
    `${PORTALS} portals and a million events of the past (with --quick ${QUICK_PORTALS} and a tenth) on SQLite; one portal that is ` +
      'slow, one whose events fail, one that was paused. Each question is asked of the running service by a command, by one ' +
      'request to the API and by one page of the dashboard; measured until the answer is read, which has to say what was asked.',
  ],
  targets: [{ figure: 'slowest answer', atMost: SECONDS }],
  maxRuns: 1,
  run,
};
