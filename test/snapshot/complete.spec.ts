import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { json, run } from '../cli/in-process.js';
import { type PortalOptions } from '../../emulator/index.js';
import { type BridgeProcess } from '../support/bridge-process.js';
import { openBeforeInstall } from '../support/before-install.js';
import { type Received } from '../support/downstream.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem, type TestSystemOptions } from '../support/test-system.js';
import { until } from '../support/until.js';
import { inForm } from '../support/form.js';

interface Status {
  readonly snapshots: readonly {
    readonly snapshot: number;
    readonly state: string;
    readonly reason: string | null;
    readonly objects: number;
    readonly superseded: number;
    readonly fraction: number | null;
    readonly types: readonly { readonly type: string; readonly objects: number }[];
  }[];
}

/** Leaks a request every 50 ms, as no real portal does: what takes time is the reading. */
const FAST = { ratePerSecond: 1000, burst: 1000 };
const SETTINGS = {
  B24_RATE_PER_SECOND: '20',
  SETTLE_AFTER_MS: '600000',
  RETRY_BASE_DELAY_MS: '200',
  RETRY_MAX_DELAY_MS: '200',
  RETRY_MAX_ATTEMPTS: '3',
};
/** A page has 50 objects. */
const SIZE = inForm({ full: 1000, small: 200 });
const DEAL = 2;
const CONTACT = 3;

