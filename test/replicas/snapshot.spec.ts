import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { json, run } from '../cli/command-line.js';
import { until } from '../support/until.js';
import { FAILOVER_WITHIN_MS, ReplicaSet } from './replica-set.js';

jest.setTimeout(240_000);

const DEAL = 2;

describe('a snapshot of a portal that replicas share', () => {
  let set: ReplicaSet;
  afterEach(() => set.close());

  it('is read by the owner, and gone on with by the next one: each object once', async () => {
    set = await ReplicaSet.prepare(['p1'], { settings: { SETTLE_AFTER_MS: '600000' } });
    await set.startAll(1, [1]);
    // It takes the portal over when the first one is gone.
    await set.start().logged('http.listening');
    const [portal] = set.portals();
    portal?.objects.seed(DEAL, { count: 4000, step: 2 });
    const told = () => set.downstream.received.filter(({ body }) => body['type'] === 'crm.deal.snapshot');
    const distinct = () => new Set(told().map(({ id }) => id)).size;
    const [anyReplica] = set.replicas;
    if (anyReplica === undefined) throw new Error('no replica');
    expect((await run(anyReplica, ['snapshot', 'start', 'p1', '--types', 'crm.deal'])).exitCode).toBe(0);
    await until('a part', () => distinct() > 500, 60_000);
    const owner = await ownerOf(set);
    await owner.stop('SIGKILL');
    await until('more, by the other one', () => distinct() > 1500, FAILOVER_WITHIN_MS + 60_000);
    const other = set.replicas.find((replica) => replica !== owner);
    expect(other?.find('snapshot.begun')).toBeUndefined();
    await other?.logged('snapshot.completed', 120_000);
    await until('its last event', () =>
      set.downstream.received.some(({ body }) => body['type'] === 'bridge.snapshot.completed'),
    );
    expect(distinct()).toBe(4000);
    expect(new Set(told().map(({ objectId }) => objectId)).size).toBe(4000);
    // What the one that was killed had published and not recorded.
    expect(told().length - 4000).toBeLessThanOrEqual(600);
    const { snapshots } = await json<{ snapshots: { state: string; objects: number }[] }>(anyReplica, [
      'snapshot',
      'status',
      'p1',
    ]);
    expect(snapshots).toMatchObject([{ state: 'completed', objects: 4000, superseded: 0 }]);
  });

  async function ownerOf({ replicas }: ReplicaSet) {
    for (const replica of replicas) if ((await set.ownedBy(replica)).length > 0) return replica;
    throw new Error('nobody owns the portal');
  }
});
