import { eventId, subjectOf } from '../contract/event.js';
import { parseJson } from '../json/exact-json.js';
import { type DeliveryFilter, type DeliveryRecord, type PageMark } from '../ledger/find-deliveries.js';
import { type Portal } from '../portals/portal-record.js';
import { attemptsOf } from './attempt.js';
import { objectLink } from './object-link.js';
import { reasonShown } from './refusal.js';

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
  'attempts',
  'next_attempt_at',
  'reason',
  'changed_at',
  'row_id',
  'message_id',
  'process_id',
  'link',
] as const;

type ExportRow = Readonly<Record<(typeof COLUMNS)[number], string | number | null>>;

interface Books {
  latest(filter: DeliveryFilter, limit: number, after?: PageMark): Promise<DeliveryRecord[]>;
}

type Portals = (memberId: string) => Portal | undefined;

/** Everything that a filter finds, the latest first, read page by page while it is asked for. */
async function* rowsOf(books: Books, filter: DeliveryFilter, portals: Portals): AsyncGenerator<ExportRow> {
  let after: PageMark | undefined;
  for (;;) {
    const page = await books.latest(filter, PAGE, after);
    for (const record of page) yield rowOf(record, portals(record.member_id));
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = { stateAt: last.state_at, seq: last.seq };
  }
}

function rowOf(record: DeliveryRecord, portal: Portal | undefined): ExportRow {
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return {
    id: eventId(record.member_id, record.row_id, record.changed_at),
    event: record.event,
    object: subjectOf(record.event, parseJson(record.payload)) ?? null,
    portal: portal?.name ?? null,
    member_id: record.member_id,
    state: record.state,
    state_since: time(record.state_at),
    attempts: attemptsOf(record).made,
    next_attempt_at: time(record.due_at),
    reason: reasonShown(record),
    changed_at: time(record.changed_at * 1000),
    row_id: record.row_id,
    message_id: record.message_id,
    process_id: record.process_id,
    link: objectLink(record, portal),
  };
}

/** As comma-separated values (RFC 4180), with a mark by which spreadsheets know UTF-8. */
export async function* exportCsv(
  books: Books,
  filter: DeliveryFilter,
  portals: Portals,
): AsyncGenerator<string> {
  yield `\ufeff${COLUMNS.join(',')}\r\n`;
  for await (const row of rowsOf(books, filter, portals)) {
    yield `${COLUMNS.map((column) => cellOf(row[column])).join(',')}\r\n`;
  }
}

/** As one JSON array, a row a line. */
export async function* exportJson(
  books: Books,
  filter: DeliveryFilter,
  portals: Portals,
): AsyncGenerator<string> {
  let before = '[';
  for await (const row of rowsOf(books, filter, portals)) {
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
