import { type Measurement, type RunContext, type Scenario } from '../scenario.js';
import { Broker } from '../support/broker.js';
import { Portals, UNLIMITED } from '../support/portals.js';
import { Service } from '../support/service.js';
import { rateBetween, type Sample } from '../support/statistics.js';
import { until } from '../support/until.js';

const EVENTS = 60_000;
const QUICK_EVENTS = 20_000;
/** The first tenth warms everything up and is not measured. */
const MEASURED_FROM = 0.1;
const REFUSED_KEY = '*.crm.lead.update';

interface Drained {
  /** Events a second that no queue refuses. */
  readonly perSecond: number;
  /** Messages that the healthy queue got of each refused event, the first included. */
  readonly copies: number;
  readonly destroyed: number;
}

/** One portal, every second event of which goes to a queue that is full, or (`refusing` false) to none that is. */
async function drain({ cleanup }: RunContext, events: number, refusing: boolean): Promise<Drained> {
  const portals = await Portals.start(cleanup);
  const portal = await portals.add({ name: refusing ? 'refused' : 'well', ...UNLIMITED });
  const broker = await Broker.open(cleanup);
  if (refusing) await broker.fullQueue(REFUSED_KEY);
  await portal.change(events, (object) => (object % 2 === 0 ? 'ONCRMDEALUPDATE' : 'ONCRMLEADUPDATE'));
  const deals = new Set<string>();
  const leads = new Set<string>();
  const samples: Sample[] = [];
  let copies = 0;
  await broker.consume(({ fields, properties }) => {
    const ofDeal = fields.routingKey.includes('.deal.');
    (ofDeal ? deals : leads).add(String(properties.messageId));
    if (ofDeal) samples.push({ at: performance.now(), count: deals.size });
    else copies += 1;
  });
  const service = await Service.start(cleanup, {
    ...broker.settings,
    ...portals.settings,
    DATABASE_URL: await portals.installInto([portal]),
    B24_RATE_PER_SECOND: '10000',
    B24_RATE_BURST: '100000',
    // Short, so that settling and clearing belong to what is measured.
    SETTLE_AFTER_MS: '1000',
  });
  await until('every event at the healthy queue', () => deals.size + leads.size >= events, {
    timeoutMs: 300_000,
  });
  const destroyed = await portals.destroyed();
  await service.stop();
  return {
    perSecond: rateBetween(samples, deals.size, MEASURED_FROM, 1),
    copies: copies / leads.size,
    destroyed,
  };
}

async function run(context: RunContext): Promise<Measurement> {
  const events = context.quick ? QUICK_EVENTS : EVENTS;
  context.say(`${events} changes, and every queue takes them`);
  const well = await drain(context, events, false);
  context.say(`${events} changes, every second of which one queue of two refuses`);
  const refused = await drain(context, events, true);
  return {
    ratios: [
      {
        name: 'events/s of the others, one queue refuses ÷ none does',
        value: refused.perSecond / well.perSecond,
        unit: '×',
      },
    ],
    figures: [
      { name: 'events/s of the others, no queue refuses', value: well.perSecond, unit: 'events/s' },
      { name: 'events/s of the others, one queue refuses', value: refused.perSecond, unit: 'events/s' },
      { name: 'copies of a refused event at the healthy queue', value: refused.copies, unit: 'copies' },
    ],
    checks: [
      {
        name: 'no live change was destroyed',
        ok: well.destroyed + refused.destroyed === 0,
        found: `${well.destroyed + refused.destroyed} destroyed`,
      },
    ],
  };
}

export const refusingQueue: Scenario = {
  name: 'refusing-queue',
  title: 'one portal, and a queue that refuses every second event',
  method: [
    'A portal without limits and a healthy queue that gets every event, on SQLite. First alone, then beside a full ' +
      'queue (x-overflow: reject-publish) bound for every second event. Measured are the events that nobody refuses, ' +
      'from the first tenth of them on, until the healthy queue has all.',
  ],
  targets: [
    { figure: 'events/s of the others, one queue refuses ÷ none does', atLeast: 0.9 },
    { figure: 'copies of a refused event at the healthy queue', atMost: 1.1 },
  ],
  run,
};
