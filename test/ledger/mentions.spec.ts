import { expect, it } from '@jest/globals';
import { type EventMention } from '../../src/ledger/note-mentions.js';
import { CHANGED_AT, event, LedgerBench, MEMBER, SETTINGS } from './bench.js';
import { Ledger } from '../../src/ledger/ledger.js';
import { onEveryDatabase } from './databases.js';

const PORTAL_TIME = CHANGED_AT + 500;

function mentionOf(code: string, data: unknown): EventMention | null {
  const { FIELDS: fields } = data as { FIELDS: { ID: string } };
  if (!code.startsWith('ONCRMDEAL')) return null;
  return { entityTypeId: 2, type: 'crm.deal', objectId: Number(fields.ID), gone: code.endsWith('DELETE') };
}

const deal = (id: number, more: Parameters<typeof event>[1] = {}) =>
  event(`m${id}-${more?.event ?? ''}`, { data: { FIELDS: { ID: String(id) } }, ...more });

onEveryDatabase('what events announce is noted with them', (open) => {
  class Bench extends LedgerBench {
    override readonly ledger = new Ledger(open(), SETTINGS, () => this.now).noting(mentionOf);

    async announced(): Promise<[number, number | null, number][]> {
      const rows = await open().db.selectFrom('seen_objects').selectAll().orderBy('object_id').execute();
      return rows.map((row) => [row.object_id, row.announced_at, row.gone]);
    }
  }

  it('for types that are compared, whatever state their deliveries get', async () => {
    const bench = new Bench(open);
    await bench.reserve('p1', [
      deal(1),
      deal(2, { changedAt: CHANGED_AT + 3 }),
      event('c', { event: 'ONCRMCONTACTADD', data: { FIELDS: { ID: '9' } } }),
    ]);
    expect(await bench.announced()).toEqual([
      [1, CHANGED_AT, 0],
      [2, CHANGED_AT + 3, 0],
    ]);
    const types = await open().db.selectFrom('reconciled_types').select(['member_id', 'type']).execute();
    expect(types).toEqual([{ member_id: MEMBER, type: 'crm.deal' }]);
  });

  it('the latest of an object, in whatever order they come', async () => {
    const bench = new Bench(open);
    await bench.reserve('p1', [deal(1, { changedAt: CHANGED_AT + 5 })]);
    await bench.reserve('p2', [deal(1, { changedAt: CHANGED_AT })]);
    expect(await bench.announced()).toEqual([[1, CHANGED_AT + 5, 0]]);
  });

  it('a delete stands over a change of the same second, and not over a later one', async () => {
    const bench = new Bench(open);
    const gone = { event: 'ONCRMDEALDELETE', changedAt: CHANGED_AT };
    await bench.reserve('p1', [deal(1, gone), deal(1), deal(2, gone)]);
    await bench.reserve('p2', [deal(2, { changedAt: CHANGED_AT }), deal(3)]);
    await bench.reserve('p3', [deal(2, { changedAt: CHANGED_AT + 9 }), deal(3, gone)]);
    expect(await bench.announced()).toEqual([
      [1, CHANGED_AT, 1],
      [2, CHANGED_AT + 9, 0],
      [3, CHANGED_AT, 1],
    ]);
  });

  it('a row that was marked stands for all changes until it is fetched again, and brings nothing back to life', async () => {
    const bench = new Bench(open);
    await bench.reserve('p1', [deal(1), deal(2, { event: 'ONCRMDEALDELETE' })]);
    await bench.reserve('p2', [deal(1), deal(2)], { errored: true, reservedAt: PORTAL_TIME });
    const covered = await open().db.selectFrom('seen_objects').select('covered_at').execute();
    expect(covered).toEqual([{ covered_at: PORTAL_TIME }, { covered_at: PORTAL_TIME }]);
    expect(await bench.announced()).toEqual([
      [1, CHANGED_AT, 0],
      [2, CHANGED_AT, 1],
    ]);
    // The delete was of before the row was fetched again, and is reserved after it.
    await bench.reserve('p3', [
      deal(1, { event: 'ONCRMDEALDELETE', changedAt: CHANGED_AT + 1, messageId: 'd' }),
    ]);
    expect(await bench.announced()).toEqual([
      [1, CHANGED_AT + 1, 1],
      [2, CHANGED_AT, 1],
    ]);
  });

  it('on a plan without reservations as soon as it is journaled', async () => {
    const bench = new Bench(open);
    await bench.ledger.applyRound(MEMBER, [{ type: 'journaled', events: [deal(1)], errored: false }]);
    expect(await bench.announced()).toEqual([[1, CHANGED_AT, 0]]);
  });

  it('or not at all: what fails is not noted, and nothing is where nobody compares', async () => {
    const bench = new Bench(open);
    const broken = deal(1, { messageId: null as never });
    await expect(bench.reserve('p1', [broken])).rejects.toThrow();
    const plain = new LedgerBench(open);
    await plain.reserve('p1', [deal(2)]);
    expect(await bench.announced()).toEqual([]);
    expect(await open().db.selectFrom('reconciled_types').selectAll().execute()).toEqual([]);
  });
});
