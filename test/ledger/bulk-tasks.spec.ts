import { expect, it } from '@jest/globals';
import { remainingOf } from '../../src/ledger/bulk-task.js';
import { BulkTasks } from '../../src/ledger/bulk-tasks.js';
import { bulkWork } from '../../src/maintenance/bulk-work.js';
import { LedgerBench, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

onEveryDatabase('what is asked to be done to many deliveries', (open) => {
  const setUp = async (perSecond = 100) => {
    for (const table of ['bulk_tasks', 'bulk_task_deliveries'] as const) {
      await open().db.deleteFrom(table).execute();
    }
    const bench = new LedgerBench(open);
    const policy = { ...SETTINGS, RETRY_BY_HAND_PER_SECOND: perSecond };
    const tasks = new BulkTasks(open(), policy, () => bench.now);
    const putDead = (count: number) =>
      bench.put(
        ...Array.from({ length: count }, (_, index) => ({ message: `m${index}`, state: 'dead' as const })),
      );
    const due = async () =>
      (await bench.all()).filter(({ state }) => state === 'waiting').map(({ message_id: id }) => id).length;
    return { bench, tasks, putDead, due };
  };

  it('retries thousands at the pace that is set, however often and late it is run, and then says how it ended', async () => {
    const { bench, tasks, putDead, due } = await setUp(100);
    const seqs = await putDead(250);
    const id = await tasks.create('retry', seqs, 'ann', 'customer 42 is unknown');
    expect(await tasks.find(id)).toMatchObject({ total: 250, done: 0, finishedAt: null, by: 'ann' });
    expect(await tasks.runSlice('discard')).toBeNull();
    // One second's worth at once, whatever runs it how often.
    expect((await tasks.runSlice('retry'))?.length).toBe(100);
    expect(await tasks.runSlice('retry')).toEqual([]);
    expect(await due()).toBe(100);
    bench.now += 500;
    const other = new BulkTasks(open(), { ...SETTINGS, RETRY_BY_HAND_PER_SECOND: 100 }, () => bench.now);
    expect((await other.runSlice('retry'))?.length).toBe(50);
    expect(await tasks.runSlice('retry')).toEqual([]);
    // A runner that slept makes up for two seconds, not for all.
    bench.now += 60_000;
    expect((await tasks.runSlice('retry'))?.length).toBe(100);
    expect(await tasks.find(id)).toMatchObject({ done: 250, gone: 0, left: {}, finishedAt: bench.now });
    expect(await tasks.runSlice('retry')).toBeNull();
    expect(await due()).toBe(250);
  });

  it('spaces what is marked on its portal from the start: a round fetches all of it at once', async () => {
    const { bench, tasks } = await setUp(2);
    const seqs = await bench.put(
      ...Array.from({ length: 5 }, (_, index) => ({
        message: `m${index}`,
        state: 'marked' as const,
        dueAt: START + 600_000,
      })),
    );
    const id = await tasks.create('retry', seqs, 'ann', '');
    expect((await bench.all()).map(({ due_at: dueAt }) => dueAt)).toEqual(
      [0, 0, 1000, 1000, 2000].map((ms) => START + ms),
    );
    expect((await tasks.runSlice('retry'))?.length).toBe(2);
    // Other deliveries have taken their places, at the same times.
    await open().db.deleteFrom('deliveries').execute();
    bench.now += 2000;
    await tasks.runSlice('retry');
    expect(await tasks.find(id)).toMatchObject({ done: 5, gone: 0, finishedAt: bench.now });
  });

  it('leaves alone what has gone on meanwhile, and says how many and why', async () => {
    const { bench, tasks, putDead } = await setUp(1000);
    const seqs = await putDead(10);
    const id = await tasks.create('retry', [...seqs, 999_999_999], 'ann', '');
    await open()
      .db.updateTable('deliveries')
      .set({ state: 'published' })
      .where('seq', 'in', seqs.slice(0, 3))
      .execute();
    await tasks.runSlice('retry');
    const task = await tasks.find(id);
    expect(task).toMatchObject({
      total: 11,
      done: 7,
      gone: 1,
      left: { published: 3 },
      finishedAt: bench.now,
    });
    expect(task === null ? null : remainingOf(task)).toBe(0);
  });

  it('takes one after the other, a discard beside a retry', async () => {
    const { bench, tasks, putDead } = await setUp(2);
    const seqs = await putDead(12);
    const first = await tasks.create('retry', seqs.slice(0, 3), 'ann', '');
    bench.now += 1;
    const second = await tasks.create('retry', seqs.slice(3, 6), 'bob', '');
    const third = await tasks.create('discard', seqs.slice(6), 'eve', '');
    expect(await tasks.runSlice('retry')).toEqual(seqs.slice(0, 2));
    expect(await tasks.runSlice('discard')).toEqual(seqs.slice(6));
    bench.now += 1000;
    expect(await tasks.runSlice('retry')).toEqual([seqs[2]]);
    expect(await tasks.find(first)).toMatchObject({ done: 3, finishedAt: bench.now });
    expect((await tasks.runSlice('retry'))?.length).toBeGreaterThan(0);
    expect(await tasks.find(second)).toMatchObject({ finishedAt: null });
    expect(await tasks.find(third)).toMatchObject({ done: 6, finishedAt: START + 1 });
    expect((await bench.get('m11')).reason).toMatch(/^discarded by eve/);
  });

  it('ends when somebody stops it: what had its turn stays done, the rest is as it was', async () => {
    const { tasks, putDead, due } = await setUp(4);
    const id = await tasks.create('retry', await putDead(10), 'ann', '');
    await tasks.runSlice('retry');
    expect(await tasks.stop(id, 'bob')).toBe(true);
    expect(await tasks.stop(id, 'eve')).toBe(false);
    expect(await tasks.runSlice('retry')).toBeNull();
    expect(await due()).toBe(4);
    const task = await tasks.find(id);
    expect(task).toMatchObject({ stoppedBy: 'bob', done: 4 });
    expect(task === null ? null : remainingOf(task)).toBe(6);
  });

  it('is nothing before all of it is listed, and is forgotten a week after its end', async () => {
    const { bench, tasks, putDead } = await setUp();
    const id = await tasks.create('retry', await putDead(5), 'ann', '');
    await open().db.updateTable('bulk_tasks').set({ ready: 0 }).where('id', '=', id).execute();
    expect(await tasks.runSlice('retry')).toBeNull();
    expect(await tasks.list(10)).toEqual([]);
    bench.now += 2 * 3_600_000;
    const other = await tasks.create('retry', [], 'ann', '');
    await tasks.runSlice('retry');
    await tasks.purge();
    expect(await tasks.find(id)).toBeNull();
    expect((await tasks.list(10)).map((task) => task.id)).toEqual([other]);
    bench.now += 8 * 86_400_000;
    await tasks.purge();
    expect(await tasks.list(10)).toEqual([]);
    expect(await open().db.selectFrom('bulk_task_deliveries').selectAll().execute()).toEqual([]);
  });

  it('goes on by itself, and tells whose deliveries are due', async () => {
    const { bench, tasks, putDead } = await setUp(10);
    const seqs = await putDead(15);
    const id = await tasks.create('retry', seqs, 'ann', '');
    const noticed: number[] = [];
    const work = bulkWork(
      tasks,
      (slice) => {
        noticed.push(...slice);
        bench.now += 1000;
        return Promise.resolve();
      },
      { info: () => undefined, warn: () => undefined, debug: () => undefined, error: () => undefined },
    );
    work.start();
    try {
      for (let tries = 0; tries < 100 && (await tasks.find(id))?.finishedAt === null; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    } finally {
      await work.stop();
    }
    expect(noticed).toEqual(seqs);
  });
});
