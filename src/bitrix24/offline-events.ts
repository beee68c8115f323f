import { MAX_IDS_PER_COMMAND, type RestCommand } from './batch.js';
import { RequestRefused, UnreadableAnswer } from './errors.js';
import { isObject, textOf, wholeNumber } from './json-values.js';

/** Fields with the operator before the name (`=`, `>`, `<`, `>=`, `<=`), e.g. `{ '>PROCESS_ID': '' }`. */
export type EventFilter = Readonly<Record<string, string | number>>;
export type EventOrder = Readonly<Record<string, 'ASC' | 'DESC'>>;

/** One row of a portal's offline queue. */
export interface OfflineEvent {
  /** `ID`, the row's key. */
  rowId: string;
  /** `TIMESTAMP_X` in Unix seconds. */
  changedAt: number;
  /** Event code in capitals, e.g. `ONCRMDEALUPDATE`; `UNKNOWN` where the row has none. */
  event: string;
  /** `EVENT_DATA` as it came; null where the row has none. */
  data: unknown;
  userId: string | null;
  messageId: string;
}

/** A row as `event.offline.list` shows it. */
export interface ListedEvent extends OfflineEvent {
  /** The batch that reserved the row; '' for a pending one. */
  processId: string;
  errored: boolean;
}

export interface GetOptions {
  /** Rows at most, from 1. */
  limit: number;
  /** false keeps the rows on the portal, reserved; true deletes them and makes the answer their only copy. */
  clear: boolean;
  /** Fetch rows marked as failed instead of the others. */
  error?: boolean;
  /** Read what this batch still holds, reserving nothing. */
  processId?: string;
  filter?: EventFilter;
  /** By default the oldest change first. */
  order?: EventOrder;
}

/**
 * Stands, before the row's id, for a message id that is empty or holds a NUL: an event's own code chooses it. No mark
 * can name such a row, and it is delivered like any other.
 */
export const UNNAMED_MESSAGE = 'unnamed-row-';

const GET = 'event.offline.get';
const LIST = 'event.offline.list';
const CLEAR = 'event.offline.clear';
const ERROR = 'event.offline.error';
/** What the portal filters by; for any other field or operator it refuses the call. */
const GET_FILTER = /^[<>]?=?(?:ID|TIMESTAMP_X|EVENT_NAME|MESSAGE_ID)$/;
const LIST_FILTER = /^[<>]?=?(?:ID|TIMESTAMP_X|EVENT_NAME|MESSAGE_ID|PROCESS_ID|ERROR)$/;

/**
 * Reserves the next rows, or reads again what a batch holds.
 * @throws {RequestRefused} for a call that would be refused, or that would delete rows unseen
 */
export function getCommand(options: GetOptions): RestCommand {
  const { limit, clear, error = false, processId, filter, order } = options;
  if (!Number.isSafeInteger(limit) || limit < 1) throw refused(GET, `limit ${limit}`);
  if (processId !== undefined) {
    requireProcess(GET, processId);
    // The portal deletes the whole batch then, rows beyond the limit or of the other error flag included.
    if (clear) throw refused(GET, 'clear with a process_id');
  }
  return {
    method: GET,
    params: {
      limit,
      clear: clear ? 1 : 0,
      error: error ? 1 : 0,
      ...(processId === undefined ? {} : { process_id: processId }),
      ...listing(GET, filter, order),
    },
  };
}

/** Reads a page of 50 rows, reserved ones included, and changes nothing. */
export function listCommand(
  options: { filter?: EventFilter; order?: EventOrder; start?: number } = {},
): RestCommand {
  const { filter, order, start } = options;
  return {
    method: LIST,
    params: { ...listing(LIST, filter, order), ...(start === undefined ? {} : { start }) },
  };
}

/**
 * Deletes rows that a batch holds: the given ones, or, without `ids`, all of them, failed ones included.
 * @throws {RequestRefused} for an empty list, which the portal would take for "all", one too long, or no batch
 */
export function clearCommand(options: { processId: string; ids?: readonly string[] }): RestCommand {
  requireProcess(CLEAR, options.processId);
  const params: Record<string, unknown> = { process_id: options.processId };
  if (options.ids !== undefined) {
    requireList(CLEAR, options.ids);
    if (!options.ids.every((id) => /^[1-9]\d*$/.test(id))) throw refused(CLEAR, 'an id that is no number');
    params['id'] = options.ids;
  }
  return { method: CLEAR, params };
}

/**
 * Marks rows that a batch holds as failed. Every other row of those messages is deleted by the portal, so this
 * is only for messages which the batch holds, unmarked.
 * @throws {RequestRefused} for an empty or too long list, or without a batch: the portal would mark pending rows
 */
