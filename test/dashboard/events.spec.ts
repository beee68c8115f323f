import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { Visitor } from '../support/visitor.js';

const PASSWORD = 'correct horse battery';
const EVIL = '</code><script>alert("1")</script><img src=x onerror=alert(2)>';

describe('what people do about events', () => {
  let system: TestSystem;
  let person: Visitor;
  let mended = false;

  /** Numbers of the deliveries in a list. */
  const listed = async (path = '/events') =>
    [...(await person.get(path)).body.matchAll(/data-delivery="(\d+)"/g)].map(([, seq]) => Number(seq));
  const waiting = (count: number) =>
    until(
      `${count} that wait`,
      async () => (await listed('/events?state=waiting&state=marked')).length === count,
      60_000,
    );
  const attempts = (id: string) =>
    system.downstream.received.filter(({ objectId }) => objectId === id).map(({ attempt }) => attempt);

  beforeAll(async () => {
    system = await TestSystem.open({
      settings: { DASHBOARD_PASSWORD: PASSWORD, RETRY_MAX_ATTEMPTS: '2' },
      onEvent: (event, downstream) => {
        const fails = Number(event.objectId) >= 900 && !mended;
        if (fails) downstream.reply({ status: 'failed', reason: `${EVIL} ${event.objectId}` }, event);
        downstream.channel.ack(event.message);
      },
    });
    person = new Visitor(system.bridge.url);
    await person.logIn(PASSWORD);
    system.portal.push({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: '900', NOTE: EVIL } }, userId: '1' });
    system.push(901, 904);
    await waiting(5);
  }, 240_000);
  afterAll(() => system?.close());

  it('is told by pages in which an event says nothing but text', async () => {
    const { body } = await person.get('/events');
    expect(body).toContain('&lt;/code&gt;&lt;script&gt;');
    const [seq = 0] = await listed('/events?event=oncrmdealadd');
    const page = (await person.get(`/events/${seq}`)).body;
    expect(page).toContain('&quot;NOTE&quot;: &quot;&lt;/code&gt;');
    const search = (await person.get(`/events?q=${encodeURIComponent(`"><script>x</script>`)}`)).body;
    for (const text of [body, page, search]) {
      expect(text).not.toMatch(/<script(?![^>]*\ssrc="\/assets\/)|<img/);
    }
    const id = new RegExp(`<code>(${system.portal.memberId}-[0-9-]+)</code>`).exec(page)?.[1] ?? '';
    expect((await person.get(`/events?q=${id}`)).headers.location).toBe(`/events/${id}`);
    expect((await person.get(`/events/${id}`)).body).toContain(`number ${seq} of the ledger`);
  });

  it('finds by state, portal, code and text', async () => {
    expect(await listed('/events?q=904')).toHaveLength(1);
    expect(await listed('/events?portal=acme')).toHaveLength(5);
    expect(await listed('/events?portal=nobody')).toEqual([]);
    expect(await listed('/events?state=dead')).toEqual([]);
    expect(await listed('/events?event=ONCRMDEALADD,ONCRMDEALUPDATE')).toHaveLength(5);
    expect(await listed('/events?event=ONCRMLEADADD')).toEqual([]);
  });

  it('retries one at once, and tells what was done', async () => {
    const [seq = 0] = await listed('/events?q=901');
    const answer = await person.post('/events/retry', [
      ['only', String(seq)],
      ['back', '/events?q=901'],
    ]);
    expect([answer.status, answer.headers.location]).toEqual([303, '/events?q=901']);
    expect((await person.get('/events')).body).toMatch(/1 of 1 event due now/);
    // Its second attempt was its last.
    await until('the dead', async () => (await listed('/events?state=dead')).length === 1);
    expect(attempts('901')).toEqual([1, 2]);
    // The body is the one that the consumer has in its log.
    const [dead = 0] = await listed('/events?state=dead');
    expect((await person.get(`/events/${dead}`)).body).toContain('&quot;attempt&quot;: 2,');
    await until('the overview', async () =>
      /id="tile-dead">\s*<a[^>]*>1</.test((await person.get('/')).body),
    );
  }, 120_000);

  it('shows on the page of an event the delivery that has taken the place of a marked one', async () => {
    system.push(906, 906);
    const link = /href="(\/events\/[0-9a-f]+-\d+-\d+\?delivery=(\d+))"/;
    let address = '';
    let seq = '';
    await until('the failure', async () => {
      [, address = '', seq = ''] = link.exec((await person.get('/events?q=906')).body) ?? [];
      return address !== '';
    });
    expect((await person.get(address)).body).toContain(`number ${seq} of the ledger`);
    await until('the last attempt', async () => {
      const [now] = await listed('/events?q=906&state=marked&state=waiting');
      if (now !== undefined) await person.post('/events/retry', [['only', String(now)]]);
      return (await listed('/events?q=906&state=dead')).length === 1;
    });
    const [last = 0] = await listed('/events?q=906');
    expect(last).toBeGreaterThan(Number(seq));
    const page = await person.get(address);
    expect([page.status, page.body.includes(`number ${last} of the ledger`)]).toEqual([200, true]);
    expect(page.body).toContain('Attempts used up');
  }, 120_000);

  it('discards only what was confirmed, with the number before and after', async () => {
    await person.get('/events');
    const [seq = 0] = await listed('/events?q=902');
    const asked = await person.post('/events/confirm/discard', [
      ['seq', String(seq)],
      ['back', '/events'],
    ]);
    expect(asked.status).toBe(200);
    // A marked row is first fetched again: nothing can be done about it before.
    if (asked.body.includes('Nothing to discard')) {
      expect(await listed('/events?state=marked&q=902')).toEqual([seq]);
      await person.post('/events/retry', [['only', String(seq)]]);
      await until('it is dead', async () => (await listed('/events?state=dead&q=902')).length === 1);
    }
    const [now = 0] = await listed('/events?q=902');
    expect((await person.post('/events/confirm/discard', [['only', String(now)]])).body).toContain(
      'Discard 1 event?',
    );
    expect(await listed('/events?q=902')).toEqual([now]);
    await person.post('/events/discard', [['seq', String(now)]]);
    expect((await person.get('/events')).body).toContain('1 of 1 event discarded.');
    expect(await listed('/events?q=902')).toEqual([]);
    expect((await person.get(`/events/${now}`)).body).toContain('discarded by dashboard');
  }, 120_000);

  it('retries all that match, of those that were counted, and they are delivered', async () => {
    const before = await listed();
    const asked = await person.post('/events/confirm/retry', [['scope', 'matching']]);
    expect(asked.body).toContain(`Retry ${before.length} events?`);
    const upTo = /name="upTo"\s+value="(\d+)"/.exec(asked.body)?.[1] ?? '';
    expect(Number(upTo)).toBe(Math.max(...before));
    // One more fails meanwhile: it was not asked about.
    system.push(905, 905);
    await until(
      'the newcomer',
      async () => (await listed('/events?q=905&state=marked&state=waiting')).length === 1,
    );
    mended = true;
    const delivered = system.downstream.received.length;
    await person.post('/events/retry', [
      ['scope', 'matching'],
      ['upTo', upTo],
    ]);
    expect((await person.get('/events')).body).toContain(
      `${before.length} of ${before.length} events due now`,
    );
    await until('all but one', async () => (await listed()).length === 1);
    // They leave the list when they are confirmed, which may be before they are here.
    await until('their deliveries', () => system.downstream.received.length - delivered >= before.length);
    expect(system.downstream.received.length - delivered).toBe(before.length);
    expect(attempts('905')).toEqual([1]);
    expect(attempts('900').length).toBeGreaterThanOrEqual(2);
  }, 120_000);

  it('counts a portal’s queue when asked', async () => {
    const requests = () => system.portal.counters.perMethod['event.offline.list'] ?? 0;
    const before = requests();
    const answer = await person.post('/portals/acme/look');
    expect(answer.headers.location).toBe('/portals/acme');
    expect((await person.get('/portals/acme')).body).toMatch(
      /Counted on acme: 0 not yet fetched, \d+ marked, \d+ held/,
    );
    expect(requests()).toBeGreaterThanOrEqual(before + 3);
    expect((await person.get('/portals/nobody')).status).toBe(404);
  });

  it('says which replies were refused, and why', async () => {
    system.downstream.reply('<i>nonsense</i>');
    await until('the refusal', async () => (await person.get('/queues')).body.includes('&lt;i&gt;nonsense'));
  });
});
