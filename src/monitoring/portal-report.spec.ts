import { beforeEach, describe, expect, it } from '@jest/globals';
import { Activity, type PortalActivity, SAMPLE_MS } from './activity.js';
import { readReport, writeReport } from './portal-report.js';

const START = SAMPLE_MS * 1_000_000;
const FACTS = { reserved: 0, errorRows: 0, adopted: 0, marked: 0, cleared: 0, more: null, failure: null };
/** The reader's clock says something else. */
const APART_MS = 7_000_000;
const LONGEST = 262_144;

describe('what a replica tells of its portals', () => {
  let now: number;
  let activity: Activity;
  beforeEach(() => {
    now = START;
    activity = new Activity(() => now);
  });
  const write = (...names: string[]) =>
    writeReport(
      new Map(names.map((name) => [`id-${name}`, (spans: number) => activity.of(name, spans)])),
      now,
    );
  const read = (text: string) => readReport(text, now + APART_MS);

  it('is what it shows itself, by the clock of the reader', () => {
    activity.published('acme', 40, 1234.5);
    activity.failed('acme', 10);
    activity.queueCounted('acme', { pending: 4, marked: 3, held: 2 });
    activity.round('acme', { ...FACTS, reserved: 40, more: true });
    now += SAMPLE_MS;
    activity.published('acme', 2, null);
    activity.round('acme', { ...FACTS, marked: 1, cleared: 5, failure: 'no answer' });
    activity.roundTook('acme', 4.1);
    activity.inFlight('acme', 12);
    now += SAMPLE_MS;
    const [told] = [...read(write('acme')).entries()];
    const own = activity.of('acme');
    expect(told).toEqual([
      'id-acme',
      {
        at: now + APART_MS,
        rate: 4.2,
        failureRate: 1,
        lagMs: 1235,
        activity: {
          samples: own.samples.map(({ published, failed }) => ({ published, failed, lagMs: null })),
          inFlight: null,
          round: { ...FACTS, marked: 1, cleared: 5, failure: 'no answer', at: now - SAMPLE_MS + APART_MS },
          backlog: { at: START + APART_MS, more: true },
          queueCount: { at: START + APART_MS, pending: 4, marked: 3, held: 2 },
          tookMs: 4100,
        },
      },
    ]);
  });

  it('says that nothing happened, or that nothing is known', () => {
    activity.round('idle', { ...FACTS, more: false });
    now += 400_000;
    const reports = read(write('idle', 'new'));
    const at = START + APART_MS;
    expect(reports.get('id-idle')).toMatchObject({ rate: 0, failureRate: 0, lagMs: null });
    expect(reports.get('id-idle')?.activity).toMatchObject({
      round: { at, more: false, failure: null },
      backlog: { at, more: false },
    });
    expect(reports.get('id-idle')?.activity.samples).toHaveLength(150);
    expect(reports.get('id-new')?.activity).toMatchObject({ round: null, backlog: null, queueCount: null });
  });

  it('has the figures of a thousand busy portals, and charts of as many as there is room for', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `portal-of-some-length-${index}`);
    // Ten of them at work are enough for what a thousand have to tell.
    const busy = names.slice(0, 10);
    for (let span = 0; span < 150; span += 1) {
      for (const name of busy) activity.published(name, 400, 800);
      now += SAMPLE_MS;
    }
    for (const name of busy) activity.round(name, { ...FACTS, reserved: 400, cleared: 380, more: true });
    const told = (index: number) => (spans: number) => activity.of(busy[index % busy.length] ?? '', spans);
    const text = writeReport(new Map(names.map((name, index) => [`id-${name}`, told(index)])), now);
    expect(text.length).toBeLessThanOrEqual(LONGEST);
    const reports = [...read(text).values()];
    expect(reports).toHaveLength(1000);
    expect(reports.every(({ rate, lagMs }) => rate === 200 && lagMs === 800)).toBe(true);
    const charts = reports.filter(({ activity: { samples } }) => samples.length > 0).length;
    expect(charts).toBeGreaterThan(10);
    expect(charts).toBeLessThan(1000);
  });

  it('stays within its bounds where not even the figures have room, and however long a failure is', () => {
    const failing: PortalActivity = {
      ...activity.of('none'),
      round: { ...FACTS, at: now, failure: '\u0000'.repeat(5000) },
    };
    const portals = new Map(Array.from({ length: 5000 }, (_, index) => [`id-${index}`, () => failing]));
    const text = writeReport(portals, now);
    expect(text.length).toBeLessThanOrEqual(LONGEST);
    // PostgreSQL takes every character but this one.
    expect(text).not.toContain('\u0000');
    expect(read(text).size).toBeGreaterThan(100);
  });

  it.each([
    '',
    'no JSON',
    'null',
    '[]',
    '{"form":1}',
    '{"form":1,"portals":[1]}',
    '{"form":2,"portals":{"m1":{}}}',
    '{"form":1,"portals":{"m1":null}}',
    '{"form":1,"portals":{"m1":{"rate":-1}}}',
    '{"form":1,"portals":{"m1":{"lagMs":"12"}}}',
    '{"form":1,"portals":{"m1":{"round":[1,2]}}}',
    '{"form":1,"portals":{"m1":{"round":[1e300,0,0,0,0,0]}}}',
    '{"form":1,"portals":{"m1":{"round":[1,0,0,0,0,0],"failure":7}}}',
    '{"form":1,"portals":{"m1":{"queueCount":{"at":1}}}}',
    '{"form":1,"portals":{"m1":{"published":[1,null]}}}',
  ])('is nothing where it makes no sense: %s', (text) => {
    expect(read(text).size).toBe(0);
  });

  it('counts for the other portals where that of one makes no sense', () => {
    expect([...read('{"form":1,"portals":{"m1":{"rate":-1},"m2":{"rate":2}}}').keys()]).toEqual(['m2']);
  });
});
