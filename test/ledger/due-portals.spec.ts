import { expect, it } from '@jest/globals';
import { LedgerBench, type Put, START } from './bench.js';
import { onEveryDatabase } from './databases.js';
import { registerPortals } from './portals.js';

onEveryDatabase('portals with something to publish are found without asking each', (open) => {
  it('names those with reserved deliveries and with waiting ones that are due, and nobody else', async () => {
    const bench = new LedgerBench(open);
    const deliveries: Record<string, Partial<Put>> = {
      reserved: { state: 'reserved' },
      due: { state: 'waiting', dueAt: START },
      later: { state: 'waiting', dueAt: START + 1 },
      published: { state: 'published' },
      failed: { state: 'failed' },
      marked: { state: 'marked', dueAt: START },
      processed: { state: 'processed' },
    };
    await registerPortals(open(), [...Object.keys(deliveries), 'empty']);
    for (const [member, delivery] of Object.entries(deliveries)) {
      await bench.put({ message: 'm1', member, state: 'reserved', ...delivery });
    }
    expect((await bench.ledger.duePortals()).sort()).toEqual(['due', 'reserved']);
    bench.now += 1;
    expect((await bench.ledger.duePortals()).sort()).toEqual(['due', 'later', 'reserved']);
  });

  it('names those whose marked deliveries have become due of late', async () => {
    const bench = new LedgerBench(open);
    const dueAt = { late: START - 1001, lately: START - 999, now: START, later: START + 1 };
    await registerPortals(open(), [...Object.keys(dueAt), 'waiting']);
    for (const [member, at] of Object.entries(dueAt))
      await bench.put({ message: 'm1', member, state: 'marked', dueAt: at });
    await bench.put({ message: 'm1', member: 'waiting', state: 'waiting', dueAt: START });
    expect((await bench.ledger.portalsToFetch(1000)).sort()).toEqual(['lately', 'now']);
    bench.now += 1;
    expect((await bench.ledger.portalsToFetch(1000)).sort()).toEqual(['later', 'now']);
  });

  it('names only those of one replica where it is asked for these', async () => {
    const bench = new LedgerBench(open);
    await registerPortals(open(), ['mine', 'rested', 'theirs']);
    for (const member of ['mine', 'theirs']) {
      await bench.put({ message: 'm1', member, state: 'reserved' });
      await bench.put({ message: 'm2', member, state: 'failed' });
      await bench.put({ message: 'm3', member, state: 'refused', dueAt: START });
      await bench.put({ message: 'm4', member, state: 'marked', dueAt: START });
    }
    const lease = (memberId: string, owner: string) => ({
      member_id: memberId,
      owner,
      epoch: 1,
      expires_at: START,
    });
    await open()
      .db.insertInto('leases')
      .values([lease('mine', 'a'), lease('rested', 'a'), lease('theirs', 'b')])
      .execute();
    const { ledger } = bench;
    for (const asked of [
      ledger.duePortals('a'),
      ledger.refusedPortals('a'),
      ledger.portalsToMark(0, 'a'),
      ledger.portalsToFetch(1, 'a'),
    ]) {
      expect(await asked).toEqual(['mine']);
    }
    expect((await ledger.duePortals()).sort()).toEqual(['mine', 'theirs']);
  });
});
