import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { type Database } from '../../src/database/database.js';
import { EventSearch } from '../../src/events/search/event-search.js';
import { type EventQuery } from '../../src/events/search/event-query.js';
import { LedgerSearch } from '../../src/ledger/search/ledger-search.js';
import { retryNow } from '../../src/ledger/retry-now.js';
import { type Portal } from '../../src/portals/portal-record.js';
import { CHANGED_AT, event, LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { DATABASE_KINDS, onEveryDatabase } from './databases.js';

const OTHER = 'b323c6b3710f85df22e9377d6c4f7554';
const HOUR = 3_600_000;

const deal = (id: number, more: object = {}) =>
  event(`m${id}`, { data: { FIELDS: { ID: id } }, changedAt: CHANGED_AT + id, ...more });

/** A ledger with two portals, and a search of what is in it. */
class Place {
  private constructor(
    readonly bench: LedgerBench,
    readonly search: EventSearch,
  ) {}

  static async of(open: () => Database): Promise<Place> {
    const { db } = open();
    const portal = (memberId: string, name: string) =>
      ({ memberId, name, domain: `${name}.bitrix24.com` }) as Portal;
    const portals = [portal(MEMBER, 'acme'), portal(OTHER, 'straße')];
    for (const { memberId, name, domain } of portals) {
      await db
        .insertInto('portals')
        .values({
          member_id: memberId,
          name,
          domain,
          client_endpoint: `https://${domain}/rest/`,
          access_token: '',
          refresh_token: '',
          token_expires_at: 0,
          token_renewed_at: 0,
          state: 'active',
          state_since: 0,
          installed_at: 0,
          bad_answers: 0,
        })
        .execute();
    }
    const search = new EventSearch(new LedgerSearch({ db }), {
      list: () => portals,
      nameOf: (memberId) => portals.find((one) => one.memberId === memberId)?.name ?? memberId,
    });
    return new Place(new LedgerBench(open), search);
  }

  async subjects(query: EventQuery): Promise<(string | null)[]> {
    const { events } = await this.search.find(query, { limit: 100 });
    return events.map(({ subject }) => subject);
  }

  /** Deals 1 to 4: under way, failed, processed, in the history. */
  async fill(): Promise<void> {
    const { bench } = this;
    await bench.reserve('p4', [deal(4)]);
    await bench.publish();
    await bench.reply('processed', 'm4', { processId: 'p4' });
    await bench.ledger.applyRound(MEMBER, [{ type: 'cleared', processId: 'p4', rowIds: ['4'] }]);
    bench.now += HOUR;
    expect(await bench.ledger.purge()).toBe(1);
    expect(await bench.find('m4', 'p4')).toBeUndefined();
    await bench.reserve('process-of-3', [deal(3)]);
    await bench.publish();
    await bench.reply('processed', 'm3', { processId: 'process-of-3' });
    await bench.reserve('p2', [deal(2, { event: 'ONCRMLEADADD' })]);
    await bench.publish();
    await bench.reply('failed', 'm2', { processId: 'p2', reason: 'Клиент 42 НЕ Найден, ΟΔΟΣ İzmir' });
    await bench.reserve('p1', [deal(1)]);
  }
}

const GUARANTEE = 'what becomes of an event is found';

onEveryDatabase(
  GUARANTEE,
  (open) => {
    let place: Place;
    beforeAll(async () => {
      place = await Place.of(open);
      await place.fill();
    });

    it.each<[string, EventQuery, (string | null)[]]>([
      ['everything', {}, ['crm.deal/4', 'crm.deal/3', 'crm.lead/2', 'crm.deal/1']],
      ['an object', { text: 'deal 4' }, ['crm.deal/4']],
      ['an object, as events write it', { text: 'crm.deal/3' }, ['crm.deal/3']],
      ['an object in Russian', { text: 'Сделка №4' }, ['crm.deal/4']],
      ['an object of a kind that it is not', { text: 'lead 4' }, []],
      ['an object alone', { object: 'deal 1' }, ['crm.deal/1']],
      ['a kind of objects', { text: 'leads' }, ['crm.lead/2']],
      ['a part of a code', { text: 'leada' }, ['crm.lead/2']],
      ['a part of a reason', { text: 'клиент 42 не' }, ['crm.lead/2']],
      ['a part of a Greek reason', { text: 'οδοσ izm' }, ['crm.lead/2']],
      ['a process id', { text: 'process-of-3' }, ['crm.deal/3']],
      ['an event id', { text: `${MEMBER}-4-${CHANGED_AT + 4}` }, ['crm.deal/4']],
      ['an id that is none', { text: `${MEMBER}-4-${CHANGED_AT + 5}` }, []],
      ['a portal', { text: 'ACME.bitrix' }, ['crm.deal/4', 'crm.deal/3', 'crm.lead/2', 'crm.deal/1']],
      ['a portal that has none', { text: 'STRASSE' }, []],
      ['a portal and an object', { text: 'acme deal 3' }, ['crm.deal/3']],
      ['a state', { text: 'failed' }, ['crm.lead/2']],
      ['what is processed', { states: ['processed'] }, ['crm.deal/4', 'crm.deal/3']],
      ['what is under way', { states: ['reserved', 'failed'] }, ['crm.lead/2', 'crm.deal/1']],
      ['codes', { codes: ['oncrmleadadd'] }, ['crm.lead/2']],
      ['times', { from: (CHANGED_AT + 2) * 1000, to: (CHANGED_AT + 3) * 1000 }, ['crm.deal/3', 'crm.lead/2']],
      ['nothing', { text: 'nobody has that' }, []],
      ['signs that mean something to LIKE', { text: '%_' }, []],
      ['one reason', { reason: 'КЛИЕНТ 42 не найден, οδος izmir' }, ['crm.lead/2']],
    ])('by %s', async (_, query, expected) => {
      expect(await place.subjects(query)).toEqual(expected);
    });

    it('a page at a time, from both, forwards and backwards', async () => {
      const seen: (string | null)[][] = [];
      for (const sort of ['newest', 'oldest'] as const) {
        for (let cursor: string | undefined, pages = 0; pages < 5; pages += 1) {
          const page = await place.search.find(
            {},
            { sort, limit: 1, ...(cursor === undefined ? {} : { cursor }) },
          );
          seen.push(page.events.map(({ subject }) => subject));
          if (page.next === null) break;
          cursor = page.next;
        }
      }
      expect(seen.flat()).toEqual(
        [4, 3, 2, 1, 1, 2, 3, 4].map((id) => `crm.${id === 2 ? 'lead' : 'deal'}/${id}`),
      );
    });

    it('with how it ended', async () => {
      const { events } = await place.search.find({}, { limit: 10 });
      expect(events).toMatchObject([
        {
          id: `${MEMBER}-4-${CHANGED_AT + 4}`,
          portal: 'acme',
          isHistory: true,
          state: 'processed',
          outcome: 'processed',
          attempts: 1,
          reservedAt: START,
          publishedAt: START,
          settledAt: START,
          processId: 'p4',
        },
        { isHistory: false, state: 'processed', outcome: 'processed' },
        { state: 'failed', outcome: null, attempts: 1, reason: 'Клиент 42 НЕ Найден, ΟΔΟΣ İzmir' },
        { state: 'reserved', outcome: null },
      ]);
    });
  },
  DATABASE_KINDS,
  // They only read.
  () => true,
);

onEveryDatabase(GUARANTEE, (open) => {
  let bench: LedgerBench;
  let search: EventSearch;
  let subjects: Place['subjects'];
  let fill: Place['fill'];
  beforeEach(async () => {
    const place = await Place.of(open);
    ({ bench, search } = place);
    subjects = (query) => place.subjects(query);
    fill = () => place.fill();
  });

  it('by a part of more reasons than a statement has room for', async () => {
    await fill();
    await sql`insert into reasons (no, text_key, fold_key, text, folded, used_at)
      with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < 70000)
      select 100 + i, 'k' || i, 'k' || i, 'клиент ' || i, 'клиент ' || i, 0 from numbers`.execute(open().db);
    expect(await subjects({ text: 'КЛИЕНТ' })).toEqual(['crm.lead/2']);
  });

  it('by the numbers of those that can be acted on, whatever the case of their reason', async () => {
    await fill();
    await bench.reserve('p5', [deal(5), deal(6)]);
    await bench.publish();
    await bench.reply('failed', ['m5', 'm6'], { processId: 'p5', reason: 'клиент 42 не найден, οδοσ izmir' });
    const reason = 'Клиент 42 НЕ Найден, ΟΔΟΣ İzmir';
    expect(await search.seqs({ states: ['failed'], reason })).toHaveLength(3);
  });

  describe('its time line', () => {
    const steps = async (id: string) =>
      ((await search.timeline(id))?.entries ?? []).map(({ what, attempt, reason, via, by, outcome }) =>
        [what, attempt, reason, via, by, outcome].filter((fact) => fact !== null).join(' '),
      );

    it('goes on over process ids, series and what people did', async () => {
      const row = { message: 'm7', id: `${MEMBER}-7-${CHANGED_AT + 7}` };
      await bench.reserve('p1', [deal(7)]);
      bench.now += 1000;
      await bench.publish();
      bench.now += 1000;
      await bench.reply('failed', 'm7', { processId: 'p1', reason: 'no stock', via: 'reply' });
      bench.now += 1000;
      await bench.ledger.applyRound(MEMBER, [{ type: 'marked', processId: 'p1', messageIds: ['m7'] }]);
      bench.now += 60_000;
      await bench.reserve('p2', [deal(7)], { errored: true });
      const [{ seq } = { seq: 0 }] = await bench.all();
      await retryNow(open().db, [seq], SETTINGS, bench.now, 'alice');
      bench.now += 1000;
      await bench.publish();
      bench.now += 1000;
      await bench.reply('processed', 'm7', { processId: 'p2' });
      const expected = [
        'changed',
        'reserved',
        'published 1',
        'failed 1 no stock reply',
        'marked',
        'fetched',
        'retried alice',
        'published 2',
        'settled processed',
      ];
      expect(await steps(row.id)).toEqual(expected);

      await bench.ledger.applyRound(MEMBER, [{ type: 'cleared', processId: 'p2', rowIds: ['7'] }]);
      bench.now += HOUR;
      expect(await bench.ledger.purge()).toBe(1);
      expect(await bench.all()).toEqual([]);
      expect(await steps(row.id)).toEqual(expected);
      expect(await steps(String(seq))).toEqual(expected);
      expect(await subjects({ text: 'p1' })).toEqual([]);
    });

    it('is none of what is not known', async () => {
      expect(await search.timeline(`${MEMBER}-7-1`)).toBeNull();
      expect(await search.timeline('17')).toBeNull();
      expect(await search.timeline('deal 17')).toBeNull();
    });
  });
});
