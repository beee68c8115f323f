import { describe, expect, it } from '@jest/globals';
import { type Arrival, arrivalOf } from './consumer.js';
import { balanceCrm, type CrmFacts } from './crm-books.js';

const facts = (more: Partial<CrmFacts> = {}): CrmFacts => ({
  withheld: [],
  snapshots: [],
  alive: new Set(['m crm.contact/7']),
  taken: new Set(),
  versionOf: new Map(),
  ...more,
});
const arrival = (id: string, more: Partial<Arrival> = {}): Arrival => ({
  id,
  memberId: 'm',
  messageId: 'x',
  processId: 'p',
  code: 'ONCRMCONTACTUPDATE',
  subject: 'crm.contact/7',
  origin: null,
  state: { status: 'late', objectId: '', told: null },
  attempt: 1,
  at: 5000,
  dead: false,
  spoilt: false,
  reported: false,
  ...more,
});
const told = (from: number, to: number) => ({
  state: { status: 'read', objectId: '7', told: { from, to } },
});
const faultsOf = (arrivals: readonly Arrival[], more: Partial<CrmFacts> = {}) =>
  balanceCrm(arrivals, facts(more)).faults;

describe('the books of contacts', () => {
  it('ask for each change without an event once, and for no other', () => {
    const withheld = [{ memberId: 'm', action: 'UPDATE', id: 7 } as const];
    const found = arrival('m-r1-9', { origin: 'reconciled' });
    expect(faultsOf([], { withheld })).toEqual([expect.stringContaining('never found')]);
    // The same one again, or a retry, is none more.
    expect(balanceCrm([found, found], facts({ withheld }))).toMatchObject({ found: 1, faults: [] });
    const again = arrival('m-r2-9', { origin: 'reconciled' });
    expect(faultsOf([found, again], { withheld })).toEqual([expect.stringContaining('m-r2-9')]);
    expect(faultsOf([found])).toEqual([expect.stringContaining('invented')]);
    expect(faultsOf([found], { taken: new Set(['m crm.contact/7']) })).toEqual([]);
    expect(faultsOf([arrival('m-1-9')], { withheld })).toEqual([expect.stringContaining('never found')]);
  });

  it('ask a snapshot for each contact, or a later event for it, and for its end', () => {
    const snapshots = [{ memberId: 'm', no: 1, contacts: [7, 8], at: 4000 }];
    const own = { origin: 'snapshot', processId: 'snapshot-1', code: 'crm.contact.snapshot' };
    const row = arrival('m-s1x3x7-4', own);
    const end = arrival('m-s1-4', {
      ...own,
      code: 'bridge.snapshot.completed',
      subject: 'bridge.snapshot/1',
    });
    expect(balanceCrm([row, end], facts({ snapshots }))).toMatchObject({ inSnapshots: 1, faults: [] });
    expect(faultsOf([end], { snapshots })).toEqual([expect.stringContaining('in no snapshot')]);
    expect(faultsOf([end, arrival('m-1-9')], { snapshots })).toEqual([]);
    expect(faultsOf([end, arrival('m-1-9', { at: 3000 })], { snapshots })).toHaveLength(1);
    expect(faultsOf([row], { snapshots })).toEqual([expect.stringContaining('without an end')]);
    expect(faultsOf([row, arrival('m-s1x3x7-5', own), end], { snapshots })).toEqual([
      expect.stringContaining('several ids'),
    ]);
  });

  it('ask for states that are not older than the event, and of its object', () => {
    const versionOf = new Map([['m-1-9', 3]]);
    expect(faultsOf([arrival('m-1-9', told(-1, 3))], { versionOf })).toEqual([]);
    expect(faultsOf([arrival('m-1-9', told(-1, 2))], { versionOf })).toEqual([
      expect.stringContaining('before it'),
    ]);
    expect(faultsOf([arrival('m-1-9', { ...told(-1, 3), subject: 'crm.contact/8' })])).toHaveLength(1);
    expect(faultsOf([arrival('m-1-9', { code: 'ONCRMCONTACTDELETE' })])).toHaveLength(1);
    expect(faultsOf([arrival('m-1-9', { state: null })])).toHaveLength(1);
  });

  it('ask for every change between two states, in whatever order, told once or more', () => {
    const lots = [arrival('c', told(2, 5)), arrival('a', told(-1, 1)), arrival('b', told(1, 3))];
    expect(faultsOf(lots)).toEqual([]);
    expect(faultsOf([arrival('a', told(-1, 1)), arrival('c', told(2, 5))])).toEqual([
      expect.stringContaining('1 to 2'),
    ]);
    expect(faultsOf([arrival('c', told(2, 5))])).toHaveLength(1);
  });

  it('read what an event tells of a change', () => {
    const body = (changed: unknown) =>
      JSON.stringify({
        subject: 'crm.contact/7',
        data: { state: { status: 'read', object: { id: 7, sourceId: 'v4' }, changed } },
      });
    const toldBy = (changed: unknown) => arrivalOf(body(changed), false).state?.told;
    expect(toldBy(null)).toEqual({ from: -1, to: 4 });
    expect(toldBy({})).toEqual({ from: 4, to: 4 });
    expect(toldBy({ sourceId: { from: null, to: 'v4' } })).toEqual({ from: 0, to: 4 });
  });
});
