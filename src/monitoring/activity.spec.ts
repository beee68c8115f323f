import { beforeEach, describe, expect, it } from '@jest/globals';
import { Activity, rateOf, SAMPLE_MS, worstLag } from './activity.js';

const START = SAMPLE_MS * 1_000_000;
const FACTS = { reserved: 0, errorRows: 0, adopted: 0, marked: 0, cleared: 0, more: null, failure: null };

describe('the activity of a portal', () => {
  let now: number;
  let activity: Activity;
  const published = () => activity.of('acme').samples.map((sample) => sample.published);

  beforeEach(() => {
    now = START;
    activity = new Activity(() => now);
  });

  it('is the last five minutes and no more, however long it goes on', () => {
    for (let span = 0; span < 400; span += 1) {
      activity.published('acme', span, 10);
      now += SAMPLE_MS;
    }
    const seen = published();
    expect(seen).toHaveLength(150);
    expect([seen[0], seen.at(-2), seen.at(-1)]).toEqual([251, 399, 0]);
    now += 1000 * SAMPLE_MS;
    expect(published().every((count) => count === 0)).toBe(true);
  });

  it('adds up within one sample, and keeps the worst lag', () => {
    activity.published('acme', 2, 500);
    activity.published('acme', 3, 100);
    activity.published('acme', 1, null);
    activity.failed('acme', 1);
    expect(activity.of('acme').samples.at(-1)).toMatchObject({ published: 6, failed: 1, lagMs: 500 });
    expect(worstLag(activity.of('acme').samples)).toBe(500);
    now += 61_000;
    expect(worstLag(activity.of('acme').samples)).toBeNull();
    expect(worstLag(activity.of('nobody').samples)).toBeNull();
  });

  it('has a rate of whole samples: what has just begun is not counted yet', () => {
    activity.published('acme', 100, 0);
    const rate = () => rateOf(activity.of('acme').samples, (sample) => sample.published);
    expect(rate()).toBe(0);
    now += SAMPLE_MS;
    expect(rate()).toBe(10);
    now += 5 * SAMPLE_MS;
    expect(rate()).toBe(0);
  });

  it('remembers what a round saw of the queue while later ones did not ask', () => {
    activity.round('acme', { ...FACTS, more: true });
    now += 1000;
    activity.round('acme', { ...FACTS, failure: 'timeout' });
    expect(activity.of('acme')).toMatchObject({
      round: { failure: 'timeout', at: START + 1000 },
      backlog: { more: true, at: START },
    });
  });

  it('is unknown again once another process runs the rounds', () => {
    activity.inFlight('acme', 7);
    activity.round('acme', FACTS);
    expect(activity.inFlightOf('acme')).toBe(7);
    activity.forget('acme');
    expect(activity.of('acme')).toMatchObject({ inFlight: null, round: null, backlog: null });
  });

  it('has a longer past too, of one portal and of all, from when it was first seen here', () => {
    now += 10 * 60_000;
    activity.published('acme', 3, 500);
    activity.failed('acme', 1);
    activity.published('globex', 4, 900);
    const last = (portal: string | null, reach: 'minutes' | 'hour' | 'day') =>
      activity.past(portal, reach).spans.at(-1);
    for (const reach of ['minutes', 'hour', 'day'] as const) {
      expect(last('acme', reach)).toEqual({ published: 3, failed: 1, lagMs: 500 });
      expect(last(null, reach)).toEqual({ published: 7, failed: 1, lagMs: 900 });
    }
    const known = (portal: string | null) =>
      activity.past(portal, 'hour').spans.filter((span) => span !== null).length;
    expect(known('acme')).toBe(1);
    expect(known(null)).toBe(11);
    expect(known('nobody')).toBe(0);
    activity.forget('acme');
    expect(known('acme')).toBe(0);
  });

  it('keeps the last twenty refused replies, the latest first, and little of each', () => {
    for (let reply = 1; reply <= 30; reply += 1) {
      activity.rejectedReply(`reason ${reply}`, Buffer.from('x'.repeat(10_000)));
    }
    const rejections = activity.rejections();
    expect(rejections).toHaveLength(20);
    expect(rejections[0]?.reason).toBe('reason 30');
    expect(rejections[0]?.excerpt.length).toBe(300);
  });
});
