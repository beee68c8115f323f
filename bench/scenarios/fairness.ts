import { type Figure, type Measurement, type RunContext, type Scenario } from '../scenario.js';
import { Broker } from '../support/broker.js';
import { publicAddress } from '../support/free-port.js';
import { type Portal, Portals, UNLIMITED } from '../support/portals.js';
import { Service } from '../support/service.js';
import { quantile } from '../support/statistics.js';
import { pause, until } from '../support/until.js';

const PORTALS = 1000;
const QUICK_PORTALS = 100;
const QUIET = { ratePerSecond: 2, burst: 50, serviceTimeMs: 150 };
const BUSY = 5;
const BACKLOG = 100_000;
/** Quiet portals that have changes, one after another. */
const CHANGING = 100;
const APART_MS = 50;
/** A portal notifies us of at most one change a second. */
const LEAST_TURN_MS = 2000;
const AT_REST_AFTER_MS = 90_000;

/** When the changes of quiet portals arrived; the busy ones' are only counted. */
class Watched {
  readonly at = new Map<string, number>();
  backlogged = 0;

  constructor(private readonly busy: ReadonlySet<string>) {}

  add(content: Buffer): void {
    const { subject, portal } = JSON.parse(content.toString()) as { subject: string; portal: string };
    if (this.busy.has(portal)) this.backlogged += 1;
    else this.at.set(`${portal} ${subject.split('/')[1] ?? ''}`, performance.timeOrigin + performance.now());
  }
}

/** Lets each of the portals have a change, in turn, so often. Returns the name of each of them. */
async function changeInTurn(portals: readonly Portal[], turns: number): Promise<string[]> {
  const made: Promise<string>[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const next = performance.now() + LEAST_TURN_MS;
    for (const portal of portals) {
      made.push(portal.change(1).then((object) => `${portal.name} ${object}`));
      await pause(APART_MS);
    }
    await pause(Math.max(0, next - performance.now()));
  }
  return Promise.all(made);
}

async function run({ cleanup, quick, say }: RunContext): Promise<Measurement> {
  const count = quick ? QUICK_PORTALS : PORTALS;
  const backlog = quick ? BACKLOG / 10 : BACKLOG;
  const portals = await Portals.start(cleanup);
  const quiet = await portals.addMany(count - BUSY, QUIET);
  const busy: Portal[] = [];
  for (let index = 1; index <= BUSY; index += 1) {
    busy.push(await portals.add({ name: `busy-${index}`, ...UNLIMITED }));
  }
  const broker = await Broker.open(cleanup);
  const service = await Service.start(cleanup, {
    ...broker.settings,
    ...portals.settings,
    ...(await publicAddress()),
    DATABASE_URL: await portals.installInto([...quiet, ...busy]),
    // The busy ones take whatever the process can give them.
    B24_RATE_PER_SECOND: '10000',
    B24_RATE_BURST: '100000',
  });
  await until('bindings', async () => (await portals.withRequestsUpTo(1)) === 0, { everyMs: 500 });
  // Portals that notify us of their changes are asked less and less often.
  await pause(quick ? 1000 : AT_REST_AFTER_MS);
  const watched = new Watched(new Set(busy.map(({ name }) => name)));
  await broker.consume((message) => watched.add(message.content));
  const changing = quiet.slice(0, Math.min(CHANGING, count / 5));
  const turns = quick ? 1 : 4;

  say(`${turns} changes on each of ${changing.length} of ${count} portals`);
  const [before, beforePosts] = await waits(changing, turns, watched, 0);
  say(`the same while ${BUSY} portals have ${backlog} changes each`);
  portals.supply({ portals: busy.map(({ name }) => name), each: backlog, ahead: 2000 });
  await until('the backlog to flow', () => watched.backlogged > 1000);
  const from = { at: performance.now(), count: watched.backlogged };
  const [beside, besidePosts] = await waits(changing, turns, watched, turns);
  const perSecond = ((watched.backlogged - from.count) / (performance.now() - from.at)) * 1000;
  const left = BUSY * backlog - watched.backlogged;
  const destroyed = await portals.destroyed();
  await service.stop();

  const missing = 2 * turns * changing.length - beforePosts - besidePosts;
  return {
    ratios: [],
    figures: [
      ...figuresOf('alone', before),
      ...figuresOf('beside the backlog', beside),
      { name: 'backlog: events/s meanwhile', value: perSecond, unit: 'events/s' },
      { name: 'backlog: left when the last quiet change had arrived', value: left, unit: 'events' },
      { name: 'bridge: warnings logged', value: service.complained, unit: 'lines' },
    ],
    checks: [
      { name: 'every change was notified', ok: missing === 0, found: `${missing} were not` },
      { name: 'the backlog outlasted the quiet changes', ok: quick || left > 0, found: `${left} left` },
      { name: 'no live change was destroyed', ok: destroyed === 0, found: `${destroyed} destroyed` },
    ],
  };
}

/** From each notification until a consumer had the event, ms, without the portal's own time; and how many there were. */
async function waits(
  portals: readonly Portal[],
  turns: number,
  watched: Watched,
  notifiedBefore: number,
): Promise<[number[], number]> {
  const changes = await changeInTurn(portals, turns);
  await until('every change', () => changes.every((change) => watched.at.has(change)));
  const found: number[] = [];
  for (const portal of portals) {
    const posted = (await portal.posted()).slice(notifiedBefore);
    posted.forEach(({ at }, index) => {
      const arrived = watched.at.get(`${portal.name} ${notifiedBefore + index + 1}`);
      found.push((arrived ?? Number.NaN) - at - QUIET.serviceTimeMs);
    });
  }
  return [found, found.length];
}

function figuresOf(kind: string, found: readonly number[]): Figure[] {
  return [
    { name: `${kind}: p50 above the portal's service time`, value: quantile(found, 0.5), unit: 'ms' },
    { name: `${kind}: p99 above the portal's service time`, value: quantile(found, 0.99), unit: 'ms' },
  ];
}

export const fairness: Scenario = {
  name: 'fairness',
  title: 'the quiet portals beside a few with a long backlog',
  method: [
    `${PORTALS} portals (${QUICK_PORTALS} with --quick), which notify of changes, take ${QUIET.serviceTimeMs} ms a request ` +
      `and have come to rest in ${AT_REST_AFTER_MS / 1000} s; ${CHANGING} of them have a change in turn, one every ${APART_MS} ms. Measured from the notification ` +
      "until a consumer has the event, without the portal's own time: alone, and while " +
      `${BUSY} portals without limits have ${BACKLOG} changes each and the process is as busy as it can be.`,
    'A change that is notified while a poll of its portal is under way waits for that one: one service time.',
  ],
  maxRuns: 1,
  targets: [{ figure: "beside the backlog: p99 above the portal's service time", atMost: 1000 }],
  run,
};
