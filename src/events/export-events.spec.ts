import { expect, it } from '@jest/globals';
import { type DeliveryRecord, type PageMark } from '../ledger/find-deliveries.js';
import { foundDelivery } from '../ledger/search/found-delivery.js';
import { type Portal } from '../portals/portal-record.js';
import { deliveryRows, exportCsv, exportJson, foundRows } from './export-events.js';
import { foundEvent } from './search/found-event.js';

const acme = { name: 'acme', clientEndpoint: 'https://acme.bitrix24.com/rest/' } as Portal;

function record(seq: number, reason: string | null): DeliveryRecord {
  return {
    seq,
    member_id: 'm1',
    row_id: String(seq),
    changed_at: 1_764_032_523,
    event: 'ONCRMDEALUPDATE',
    payload: `{"FIELDS":{"ID":"${seq}"}}`,
    state: 'dead',
    state_at: 1_764_032_600_000,
    due_at: null,
    reason,
    attempt: 6,
    attempts_before: 0,
    discarded_at: null,
    refusals: 0,
    refused_key: null,
    process_id: 'p',
    silent: null,
    object_id: String(seq),
    reserved_at: 1_764_032_524_000,
    published_at: null,
  } as unknown as DeliveryRecord;
}

/** Records by descending numbers, as the ledger gives them. */
function books(records: readonly DeliveryRecord[]) {
  const asked: number[] = [];
  return {
    asked,
    latest: (_filter: unknown, limit: number, after?: PageMark) => {
      const page = records.filter(({ seq }) => after === undefined || seq < after.seq).slice(0, limit);
      asked.push(page.length);
      return Promise.resolve(page);
    },
  };
}

async function text(parts: AsyncIterable<string>): Promise<string> {
  let all = '';
  for await (const part of parts) all += part;
  return all;
}

const FILTER = { states: ['dead'] as const };

it('a reason that a spreadsheet would run stays text, and quotes and line ends stay in their cell', async () => {
  const ledger = books([record(2, '=HYPERLINK("http://x","y")'), record(1, 'two\nlines')]);
  const csv = await text(exportCsv(deliveryRows(ledger, FILTER, () => acme)));
  const [head, ...rows] = csv.split('\r\n');
  expect(head).toBe(
    '\ufeffid,event,object,portal,member_id,state,state_since,outcome,attempts,next_attempt_at,reason,changed_at,reserved_at,published_at,settled_at,row_id,process_id,link',
  );
  expect(rows[0]).toBe(
    `m1-2-1764032523,ONCRMDEALUPDATE,crm.deal/2,acme,m1,dead,2025-11-25T01:03:20.000Z,dead,5,,"'=HYPERLINK(""http://x"",""y"")",2025-11-25T01:02:03.000Z,2025-11-25T01:02:04.000Z,,2025-11-25T01:03:20.000Z,2,p,https://acme.bitrix24.com/crm/deal/details/2/`,
  );
  expect(rows[1]).toContain(',"two\nlines",');
  expect(rows.at(-1)).toBe('');
});

it('JSON is one array, also of nothing', async () => {
  expect(await text(exportJson(deliveryRows(books([]), FILTER, () => acme)))).toBe('[]\n');
  const two = JSON.parse(
    await text(exportJson(deliveryRows(books([record(2, null), record(1, 'x')]), FILTER, () => undefined))),
  ) as {
    reason: string | null;
    link: string | null;
  }[];
  expect(two.map(({ reason, link }) => [reason, link])).toEqual([
    [null, null],
    ['x', null],
  ]);
});

it('everything that was found is in it, read in pages', async () => {
  const ledger = books(Array.from({ length: 1001 }, (_, index) => record(1001 - index, null)));
  const rows = (await text(exportCsv(deliveryRows(ledger, FILTER, () => acme)))).trim().split('\r\n');
  expect(rows).toHaveLength(1002);
  expect(ledger.asked).toEqual([500, 500, 1]);
});

it('what the search finds is in it, too, page after page, with links though the data are gone', async () => {
  const event = (seq: number) => ({
    ...foundEvent(foundDelivery(record(seq, null)), () => 'acme'),
    isHistory: true,
  });
  const cursors: (string | undefined)[] = [];
  const search = {
    find: (_query: unknown, { cursor }: { cursor?: string | undefined }) => {
      cursors.push(cursor);
      return Promise.resolve(
        cursor === undefined ? { events: [event(2)], next: '1-2' } : { events: [event(1)], next: null },
      );
    },
  };
  const rows = (await text(exportCsv(foundRows(search, {}, () => acme)))).trim().split('\r\n');
  expect(rows).toHaveLength(3);
  expect(rows[2]).toMatch(/^m1-1-1764032523,.*,https:\/\/acme\.bitrix24\.com\/crm\/deal\/details\/1\/$/);
  expect(cursors).toEqual([undefined, '1-2']);
});
