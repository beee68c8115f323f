import { afterEach, describe, expect, it } from '@jest/globals';
import { type Fault, type FaultHandle } from '../../emulator/index.js';
import { run } from '../cli/command-line.js';
import { ManyPortals } from '../outages/many-portals.js';
import { until } from '../support/until.js';
import { portalRow } from '../support/before-install.js';
import { Watch } from '../support/watch.js';
import { inForm } from '../support/form.js';

const EVENT = 'ONCRMDEALUPDATE';
const OTHERS = ['fine', 'well'];
const NAMES = ['bad', ...OTHERS];
const RECHECK_MS = 1000;

/** Computed while somebody else waits. Unbounded, the first bomb takes 25 seconds and a gigabyte. */
const MOST_COMPUTED_MS = 2000;
const RSS_MB = 400;

describe('answers of one portal', () => {
  let many: ManyPortals;
  const attack = (fault: Omit<Fault, 'method'>): FaultHandle =>
    many.portal('bad').inject({ method: 'batch', ...fault });
  const state = async (name: string) => (await many.states()).get(name);
  const row = () => portalRow(many.bridge, many.portal('bad').memberId);
  const command = (args: readonly string[]) => run(many.bridge, args);
  const open = async (settings: Record<string, string> = {}) => {
    many = await ManyPortals.open(NAMES, { PORTAL_RECHECK_MS: String(RECHECK_MS), ...settings });
    many.push(3);
    await until('a quiet start', () => many.unfinished(NAMES).length === 0);
  };
  const events = (portal: string, ...data: unknown[]) => {
    for (const each of data) many.portal(portal).push({ event: EVENT, data: each });
  };
  let watch: Watch | null = null;
  afterEach(async () => {
    watch?.stop();
    await many.close();
  });

  it('however bad, harm no other, and lose nothing', async () => {
    await open();
    watch = new Watch(many.bridge.url, many.bridge.pid);
    const kinds = inForm<readonly Fault['kind'][]>({
      full: ['gzip-bomb', 'brackets', 'exact-numbers', 'empty-blocks'],
      small: ['gzip-bomb', 'brackets'],
    });
    for (const kind of kinds) {
      // With its effects, every other time: then there are events that only the sweep finds.
      const fault = attack({ kind, times: 2, commit: kinds.indexOf(kind) % 2 === 0 });
      many.push(5);
      const others = () => many.unfinished(OTHERS).length === 0;
      await until(`${kind}`, () => fault.hits > 0);
      await until(`the others' events while ${kind} is about`, others, 20_000);
      await until(`its own events after ${kind}`, () => many.unfinished(NAMES).length === 0, 60_000);
      expect(fault.hits).toBe(2);
    }
    await until('all events', () => many.unfinished(NAMES).length === 0, 60_000);
    expect(await state('bad')).toBe('active');
    const seen = watch.stop();
    expect(seen.asked).toBeGreaterThan(0);
    expect(seen.mostComputed).toBeLessThan(MOST_COMPUTED_MS);
    expect(seen.rssMb).toBeLessThan(RSS_MB);
    const refused = many.reasons('answer.refused', 'bad').join('\n');
    expect(refused).toMatch(/ANSWER_TOO_LARGE/);
    expect(refused).toMatch(/has more than the 10485760 bytes/);
  }, 240_000);

  it('three times in a row suspend it, over restarts, until somebody or time brings it back', async () => {
    const rests = { PORTAL_RECHECK_MS: '600000' };
    await open(rests);
    const fault = attack({ kind: 'gzip-bomb', times: Infinity });
    many.push(2);
    await until('its suspension', async () => (await state('bad')) === 'suspended');
    expect(fault.hits).toBe(3);
    expect(many.reasons('portal.state', 'bad')[0]).toMatch(
      /^3 answers in a row .*ANSWER_TOO_LARGE.*portals resume bad$/,
    );
    expect(row()).toMatchObject({ state: 'suspended', bad_answers: 3 });
    // Each time it was asked for less.
    const limits = many.bridge.lines
      .filter(({ message }) => message?.event === 'answer.refused')
      .map(({ message }) => message['nextLimit']);
    expect(limits).toEqual([22, 1, 1]);

    await many.bridge.stop();
    many.bridge.start();
    await many.bridge.logged('replies.consuming');
    many.push(2);
    await until("the others' events", () => many.unfinished(OTHERS).length === 0);
    expect(fault.hits).toBe(3);
    expect(await state('bad')).toBe('suspended');

    const resume = await command(['portals', 'resume', 'bad']);
    expect(resume.stdout).toMatch(/bad .* is asked again at once/);
    await until('a request', () => fault.hits > 3);
    await until(
      'its suspension again',
      () => fault.hits === 6 && row()?.['state'] === 'suspended' && row()?.['bad_answers'] === 3,
    );
    many.portal('bad').faults.clear();
    await command(['portals', 'resume', 'bad']);
    await until('its events', () => many.unfinished(NAMES).length === 0);
    await until('its state', async () => (await state('bad')) === 'active');
    expect(row()).toMatchObject({ bad_answers: 0, ask_again_at: null });
  }, 120_000);

  it('that end the process count as well: it does not begin with them again', async () => {
    await open({ PORTAL_RECHECK_MS: '600000' });
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
    await until('its state', async () => (await state('bad')) === 'suspended');
    expect(fault.hits).toBe(3);
    expect(many.reasons('portal.state', 'bad')[0]).toMatch(/ended the process that read it/);
  }, 120_000);

  it('that are merely large are asked for in smaller pages', async () => {
    await open();
    const heavy = Array.from({ length: 120 }, (_, index) => ({
      FIELDS: { ID: `h${index}` },
      TEXT: 'ж"\\'.repeat(20_000),
      LIST: Array.from({ length: 200 }, (__, each) => [each, { each }]),
    }));
    events('bad', ...heavy);
    many.push(3);
    const all = () => many.delivered('bad').size >= heavy.length && many.unfinished(NAMES).length === 0;
    await until('all events', all, 120_000);
    expect(many.reasons('answer.refused', 'bad').length).toBeGreaterThan(0);
    expect(many.reasons('portal.state', 'bad')).toEqual([]);
    expect(row()).toMatchObject({ state: 'active', bad_answers: 0, ask_again_at: null });
  }, 180_000);
});
