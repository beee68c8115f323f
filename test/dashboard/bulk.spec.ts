import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { Visitor } from '../support/visitor.js';

const PASSWORD = 'correct horse battery';
const UNKNOWN = 'customer 42 is unknown';
const TRACEBACK = 'line one\nline two & 100 %';

describe('work on many events', () => {
  let system: TestSystem;
  let person: Visitor;

  const text = async (path: string) => (await person.get(path)).body.replace(/<[^>]+>|\s+/g, ' ');
  /** The events in a list, in its order. */
  const listed = (body: string) => [...body.matchAll(/data-key="([^"]+)"/g)].map(([, id]) => id ?? '');

  beforeAll(async () => {
    system = await TestSystem.open({
      settings: { DASHBOARD_PASSWORD: PASSWORD, RETRY_BY_HAND_PER_SECOND: '1' },
      onEvent: (event, downstream) => {
        const reason = event.objectId === '30' ? TRACEBACK : UNKNOWN;
        downstream.reply({ status: 'failed', reason }, event);
        downstream.channel.ack(event.message);
      },
    });
    person = new Visitor(system.bridge.url);
    await person.logIn(PASSWORD);
    system.push(1, 30);
    await until('thirty marked ones', async () =>
      (await person.get('/events')).body.includes('30 events: 30 marked'),
    );
  }, 240_000);
  afterAll(() => system?.close());

  it('is listed by reason, with how many events and portals each has', async () => {
    const { body } = await person.get('/events?group=reason');
    const rows = [...body.matchAll(/<th scope="row">.*?<\/tr>/gs)].map(([row]) =>
      row.replace(/<[^>]+>|\s+/g, ' ').replace(/\s+/g, ' '),
    );
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatch(/customer 42 is unknown 29 1 .* Retry 29/);
    expect(rows[1]).toMatch(/line one line two &amp; 100 % 1 1 .* Retry 1/);
    const links = [...body.matchAll(/href="(\/events\?reason=[^"]+)"/g)].map(([, href]) => href ?? '');
    const counts = await Promise.all(links.map(async (href) => listed((await person.get(href)).body).length));
    expect(counts).toEqual([29, 1]);
  });

  it('has one button for a group, which asks first and leaves the others alone', async () => {
    await person.get('/events?group=reason');
    const asked = await person.post('/events/confirm/retry', [['ofReason', encodeURIComponent(TRACEBACK)]]);
    expect(asked.body).toContain('Retry 1 event?');
    const [form = ''] = /action="\/events\/retry".*?<\/form>/s.exec(asked.body) ?? [];
    const fields = [...form.matchAll(/type="hidden"\s+name="(\w+)"\s+value="([^"]*)"/g)]
      .map(([, name = '', value = '']): [string, string] => [name, value])
      .filter(([name]) => name !== 'formToken');
    expect(Object.fromEntries(fields)).toMatchObject({
      reason: encodeURIComponent(TRACEBACK),
      scope: 'matching',
    });
    await person.post('/events/retry', fields);
    expect(await text('/events')).toContain('1 of 1 event due now');
    await until('its second attempt', () =>
      system.downstream.received.some(({ objectId, attempt }) => objectId === '30' && attempt === 2),
    );
    expect(system.downstream.received.filter(({ attempt }) => attempt === 2)).toHaveLength(1);
  });

  it('is done at its pace, tells how far it is, and ends when it is stopped', async () => {
    await person.get('/events');
    await person.post('/events/retry', [
      ['scope', 'matching'],
      ['reason', encodeURIComponent(UNKNOWN)],
    ]);
    const { body } = await person.get('/events');
    expect(body.replace(/<[^>]+>|\s+/g, ' ')).toMatch(/\d+ of 29 events due now\..*\d follows?/);
    expect(body).toMatch(/<progress\s+max="29"/);
    expect(body.replace(/<[^>]+>|\s+/g, ' ')).toMatch(/to go, 1 a second/);
    const [, stop = ''] = /action="(\/events\/tasks\/[^"]+\/stop)"/.exec(body) ?? [];
    await person.post(stop);
    expect(await text('/events')).toContain('Stopped: what was done stays done');
    const after = await text('/events');
    const [, done, left] = /(\d+) done, stopped by\s+dashboard\s*; (\d+) not done/.exec(after) ?? [];
    expect(Number(done) + Number(left)).toBe(29);
    expect(after).not.toContain('to go');
    await person.post(stop);
    expect(await text('/events')).toContain('It had ended before.');
    expect((await person.post('/events/tasks/nothing/stop')).status).toBe(303);
  });

  it('keeps the rows that somebody works with where they are, and tells how many newer ones wait', async () => {
    const rows = listed((await person.get('/events')).body);
    const kept = [rows[4] ?? '', rows[1] ?? ''];
    const working = new Visitor(system.bridge.url, '127.0.0.1', {
      'x-live': '1',
      'x-live-rows': `event-rows=0-0:${kept.join(',')}`,
    });
    await working.logIn(PASSWORD);
    const { body } = await working.get('/events');
    expect(listed(body)).toEqual(kept);
    expect(body.replace(/<[^>]+>|\s+/g, ' ')).toMatch(/Show \d+ new/);
    // What has left the list stays until nobody works with it, without its buttons.
    const left = await working.get('/events?state=dead');
    expect(listed(left.body)).toEqual(kept);
    expect(left.body.match(/no longer in this list/g)).toHaveLength(2);
    expect(left.body).not.toContain('name="only"');
  });
});
