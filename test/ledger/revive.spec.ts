import { expect, it } from '@jest/globals';
import { parseJson } from '../../src/json/exact-json.js';
import { LedgerAdmin } from '../../src/ledger/admin.js';
import { CHANGED_AT, LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

const letter = {
  memberId: MEMBER,
  processId: 'p1',
  messageId: 'm1',
  rowId: '1',
  changedAt: CHANGED_AT,
  event: 'ONCRMDEALUPDATE',
  data: parseJson('{"FIELDS":{"ID":42}}'),
  userId: null,
  attempt: 5,
};
const hand = { by: 'alice' };

onEveryDatabase('the event of a dead letter that is republished', (open) => {
  const setUp = () => {
    const bench = new LedgerBench(open);
    const admin = new LedgerAdmin(open(), SETTINGS, () => bench.now);
    return { bench, admin };
  };

  it('comes back whole where the ledger has forgotten it: found by its object and its reason, due now', async () => {
    const { bench, admin } = setUp();
    expect(await admin.revive([letter], hand)).toEqual(['due']);
    expect(await bench.get('m1')).toMatchObject({
      state: 'waiting',
      attempt: 6,
      attempts_before: 5,
      held: 0,
      due_at: START,
      object_id: '42',
      payload: '{"FIELDS":{"ID":42}}',
      reason: 'its dead letter was republished',
    });
    const { reason_no: no } = await bench.get('m1');
    const reasons = await open().db.selectFrom('reasons').select(['no', 'text']).execute();
    expect(reasons).toEqual([{ no, text: 'its dead letter was republished' }]);
    const log = await open().db.selectFrom('event_log').select(['what', 'row_id', 'at', 'by_whom']).execute();
    expect(log).toEqual([{ what: 'retried', row_id: '1', at: START, by_whom: 'alice' }]);
    expect(await admin.revive([letter], hand)).toEqual(['under_way']);
    expect(await bench.all()).toHaveLength(1);
  });

  it('begins a new series where it is dead in the ledger', async () => {
    const { bench, admin } = setUp();
    await bench.put({ message: 'm1', state: 'dead', attempt: 5, held: 0 });
    expect(await admin.revive([letter], hand)).toEqual(['due']);
    expect(await bench.get('m1')).toMatchObject({ state: 'waiting', attempts_before: 4, due_at: START });
  });

  it('is left alone where it was settled since, and where another change has its names', async () => {
    const { bench, admin } = setUp();
    await bench.put({ message: 'm1', state: 'processed', held: 0 });
    expect(await admin.revive([letter], hand)).toEqual(['settled']);
    expect(await admin.revive([{ ...letter, rowId: '2' }], hand)).toEqual(['kept']);
    expect(await bench.all()).toHaveLength(1);
  });
});