export function errorCommand(options: { processId: string; messageIds: readonly string[] }): RestCommand {
  requireProcess(ERROR, options.processId);
  requireList(ERROR, options.messageIds);
  if (options.messageIds.includes('')) throw refused(ERROR, 'an empty message_id');
  return { method: ERROR, params: { process_id: options.processId, message_id: options.messageIds } };
}

/**
 * Reads an answer of `event.offline.get`. Odd fields are forgiven, since refusing one row would keep all others
 * from being delivered. A row whose time cannot be read counts as changed when the answer was given: a fixed
 * substitute would give two changes of one object the same time, and consumers would drop the second as known.
 *
 * @param answeredAt Unix seconds, the answer's `time.start`
 * @throws {UnreadableAnswer} without a list of rows, or for a row that cannot be told apart from others
 */
export function parseGetResult(
  value: unknown,
  answeredAt: number,
): { processId: string | null; events: OfflineEvent[] } {
  if (!isObject(value)) throw new UnreadableAnswer(GET, 'no map');
  const processId = textOf(value['process_id']);
  return {
    processId: processId === '' ? null : processId,
    events: rowsOf(GET, value['events']).map((row) => parseRow(GET, row, answeredAt)),
  };
}

/**
 * Reads a page of `event.offline.list`, by the same rules.
 * @throws {UnreadableAnswer}
 */
export function parseListResult(value: unknown, answeredAt: number): ListedEvent[] {
  return rowsOf(LIST, value).map((row) => {
    const event = parseRow(LIST, row, answeredAt);
    const errored = row['ERROR'] === true || textOf(row['ERROR']) === '1';
    return { ...event, processId: textOf(row['PROCESS_ID']), errored };
  });
}

/** PHP writes a list as a map once its keys have a gap. */
function rowsOf(method: string, value: unknown): Record<string, unknown>[] {
  const rows: unknown[] | null = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : null;
  if (rows === null) throw new UnreadableAnswer(method, 'no list of rows');
  return rows.map((row) => {
    if (!isObject(row)) throw new UnreadableAnswer(method, 'a row that is no map');
    return row;
  });
}

function parseRow(method: string, row: Record<string, unknown>, answeredAt: number): OfflineEvent {
  const rowId = textOf(row['ID']);
  if (rowId === '') throw new UnreadableAnswer(method, 'a row without ID');
  const named = textOf(row['MESSAGE_ID']);
  const messageId = named === '' || named.includes('\0') ? `${UNNAMED_MESSAGE}${rowId}` : named;
  const additional = row['EVENT_ADDITIONAL'];
  const userId = isObject(additional) ? withoutNul(textOf(additional['user_id'])) : '';
  return {
    rowId,
    messageId,
    changedAt: unixSeconds(row['TIMESTAMP_X']) ?? Math.floor(answeredAt),
    event: withoutNul(textOf(row['EVENT_NAME'])).trim().toUpperCase() || 'UNKNOWN',
    // The portal writes false or null where an event has no data.
    data: row['EVENT_DATA'] === undefined || row['EVENT_DATA'] === false ? null : row['EVENT_DATA'],
    userId: userId === '' ? null : userId,
  };
}

/** PostgreSQL stores no NUL: one would keep all events of its batch from the ledger. */
function withoutNul(text: string): string {
  return text.replaceAll('\0', '\ufffd');
}

const ISO_WITH_OFFSET = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

function unixSeconds(value: unknown): number | null {
  if (typeof value === 'string' && ISO_WITH_OFFSET.test(value)) {
    const milliseconds = Date.parse(value);
    return Number.isNaN(milliseconds) ? null : Math.floor(milliseconds / 1000);
  }
  const seconds = wholeNumber(value);
  return seconds !== null && seconds > 0 && seconds < 100_000_000_000 ? seconds : null;
}

function listing(
  method: typeof GET | typeof LIST,
  filter?: EventFilter,
  order?: EventOrder,
): Record<string, unknown> {
  const wrong = Object.keys(filter ?? {}).find(
    (key) => !(method === GET ? GET_FILTER : LIST_FILTER).test(key),
  );
  if (wrong !== undefined) throw refused(method, `filter ${JSON.stringify(wrong)}`);
  return { ...(filter === undefined ? {} : { filter }), ...(order === undefined ? {} : { order }) };
}

function requireProcess(method: string, processId: string): void {
  if (processId.trim() === '') throw refused(method, 'an empty process_id');
}

function requireList(method: string, list: readonly string[]): void {
  if (list.length === 0 || list.length > MAX_IDS_PER_COMMAND) {
    throw refused(method, `${list.length} entries; 1 to ${MAX_IDS_PER_COMMAND} are possible`);
  }
}

function refused(method: string, description: string): RequestRefused {
  return new RequestRefused({ method, code: 'NOT_SENT', description });
}
