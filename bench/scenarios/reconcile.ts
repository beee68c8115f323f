import { type Measurement, type RunContext, type Scenario } from '../scenario.js';
import { API_SETTINGS, callApi } from '../support/api.js';
import { Broker } from '../support/broker.js';
import { type Portal, Portals } from '../support/portals.js';
import { Service } from '../support/service.js';
import { pause, until } from '../support/until.js';

const DEAL = 2;
const OBJECTS = 100_000;
const WITHHELD = 1_000;
const QUICK_OBJECTS = 5_000;
const QUICK_WITHHELD = 100;
/** Ordinary traffic, all of it announced: so many changes every so often. */
const TRAFFIC = { changes: 5, everyMs: 200 };
const QUIET_MS = 90_000;
const QUICK_QUIET_MS = 5_000;
const PORTAL = {
  ratePerSecond: 2,
  burst: 50,
  serviceTimeMs: 150,
  serviceTimePerRowMs: 0.1,
  serviceTimePerPageMs: 2,
};
const YEAR_S = 365 * 86_400;

interface TypeView {
  readonly learnedAt: string | null;
  readonly lookedAt: string | null;
  readonly sweptAt: string | null;
  readonly suspects: number;
}

/** The first half of the objects changes all the time, with events. */
class Traffic {
  private stopped = false;
  private running: Promise<void> = Promise.resolve();
  changes = 0;

  constructor(
    private readonly control: Control,
    private readonly objects: number,
  ) {}

