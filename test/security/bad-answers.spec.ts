import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fault, type FaultHandle } from '../../emulator/index.js';
import { run } from '../cli/in-process.js';
import { ManyPortals } from '../outages/many-portals.js';
import { type BridgeProcess } from '../support/bridge-process.js';
import { until } from '../support/until.js';
import { portalRow } from '../support/before-install.js';
import { Watch } from '../support/watch.js';
import { inForm } from '../support/form.js';

const EVENT = 'ONCRMDEALUPDATE';
const OTHERS = ['fine', 'well'];
/** Each test spoils the answers of one of its own. */
const BAD = ['bad-1', 'bad-2', 'bad-3', 'bad-4'];
/** None is asked again by itself; and six of them three times a second would be much work for nothing. */
const SETTINGS = { PORTAL_RECHECK_MS: '600000', DRAIN_INTERVAL_MS: '1000' };
const LOOK_EVERY_MS = 100;
/** Of 120 KB each: more than the ten MiB of a page. */
const HEAVY = inForm({ full: 120, small: 90 });

/** Computed while somebody else waits. Unbounded, the first bomb takes 25 seconds and a gigabyte. */
const MOST_COMPUTED_MS = 2000;
const RSS_MB = 400;

describe('answers of one portal', () => {
  let many: ManyPortals<BridgeProcess>;
  let name: string;
  let names: readonly string[];
  const is = (bad: string) => {
    name = bad;
    names = [bad, ...OTHERS];
  };
  const attack = (fault: Omit<Fault, 'method'>): FaultHandle =>
    many.portal(name).inject({ method: 'batch', ...fault });
  const state = async () => (await many.states()).get(name);
  const row = () => portalRow(many.bridge, many.portal(name).memberId);
  const resume = () => run(many.bridge, ['portals', 'resume', name]);
  beforeAll(async () => {
    many = await ManyPortals.open([...BAD, ...OTHERS], SETTINGS, { process: true });
    many.push(3);
    await until('a quiet start', () => many.unfinished([...BAD, ...OTHERS]).length === 0);
  });
  afterAll(() => many.close());
  let watch: Watch | null = null;
  afterEach(() => void watch?.stop());

  it('however bad, harm no other, and lose nothing', async () => {
    is('bad-1');
    watch = new Watch(many.bridge.url, many.bridge.pid, LOOK_EVERY_MS);
    const kinds = inForm<readonly Fault['kind'][]>({
      full: ['gzip-bomb', 'brackets', 'exact-numbers', 'empty-blocks'],
      small: ['gzip-bomb', 'brackets'],
    });
    for (const kind of kinds) {
      // With its effects, every other time: then there are events that only the orphan scan finds.
      const fault = attack({ kind, times: 2, commit: kinds.indexOf(kind) % 2 === 0 });
      many.push(5);
      const others = () => many.unfinished(OTHERS).length === 0;
      await until(`${kind}`, () => fault.hits > 0);
      await until(`the others' events while ${kind} is about`, others, 20_000);
      await until(`its own events after ${kind}`, () => many.unfinished(names).length === 0, 60_000);
      expect(fault.hits).toBe(2);
    }
    await until('all events', () => many.unfinished(names).length === 0, 60_000);
    expect(await state()).toBe('active');
    const seen = watch.stop();
    expect(seen.asked).toBeGreaterThan(0);
    expect(seen.mostComputed).toBeLessThan(MOST_COMPUTED_MS);
    expect(seen.rssMb).toBeLessThan(RSS_MB);
    const refused = many.reasons('answer.refused', name).join('\n');
    expect(refused).toMatch(/ANSWER_TOO_LARGE/);
    expect(refused).toMatch(/has more than the 10485760 bytes/);
  }, 240_000);

  it('three times in a row suspend it, over restarts, until somebody or time brings it back', async () => {
    is('bad-2');
    const fault = attack({ kind: 'gzip-bomb', times: Infinity });
    many.push(2);
    await until('its suspension', async () => (await state()) === 'suspended');
    expect(fault.hits).toBe(3);
    expect(many.reasons('portal.state', name)[0]).toMatch(
      /^3 answers in a row .*ANSWER_TOO_LARGE.*portals resume bad-2$/,
    );
    expect(row()).toMatchObject({ state: 'suspended', bad_answers: 3 });
    // Each time it was asked for less.
    const limits = many.bridge.lines
      .filter(({ message }) => message?.event === 'answer.refused' && message['portal'] === name)
      .map(({ message }) => message['nextLimit']);
    expect(limits).toEqual([22, 1, 1]);

    await many.bridge.stop();
    many.bridge.start();
    await many.bridge.logged('replies.consuming');
    many.push(2);
    await until("the others' events", () => many.unfinished(OTHERS).length === 0);
    expect(fault.hits).toBe(3);
    expect(await state()).toBe('suspended');

    expect((await resume()).stdout).toMatch(/bad-2 .* is asked again at once/);
    await until('a request', () => fault.hits > 3);
    await until(
      'its suspension again',
      () => fault.hits === 6 && row()?.['state'] === 'suspended' && row()?.['bad_answers'] === 3,
    );
    many.portal(name).faults.clear();
    await resume();
    await until('its events', () => many.unfinished(names).length === 0);
    await until('its state', async () => (await state()) === 'active');
    expect(row()).toMatchObject({ bad_answers: 0, ask_again_at: null });
  }, 120_000);

  it('that end the process count as well: it does not begin with them again', async () => {
    is('bad-3');
    const fault = attack({ kind: 'drip', bytes: 2_000_000, times: Infinity });
    many.push(1);
    for (const bad of [1, 2, 3]) {
      await until(`large answer ${bad}`, () => row()?.['bad_answers'] === bad && fault.hits === bad);
      await many.bridge.stop('SIGKILL');
      many.bridge.start();
      await many.bridge.logged('replies.consuming');
    }
    many.push(2);
    await until("the others' events", () => many.unfinished(OTHERS).length === 0);
    await until('its state', async () => (await state()) === 'suspended');
    expect(fault.hits).toBe(3);
    expect(many.reasons('portal.state', name)[0]).toMatch(/ended the process that read it/);
  }, 120_000);

  it('that are merely large are asked for in smaller pages', async () => {
    is('bad-4');
    const before = many.delivered(name).size;
    const heavy = Array.from({ length: HEAVY }, (_, index) => ({
      FIELDS: { ID: `h${index}` },
      TEXT: `${'ж"\\'.repeat(2_000)}${'x'.repeat(108_000)}`,
      LIST: Array.from({ length: 200 }, (__, each) => [each, { each }]),
    }));
    for (const data of heavy) many.portal(name).push({ event: EVENT, data });
    many.push(3);
    const all = () =>
      many.delivered(name).size >= before + heavy.length && many.unfinished(names).length === 0;
    await until('all events', all, 120_000);
    expect(many.reasons('answer.refused', name).length).toBeGreaterThan(0);
    expect(many.reasons('portal.state', name)).toEqual([]);
    expect(row()).toMatchObject({ state: 'active', bad_answers: 0, ask_again_at: null });
  }, 180_000);
});