describe('a snapshot', () => {
  let system: TestSystem;
  /** Of the test that kills it. */
  let killed: TestSystem<BridgeProcess> | null = null;
  let own: OwnPortal;
  /** Object of the test's portal that fails whenever it comes. */
  let failing: string | null = null;
  const OPTIONS = {
    settings: SETTINGS,
    onEvent: (event, downstream) => {
      downstream.channel.ack(event.message);
      if (event.objectId === failing) downstream.reply({ status: 'failed', reason: 'out of stock' }, event);
    },
  } satisfies TestSystemOptions;
  beforeAll(async () => {
    system = await openBeforeInstall(OPTIONS);
  });
  afterEach(async () => {
    failing = null;
    await own.leave();
    await killed?.close();
    killed = null;
  });
  afterAll(() => system.close());

  const open = async (options: Partial<PortalOptions> = {}, on: TestSystem = system) => {
    own = await OwnPortal.installed(on, { ...FAST, ...options });
  };

  const start = async (...args: string[]) => {
    const { exitCode, stderr } = await run(own.system.bridge, [
      'snapshot',
      'start',
      own.portal.name,
      ...args,
    ]);
    expect([exitCode, stderr]).toEqual([0, '']);
  };
  const last = async () => {
    const [snapshot] = (await json<Status>(own.system.bridge, ['snapshot', 'status', own.portal.name]))
      .snapshots;
    if (snapshot === undefined) throw new Error('there is no snapshot');
    return snapshot;
  };
  const ofSnapshot = () => own.received.filter(({ body }) => body['origin'] === 'snapshot');
  const objects = () => ofSnapshot().filter(({ body }) => body['type'] !== 'bridge.snapshot.completed');
  const completed = () => ofSnapshot().filter(({ body }) => body['type'] === 'bridge.snapshot.completed');
  const over = () => until('its last event', () => completed().length > 0, 120_000);

  it('brings every object once, killed again and again: only what was in hand comes twice', async () => {
    killed = await openBeforeInstall({ ...OPTIONS, process: true });
    await open({ serviceTimePerPageMs: 10 }, killed);
    // Ids with gaps, a hole, and some as dense as can be.
    own.portal.objects.seed(DEAL, { count: 2 * SIZE, step: 3 });
    own.portal.objects.seed(DEAL, { count: 3 * SIZE });
    own.portal.objects.add(DEAL, {}, { silent: true, id: 400_000 });
    const hidden = [0.001, 0.14, 0.93].map((place) => own.portal.objects.index(DEAL).at(place)?.id ?? 0);
    for (const id of hidden) own.portal.objects.setReadable(DEAL, [id], false);
    const there = own.portal.objects.seed(CONTACT, { count: 300, step: 5 });
    expect(there.last - there.first).toBe(299 * 5);
    await start('--types', 'crm.deal,crm.contact');

    const distinct = () => new Set(objects().map(({ id }) => id)).size;
    const kills = inForm({ full: 6, small: 2 });
    for (let kill = 1; kill <= kills; kill += 1) {
      await until(`part ${kill}`, () => distinct() >= kill * SIZE * 0.7, 60_000);
      await killed.bridge.stop('SIGKILL');
      killed.bridge.start();
    }
    await over();

    const wanted = 5 * SIZE + 1 + 300 - hidden.length;
    const times = new Map<string, Set<string>>();
    for (const { body, id } of objects()) {
      const subject = String(body['subject']);
      times.set(subject, (times.get(subject) ?? new Set()).add(id));
    }
    expect(times.size).toBe(wanted);
    // Under one id, however often: consumers tell that it is the same.
    expect([...times.values()].filter((ids) => ids.size !== 1)).toEqual([]);
    for (const id of hidden) expect(times.has(`crm.deal/${id}`)).toBe(false);
    // What was published and not recorded when the process died.
    expect(objects().length - wanted).toBeLessThanOrEqual(kills * 600);

    expect(await last()).toMatchObject({ state: 'completed', objects: wanted, superseded: 0, fraction: 1 });
    const [end] = completed();
    expect(end?.routingKey).toBe(`${own.portal.name}.bridge.snapshot.completed`);
    expect(end?.body).toMatchObject({
      subject: 'bridge.snapshot/1',
      data: {
        data: {
          types: [
            { type: 'crm.deal', objects: wanted - 300 },
            { type: 'crm.contact', objects: 300 },
          ],
        },
      },
    });
    // No call to the portal was ever made for one of them.
    expect(own.portal.queue.marks).toBe(0);
  }, 300_000);

  /** Enough that some of them change while their page is being read. */
  const OBJECTS = inForm({ full: 1500, small: 800 });
  it('never brings an old row after a newer change or a delete of its object', async () => {
    await open({ serviceTimePerPageMs: 100 });
    own.portal.objects.seed(DEAL, { count: OBJECTS });
    await start('--types', 'crm.deal');
    await until('the first page', () => objects().length > 0);
    const alive = new Set(Array.from({ length: OBJECTS }, (_, index) => index + 1));
    while (completed().length === 0) {
      // Everywhere, also in the very pages that are being read.
      for (let count = 0; count < 20; count += 1) {
        const id = 1 + Math.floor(Math.random() * OBJECTS);
        if (count % 4 === 0 && alive.delete(id)) own.portal.objects.delete(DEAL, id);
        else if (alive.has(id)) own.portal.objects.update(DEAL, id, { title: `changed ${Date.now()}` });
      }
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    await until('what is still in the queue', () =>
      own.portal.queue.rows().every(({ PROCESS_ID }) => PROCESS_ID !== ''),
    );
    await until('every event', () => deletes().size === OBJECTS - alive.size);

    const seen = new Set<string>();
    const late: Received[] = [];
    for (const event of own.received) {
      if (event.body['type'] === 'ONCRMDEALDELETE') seen.add(event.objectId);
      else if (event.body['origin'] === 'snapshot' && seen.has(event.objectId)) late.push(event);
    }
    expect(late.map(({ objectId }) => objectId)).toEqual([]);
    // Nobody is missing: each is in the snapshot, or its own event was on its way.
    const told = own.delivered();
    expect([...alive].filter((id) => !told.has(String(id)))).toEqual([]);
    const { superseded } = await last();
    expect(superseded).toBeGreaterThan(0);
  }, 180_000);

  const deletes = () =>
    new Set(
      own.received.filter(({ body }) => body['type'] === 'ONCRMDEALDELETE').map(({ objectId }) => objectId),
    );

  it('is steered by people, reads what they asked for, under the key that they asked for', async () => {
    await open({ serviceTimePerPageMs: 500 });
    const { objects: crm } = own.portal;
    crm.seed(DEAL, { count: 1200 });
    for (let id = 1; id <= 1200; id += 1)
      crm.update(DEAL, id, { stageId: id % 2 === 0 ? 'WON' : 'NEW' }, { silent: true });
    await start(
      '--types',
      'crm.deal',
      '--filter',
      'stageId=WON',
      '--keys',
      `${own.portal.name}.crm.deal.first-load`,
    );
    const twice = await run(system.bridge, ['snapshot', 'start', own.portal.name, '--types', 'crm.deal']);
    expect([twice.exitCode, twice.stderr]).toEqual([1, expect.stringContaining('one at a time')]);
    await until('the first page', () => objects().length > 0);
    expect((await run(system.bridge, ['snapshot', 'pause', own.portal.name])).exitCode).toBe(0);
    const paused = await last();
    expect(paused.state).toBe('paused');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect((await last()).objects).toBe(paused.objects);
    expect((await run(system.bridge, ['snapshot', 'resume', own.portal.name])).exitCode).toBe(0);
    await over();
    expect(new Set(objects().map(({ objectId }) => Number(objectId) % 2))).toEqual(new Set([0]));
    expect(new Set(objects().map(({ objectId }) => objectId)).size).toBe(600);
    expect(new Set(objects().map(({ routingKey }) => routingKey))).toEqual(
      new Set([`${own.portal.name}.crm.deal.first-load`]),
    );
    const done = await run(system.bridge, ['snapshot', 'cancel', own.portal.name]);
    expect([done.exitCode, done.stderr]).toEqual([1, expect.stringContaining('completed')]);

    // What the portal refuses ends it, and says why; it can be resumed.
    crm.seed(1036, { count: 10 });
    crm.dropType(1036);
    await start('--types', 'crm.dynamic-item-1036');
    await until('it to fail', async () => (await last()).state === 'failed');
    expect((await last()).reason).toContain('crm.dynamic-item-1036');
    const failed = await run(system.bridge, ['snapshot', 'status', own.portal.name]);
    expect([failed.exitCode, failed.stdout]).toEqual([
      1,
      expect.stringContaining('failed (crm.dynamic-item-1036'),
    ]);
    expect((await run(system.bridge, ['snapshot', 'resume', own.portal.name])).exitCode).toBe(0);
    expect((await run(system.bridge, ['snapshot', 'cancel', own.portal.name])).exitCode).toBeLessThanOrEqual(
      1,
    );
    const { stdout } = await run(system.bridge, ['audit', '--portal', own.portal.name]);
    for (const action of ['started', 'paused', 'resumed']) expect(stdout).toContain(`snapshot_${action}`);
  }, 180_000);

  it('fails like any event, and is retried from the ledger: the portal is told nothing', async () => {
    await open();
    failing = '3';
    own.portal.objects.seed(DEAL, { count: 10 });
    await start('--types', 'crm.deal');
    await until('three attempts', () => objects().filter(({ objectId }) => objectId === '3').length === 3);
    const { names } = system.downstream;
    await until('its dead letter', async () => (await system.downstream.depth(names.dead)) === 1);
    expect(own.portal.queue.marks).toBe(0);
    let dead: readonly { readonly id: string }[] = [];
    // It is recorded as dead once the broker has taken the dead letter.
    await until('it to be recorded as dead', async () => {
      const list = ['events', 'list', '--state', 'dead', '--portal', own.portal.name];
      ({ events: dead } = await json<{ events: typeof dead }>(system.bridge, list));
      return dead.length > 0;
    });
    expect(dead).toMatchObject([{ origin: 'snapshot', subject: 'crm.deal/3', heldOnPortal: false }]);
    const retried = await run(system.bridge, ['events', 'retry', dead[0]?.id ?? '']);
    expect(retried.exitCode).toBe(0);
    await until('another series', () => objects().filter(({ objectId }) => objectId === '3').length === 6);
    expect(own.portal.queue.marks).toBe(0);
  }, 120_000);
});
