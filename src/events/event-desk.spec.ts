import { beforeEach, describe, expect, it } from '@jest/globals';
import { type DeliveryState } from '../database/schema.js';
import { type DeliveryRecord, type DeliveryReference } from '../ledger/find-deliveries.js';
import { queryWords } from './choice-words.js';
import { type Choice, EventDesk } from './event-desk.js';

/** Of three portals; the number of a delivery is its portal's times ten, and something. */
const SEQS = [11, 12, 21, 22, 31];
const record = (seq: number) => {
  const memberId = `m${Math.trunc(seq / 10)}`;
  const state: DeliveryState = seq % 10 === 1 ? 'dead' : 'waiting';
  return {
    seq,
    memberId,
    member_id: memberId,
    row_id: `row${seq}`,
    changed_at: 5,
    state,
  } as DeliveryRecord & { memberId: string };
};

const SOMEBODY = { kind: 'module', name: 'a test' } as const;

describe('the desk for events', () => {
  let told: string[][];
  let changed: number[];
  let recorded: string[];
  let desk: EventDesk;

  beforeEach(() => {
    told = [];
    changed = [];
    recorded = [];
    const matching = ({ memberId }: { memberId?: string }) =>
      SEQS.map(record).filter((one) => memberId === undefined || one.memberId === memberId);
    const find = (reference: DeliveryReference) => ('seq' in reference ? [record(reference.seq)] : []);
    desk = new EventDesk(
      {
        find: (reference) => Promise.resolve(find(reference)),
        some: (seqs) => Promise.resolve(seqs.map(record)),
        list: (filter, limit) => Promise.resolve(matching(filter).slice(0, limit)),
        latest: (filter, limit) => Promise.resolve(matching(filter).reverse().slice(0, limit)),
        seqs: (filter) => Promise.resolve(matching(filter).map(({ seq }) => seq)),
        count: () => Promise.resolve({ dead: 3, waiting: 2 }),
        retryNow: (seqs) => {
          changed.push(...seqs);
          return Promise.resolve({ renewed: seqs.length, due: 0, fetched: 0, left: {} });
        },
        discard: (seqs) => {
          changed.push(...seqs);
          return Promise.resolve({ discarded: seqs.length, left: {} });
        },
      },
      (memberIds) => void told.push([...memberIds]),
      {
        record: () => Promise.resolve(),
        trail: ({ actor, action, target }) => ({
          inside: () => Promise.resolve(),
          committed: () => undefined,
          told: () => void recorded.push(`${actor.name ?? ''} ${action} ${target}`),
        }),
      },
      {
        atOnce: 50,
        create: () => Promise.reject(new Error('they are few')),
        find: () => Promise.resolve(null),
        runSlice: () => Promise.resolve(null),
      },
    );
  });

  const actions = {
    retry: (choice: Choice) => desk.retry(choice, SOMEBODY),
    discard: (choice: Choice) => desk.discard(choice, SOMEBODY),
  };

  describe.each(['retry', 'discard'] as const)('%s', (action) => {
    it.each<[string, Choice, number[], string[]]>([
      ['by number', { seqs: [31, 11, 12, 11] }, [11, 12, 31], ['m1', 'm3']],
      ['by name', { references: [{ seq: 22 }, { seq: 21 }] }, [21, 22], ['m2']],
      ['of one portal', { filter: { states: ['dead'], memberId: 'm2' } }, [21, 22], ['m2']],
      ['of all portals', { filter: { states: ['dead'] } }, SEQS, ['m1', 'm2', 'm3']],
    ])('tells only the portals that are concerned, chosen %s', async (_, choice, seqs, portals) => {
      expect(await actions[action](choice)).toMatchObject({ matched: seqs.length });
      expect(changed).toEqual(seqs);
      expect(told).toEqual([portals]);
    });

    it.each<[string, Choice]>([
      ['numbers', { seqs: [] }],
      ['names', { references: [] }],
      ['matches', { filter: { states: ['dead'], memberId: 'm9' } }],
    ])('tells nobody where there are no %s', async (_, choice) => {
      expect(await actions[action](choice)).toMatchObject({ matched: 0 });
      expect(told).toEqual([]);
    });
  });

  it.each<[string, Choice, string]>([
    ['by number', { seqs: [11] }, 'm1-row11-5'],
    [
      'by numbers',
      { seqs: [11, 12, 21, 22, 31, 11] },
      'm1-row11-5, m1-row12-5, m2-row21-5, m2-row22-5, m3-row31-5',
    ],
    [
      'by many',
      { seqs: [1, 2, 3, 4, 5, 6] },
      '6 events: m0-row1-5, m0-row2-5, m0-row3-5, m0-row4-5, m0-row5-5, …',
    ],
    [
      'by what they have in common',
      { filter: { states: ['dead', 'waiting'], memberId: 'm1', text: 'x y', upToSeq: 7 } },
      'all with states: dead, waiting; text: x y',
    ],
    [
      'by a search',
      { seqs: [11, 21], found: { words: queryWords({ text: 'deal 4', from: 0 }), memberId: undefined } },
      'all with text: deal 4; from: 1970-01-01T00:00:00.000Z',
    ],
  ])('says who did it, and to what, chosen %s', async (_, choice, target) => {
    await desk.retry(choice, SOMEBODY);
    await desk.discard(choice, SOMEBODY);
    expect(recorded).toEqual([`a test retried ${target}`, `a test discarded ${target}`]);
  });

  it('lists and counts the same choice', async () => {
    const chosen: Choice = { seqs: [11, 12, 21] };
    expect((await desk.list(chosen, 2)).map(({ seq }) => seq)).toEqual([11, 12]);
    expect(await desk.count(chosen)).toEqual({ dead: 2, waiting: 1 });
    const filter: Choice = { filter: { states: ['dead'], memberId: 'm1' } };
    expect((await desk.list(filter, 10)).map(({ seq }) => seq)).toEqual([11, 12]);
    expect((await desk.some(filter, 10)).map(({ seq }) => seq)).toEqual([12, 11]);
  });
});
