import { expect, it } from '@jest/globals';
import {
  advanceSnapshot,
  completeSnapshot,
  failSnapshot,
  noteMaxIds,
  SnapshotNotOurs,
} from '../../src/ledger/snapshots/advance-snapshot.js';
import { Snapshots } from '../../src/ledger/snapshots/snapshots.js';
import { type SnapshotWanted } from '../../src/ledger/snapshots/start-snapshot.js';
import { MEMBER, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

const wanted = (more: Partial<SnapshotWanted> = {}): SnapshotWanted => ({
  memberId: MEMBER,
  types: [
    { name: 'crm.deal', entityTypeId: 2 },
    { name: 'crm.contact', entityTypeId: 3 },
  ],
  filter: { stageId: 'WON' },
  routingKey: 'acme.crm.deal.first-load',
  askedBy: 'anna',
  ...more,
});

onEveryDatabase('snapshots', (open) => {
  const bench = () => {
    const clock = { now: START };
    const snapshots = new Snapshots(open(), () => clock.now);
    const write = (work: Parameters<ReturnType<typeof open>['transact']>[0]) => open().transact(work);
    return { clock, snapshots, write };
  };
  const started = async ({ snapshots }: ReturnType<typeof bench>, more = {}) => {
    const no = await snapshots.start(wanted(more));
    if (no === null) throw new Error('not started');
    return no;
  };

  it('are written down as they were asked for, one at a time of a portal', async () => {
    const all = bench();
    const { snapshots } = all;
    const no = await started(all);
    expect(await Promise.all([snapshots.start(wanted()), snapshots.start(wanted())])).toEqual([null, null]);
    expect(await started(all, { memberId: 'other' })).toBeGreaterThan(no);
    expect(await snapshots.list(MEMBER)).toEqual([
      {
        no,
        memberId: MEMBER,
        state: 'running',
        reason: null,
        filter: { stageId: 'WON' },
        routingKey: 'acme.crm.deal.first-load',
        askedBy: 'anna',
        createdAt: START,
        resumedAt: START,
        ranMs: 0,
        finishedAt: null,
        progressedAt: START,
        types: [
          {
            ordinal: 0,
            name: 'crm.deal',
            entityTypeId: 2,
            afterId: 0,
            maxId: null,
            objects: 0,
            superseded: 0,
          },
          {
            ordinal: 1,
            name: 'crm.contact',
            entityTypeId: 3,
            afterId: 0,
            maxId: null,
            objects: 0,
            superseded: 0,
          },
        ],
      },
    ]);
    expect((await snapshots.runningPortals()).sort()).toEqual([MEMBER, 'other'].sort());
  });

  it('are gone on with only from where they stand, and only while they run', async () => {
    const all = bench();
    const { clock, snapshots, write } = all;
    const no = await started(all);
    await write((tx) =>
      noteMaxIds(
        tx,
        no,
        new Map([
          [0, 9_007_199_254_740_000],
          [1, 0],
        ]),
        clock.now,
      ),
    );
    const page = { no, ordinal: 0, from: 0, upTo: 50, objects: 30, superseded: 2 };
    await write((tx) => advanceSnapshot(tx, page, (clock.now += 1000)));
    // What another process, or this one before it was killed, has written already.
    await expect(write((tx) => advanceSnapshot(tx, page, clock.now))).rejects.toThrow(SnapshotNotOurs);
    expect(await snapshots.steer(no, 'pause')).toBe(true);
    await expect(
      write((tx) => advanceSnapshot(tx, { ...page, from: 50, upTo: 99 }, clock.now)),
    ).rejects.toThrow(SnapshotNotOurs);
    expect(await snapshots.running(MEMBER)).toBeNull();
    expect(await snapshots.runningPortals()).toEqual([]);
    clock.now += 500_000;
    expect(await snapshots.steer(no, 'resume')).toBe(true);
    clock.now += 2000;
    await write((tx) => completeSnapshot(tx, no, clock.now));
    expect(await snapshots.find(no)).toMatchObject({
      state: 'completed',
      // Without the time of the pause.
      ranMs: 3000,
      finishedAt: clock.now,
      types: [
        { afterId: 50, maxId: 9_007_199_254_740_000, objects: 30, superseded: 2 },
        { afterId: 0, maxId: 0 },
      ],
    });
    for (const steering of ['pause', 'resume', 'cancel'] as const)
      expect(await snapshots.steer(no, steering)).toBe(false);
    await expect(write((tx) => failSnapshot(tx, no, 'why', clock.now))).rejects.toThrow(SnapshotNotOurs);
  });

  it('that have failed are resumed where no other one is under way', async () => {
    const all = bench();
    const { clock, snapshots, write } = all;
    const no = await started(all);
    await write((tx) => failSnapshot(tx, no, 'crm.deal: ACCESS_DENIED', clock.now));
    expect(await snapshots.find(no)).toMatchObject({ state: 'failed', reason: 'crm.deal: ACCESS_DENIED' });
    const next = await started(all);
    expect(await snapshots.steer(no, 'resume')).toBe(false);
    expect(await snapshots.steer(next, 'cancel')).toBe(true);
    expect(await snapshots.steer(no, 'resume')).toBe(true);
    expect(await snapshots.running(MEMBER)).toMatchObject({ no, reason: null });
  });
});
