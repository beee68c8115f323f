import { hostname } from 'node:os';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { until } from '../support/until.js';
import { Visitor } from '../support/visitor.js';
import { FAILOVER_WITHIN_MS, ReplicaSet, START_WITHIN_MS } from './replica-set.js';

jest.setTimeout(180_000);

const PASSWORD = 'correct horse battery';
const NAMES = ['p1', 'p2', 'p3', 'p4'];

describe('the dashboard of one replica', () => {
  let set: ReplicaSet;
  afterEach(() => set.close());

  it('names the replica that runs the rounds of a portal, and counts for all of them', async () => {
    set = await ReplicaSet.prepare(NAMES, {
      settings: { DASHBOARD_PASSWORD: PASSWORD },
      onEvent: (event, downstream) => {
        downstream.reply({ status: 'failed', reason: 'no such customer' }, event);
        downstream.channel.ack(event.message);
      },
    });
    await set.startAll(2, [2, 2]);
    const [first, second] = set.replicas;
    if (first === undefined || second === undefined) throw new Error('no replicas');
    const [owned, others] = [await set.ownedBy(first), await set.ownedBy(second)];
    const person = new Visitor(first.url);
    await person.logIn(PASSWORD);
    const page = async (name: string) => (await person.get(`/portals/${name}`)).body;
    const name = new RegExp(`on replica <bdi>(${hostname()}-[0-9a-f]{8})</bdi>`);
    await until('the owner', async () => name.test(await page(others[0]!)));
    const [, owner = ''] = name.exec(await page(others[0]!)) ?? [];
    const overview = (await person.get('/')).body;
    expect(overview.split(`on replica <bdi>${owner}</bdi>`)).toHaveLength(others.length + 1);
    expect(await page(owned[0]!)).not.toContain('on replica');

    set.push(1);
    await until('failures of every portal', async () =>
      /4<[^]*tile-waiting/.test(/tile-failed[^]*tile-waiting/.exec((await person.get('/')).body)?.[0] ?? ''),
    );
    // When it is gone, somebody else is named before long: here it is the one that is asked.
    second.signal('SIGKILL');
    await until(
      'no other replica',
      async () => !(await page(others[0]!)).includes('on replica'),
      FAILOVER_WITHIN_MS + START_WITHIN_MS,
    );
  });

  it('shows rate, lag and last round of portals whose rounds another replica runs, as long as it lives', async () => {
    set = await ReplicaSet.prepare(NAMES.slice(0, 2), { settings: { DASHBOARD_PASSWORD: PASSWORD } });
    await set.startAll(2, [1, 1]);
    const [first, second] = set.replicas;
    if (first === undefined || second === undefined) throw new Error('no replicas');
    const [other = ''] = await set.ownedBy(second);
    const person = new Visitor(first.url);
    await person.logIn(PASSWORD);
    const page = async () => (await person.get(`/portals/${other}`)).body;
    const fact = async (name: string) =>
      new RegExp(`<dt>${name}</dt>\\s*<dd>([^]*?)</dd>`).exec(await page())?.[1]?.trim() ?? '';
    await until('a last round', async () => (await fact('Did')) === 'nothing to do');
    expect(await page()).toContain('Chart, rates, lag and last round are what it told');
    expect(await fact('Lag, worst of the last minute')).toBe('nothing was published');

    set.push(30);
    await set.allDelivered();
    await until('a rate', async () => Number(await fact('Published a second')) > 0);
    expect(await fact('Lag, worst of the last minute')).toMatch(/^[\d.]+ m?s$/);
    // The chart leaves out the two seconds that are not over yet.
    await until('them in the chart', async () =>
      /events a second over five minutes; at most [\d.]*[1-9][\d.]* published/.test(await page()),
    );
    const overview = (await person.get('/')).body;
    expect(overview).toContain(`${other}: events a second over two minutes`);
    expect(overview).toContain('<dt>Events a second</dt>');

    // The other one is gone: what it told last does not outlive its lease, and this one sees for itself.
    second.signal('SIGKILL');
    await until(
      'no word of the other',
      async () => !/what it told|on replica/.test(await page()),
      FAILOVER_WITHIN_MS + START_WITHIN_MS,
    );
    await until('a round of its own', async () => (await fact('Did')) !== '');
  });
});