  start(): void {
    this.running = this.go();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async go(): Promise<void> {
    while (!this.stopped) {
      const from = 1 + Math.floor(Math.random() * (this.objects / 2));
      const ids = Array.from({ length: TRAFFIC.changes }, (_, index) => from + index);
      await this.control('change-objects', { entityTypeId: DEAL, ids });
      await this.control('add-objects', { entityTypeId: DEAL, objects: [{}] });
      this.changes += TRAFFIC.changes + 1;
      await pause(TRAFFIC.everyMs);
    }
  }
}

type Control = <T = unknown>(action: string, body: object) => Promise<T>;

/** Changes without events, a quarter of each kind. @returns what they are to be told as */
async function withhold(control: Control, objects: number, count: number): Promise<Set<string>> {
  const quarter = count / 4;
  const from = Math.floor(objects / 2) + 100;
  const range = (start: number) => Array.from({ length: quarter }, (_, index) => start + index * 3);
  const [updated, deleted] = [range(from), range(from + 1)];
  const silent = { entityTypeId: DEAL, silent: true };
  await control('change-objects', { ...silent, ids: updated });
  await control('delete-objects', { ...silent, ids: deleted });
  const made = Array.from({ length: quarter }, () => ({}));
  const added = await control<number[]>('add-objects', { ...silent, objects: made });
  const updatedTime = Math.floor(Date.now() / 1000) - YEAR_S;
  const imported = await control<number[]>('add-objects', { ...silent, updatedTime, objects: made });
  const told = (code: string, ids: readonly number[]) => ids.map((id) => `${code} crm.deal/${id}`);
  return new Set([
    ...told('ONCRMDEALUPDATE', updated),
    ...told('ONCRMDEALDELETE', deleted),
    ...told('ONCRMDEALADD', [...added, ...imported]),
  ]);
}

async function typeOf(service: Service, portal: Portal): Promise<TypeView | undefined> {
  const { types } = await callApi<{ types: TypeView[] }>(
    service,
    'GET',
    `reconciliation/portals/${portal.name}`,
  );
  return types[0];
}

/** Everything is compared once. @returns seconds */
async function compare(service: Service, portal: Portal): Promise<number> {
  const before = await typeOf(service, portal);
  const startedAt = performance.now();
  await callApi(service, 'POST', `reconciliation/portals/${portal.name}/now`);
  await until(
    'a sweep',
    async () => {
      const after = await typeOf(service, portal);
      return after?.sweptAt !== before?.sweptAt && after?.lookedAt !== before?.lookedAt;
    },
    { timeoutMs: 900_000, everyMs: 500 },
  );
  return (performance.now() - startedAt) / 1000;
}

async function run({ cleanup, quick, minutes, say }: RunContext): Promise<Measurement> {
  const objects = quick ? QUICK_OBJECTS : OBJECTS;
  const count = quick ? QUICK_WITHHELD : WITHHELD;
  const portals = await Portals.start(cleanup);
  const portal = await portals.add({ name: 'portal-1', ...PORTAL });
  const control: Control = (action, body) =>
    portals.control('POST', `portals/${portal.name}/${action}`, body);
  await control('seed-objects', { entityTypeId: DEAL, count: objects });
  const broker = await Broker.open(cleanup);
  const told = new Map<string, number>();
  let ordinary = 0;
  await broker.consume(({ content }) => {
    const event = JSON.parse(content.toString()) as { origin?: string; type: string; subject: string };
    if (event.origin !== 'reconciled') ordinary += 1;
    else {
      const what = `${event.type} ${event.subject}`;
      told.set(what, (told.get(what) ?? 0) + 1);
    }
  });
  const startedAt = performance.now();
  const service = await Service.start(cleanup, {
    ...broker.settings,
    ...portals.settings,
    DATABASE_URL: await portals.installInto([portal]),
    RECONCILE: 'crm.deal',
    RECONCILE_EVERY_MS: '20000',
    ...API_SETTINGS,
    API_RATE_PER_MINUTE: '100000',
  });
  say(`${objects} objects are learned`);
  // It listens before it knows its portals.
  await until('its portal', () =>
    service.scrape().then((figures) => figures.sum('bridge_portals_owned') === 1),
  );
  await until('everything learned', async () => (await typeOf(service, portal))?.learnedAt != null, {
    timeoutMs: 900_000,
    everyMs: 500,
  });
  const learnSeconds = (performance.now() - startedAt) / 1000;
  const traffic = new Traffic(control, objects);
  traffic.start();
  const quietMs = minutes === null ? (quick ? QUICK_QUIET_MS : QUIET_MS) : minutes * 60_000;
  say(`ordinary traffic for ${quietMs / 1000} s`);
  await pause(quietMs);
  const invented = told.size;
  const wanted = await withhold(control, objects, count);
  const withheldAt = performance.now();
  say(`${wanted.size} changes are withheld`);
  const requestsBefore = await portals.requests();
  const sweepSeconds = await compare(service, portal);
  const sweepRequests = (await portals.requests()) - requestsBefore;
  const found = () => [...wanted].filter((what) => told.has(what)).length;
  await until('all that was withheld', () => found() === wanted.size, {
    timeoutMs: 300_000,
    everyMs: 500,
  }).catch((error: unknown) => say(String(error)));
  const foundSeconds = (performance.now() - withheldAt) / 1000;
  await compare(service, portal);
  await pause(quick ? 5000 : 75_000);
  await traffic.stop();
  await service.stop();
  const twice = [...told.values()].filter((times) => times > 1).length;
  const others = [...told.keys()].filter((what) => !wanted.has(what));
  if (others.length > 0) say(`invented: ${others.slice(0, 10).join(', ')}`);
  return {
    ratios: [],
    figures: [
      { name: 'until everything is learned', value: learnSeconds, unit: 's' },
      { name: 'a sweep', value: sweepSeconds, unit: 's' },
      { name: 'requests to the portal meanwhile, rounds too', value: sweepRequests, unit: 'requests' },
      { name: 'until all that was withheld is delivered', value: foundSeconds, unit: 's' },
      { name: 'announced changes meanwhile', value: traffic.changes, unit: 'changes' },
    ],
    checks: [
      {
        name: 'everything that was withheld is found',
        ok: found() === wanted.size,
        found: `${found()} of ${wanted.size}`,
      },
      { name: 'nothing is found twice', ok: twice === 0, found: `${twice} twice` },
      {
        name: 'nothing is invented',
        ok: others.length === 0 && invented === 0,
        found: `${others.length} of ${traffic.changes} announced changes`,
      },
      { name: 'ordinary events flow on', ok: ordinary > 0, found: `${ordinary} delivered` },
    ],
  };
}

export const reconcile: Scenario = {
  name: 'reconcile',
  title: 'changes that no event announced',
  method: [
    `${OBJECTS} deals (${QUICK_OBJECTS} with --quick) of one ordinary portal, the default settings, SQLite. They are ` +
      `learned; ordinary traffic goes on from then on, ${TRAFFIC.changes + 1} announced changes every ${TRAFFIC.everyMs} ms.`,
    `Then ${WITHHELD} changes (${QUICK_WITHHELD} with --quick) are withheld at once: updates, deletes, additions, and ` +
      'additions with the date of a year ago, a quarter each. The run fails unless all of them are delivered, each once, ' +
      'and nothing else.',
  ],
  maxRuns: 1,
  run,
};
