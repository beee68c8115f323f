import { subjectOf } from '../contract/event.js';
import { parseJson } from '../json/exact-json.js';
import { type DeliveryFilter, type DeliveryRecord, type PageMark } from '../ledger/find-deliveries.js';
import { foundDelivery } from '../ledger/search/found-delivery.js';
import { type Portal } from '../portals/portal-record.js';
import { foundLink, objectLink } from './object-link.js';
import { type EventQuery } from './search/event-query.js';
import { type EventSearch } from './search/event-search.js';
import { foundEvent, type FoundEvent } from './search/found-event.js';

/** Rows read at once: what an export holds in memory. */
const PAGE = 500;

/** Columns of an export, in their order. They are a promise to whoever reads it by program, and are English. */
const COLUMNS = [
  'id',
  'event',
  'object',
  'portal',
  'member_id',
  'state',
  'state_since',
  'outcome',
  'attempts',
  'next_attempt_at',
  'reason',
  'changed_at',
  'reserved_at',
  'published_at',
  'settled_at',
  'row_id',
  'process_id',
  'link',
] as const;

type ExportRow = Readonly<Record<(typeof COLUMNS)[number], string | number | null>>;

interface Books {
  latest(filter: DeliveryFilter, limit: number, after?: PageMark): Promise<DeliveryRecord[]>;
}

type Portals = (memberId: string) => Portal | undefined;

/** Every delivery that a filter finds, the latest first, read page by page while it is asked for. */
export async function* deliveryRows(
  books: Books,
  filter: DeliveryFilter,
  portals: Portals,
): AsyncGenerator<ExportRow> {
  let after: PageMark | undefined;
  for (;;) {
    const page = await books.latest(filter, PAGE, after);
    for (const record of page) {
      const portal = portals(record.member_id);
      const found = foundEvent(foundDelivery(record), (memberId) => portal?.name ?? memberId);
      // Of what an earlier version reserved, only the payload says it.
      const subject = subjectOf(record.event, parseJson(record.payload)) ?? null;
      yield rowOf({ ...found, subject }, objectLink(record, portal));
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = { stateAt: last.state_at, seq: last.seq };
  }
}

/** Every event that a query finds, the latest change first, read in the same way. */
export async function* foundRows(
  search: Pick<EventSearch, 'find'>,
  query: EventQuery,
  portals: Portals,
): AsyncGenerator<ExportRow> {
  let cursor: string | undefined;
  for (;;) {
    const { events, next } = await search.find(query, { cursor, limit: PAGE });
    for (const event of events) yield rowOf(event, foundLink(event, portals(event.memberId)));
    if (next === null) return;
    cursor = next;
  }
}

function rowOf(found: FoundEvent, link: string | null): ExportRow {
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return {
    id: found.id,
    event: found.code,
    object: found.subject,
    portal: found.portal,
    member_id: found.memberId,
    state: found.state,
    state_since: time(found.stateSince),
    outcome: found.outcome,
    attempts: found.attempts,
    next_attempt_at: time(found.dueAt),
    reason: found.reason,
    changed_at: time(found.changedAt),
    reserved_at: time(found.reservedAt),
    published_at: time(found.publishedAt),
    settled_at: time(found.settledAt),
    row_id: found.rowId,
    process_id: found.processId,
    link,
  };
}

/** As comma-separated values (RFC 4180), with a mark by which spreadsheets know UTF-8. */
export async function* exportCsv(rows: AsyncIterable<ExportRow>): AsyncGenerator<string> {
  yield `\ufeff${COLUMNS.join(',')}\r\n`;
  for await (const row of rows) yield `${COLUMNS.map((column) => cellOf(row[column])).join(',')}\r\n`;
}

/** As one JSON array, a row a line. */
export async function* exportJson(rows: AsyncIterable<ExportRow>): AsyncGenerator<string> {
  let before = '[';
  for await (const row of rows) {
    yield `${before}\n${JSON.stringify(row)}`;
    before = ',';
  }
  yield before === '[' ? '[]\n' : '\n]\n';
}

/** A cell that no spreadsheet takes for a formula: reasons are written by strangers. */
function cellOf(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
