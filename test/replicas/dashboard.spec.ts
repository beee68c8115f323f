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
});
