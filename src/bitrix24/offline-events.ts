import { createHash } from 'node:crypto';
import { MAX_IDS_PER_COMMAND, type RestCommand } from './batch.js';
import { changeTime } from './change-time.js';
import { RequestRefused, UnreadableAnswer } from './errors.js';
import { isObject, textOf } from './json-values.js';

/** Fields with the operator before the name (`=`, `>`, `<`, `>=`, `<=`), e.g. `{ '>PROCESS_ID': '' }`. */
type EventFilter = Readonly<Record<string, string | number>>;
type EventOrder = Readonly<Record<string, 'ASC' | 'DESC'>>;

/** One row of a portal's offline queue. */
export interface OfflineEvent {
  /** `ID`, the row's key. */
  rowId: string;
  /** `TIMESTAMP_X` in Unix seconds. */
  changedAt: number;
  /** The time could not be read: `changedAt` is when the answer was given. */
  timeAssumed?: true;
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

interface GetOptions {
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
 * Stands, before the row's id, for a message id that is empty, holds a NUL, or is longer than any portal stores: an
 * event's own code chooses it. No mark can name such a row, and it is delivered like any other.
 */
const UNNAMED_MESSAGE = 'unnamed-row-';

/**
 * Characters. A portal's columns are shorter; a server that pretends to be one may send a megabyte, which would stand in every
 * log line, page and table that tells of the row.
 */
const LONGEST_EVENT = 1000;
const LONGEST_MESSAGE_ID = 255;
const LONGEST_ROW_ID = 100;
const LONGEST_USER_ID = 255;

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
 * from being delivered. A row whose time cannot be read is assumed to have changed when the answer was given, and says
 * so: a fixed substitute would give two changes of one object the same time, and consumers would drop the second as
 * known. The ledger tells which of them it has met before.
 *
 * @param answeredAt Unix seconds, the answer's `time.start`
 * @throws {UnreadableAnswer} without a list of rows, or for a row that cannot be told apart from others
 */
export function parseGetResult(
  value: unknown,
  answeredAt: number,
): { processId: string | null; events: OfflineEvent[] } {
  if (!isObject(value)) throw new UnreadableAnswer(GET, 'no map');
  const processId = processIdOf(GET, value['process_id']);
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
    return { ...event, processId: processIdOf(LIST, row['PROCESS_ID']), errored };
  });
}

/** Portals make them of 32 characters. Whatever was reserved under such a text could not be named again. */
const LONGEST_PROCESS_ID = 255;

function processIdOf(method: string, value: unknown): string {
  const processId = textOf(value);
  if (processId.length <= LONGEST_PROCESS_ID) return processId;
  throw new UnreadableAnswer(method, `a process_id of ${processId.length} characters`);
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
  if (rowId.length > LONGEST_ROW_ID)
    throw new UnreadableAnswer(method, `a row with an ID of ${rowId.length} characters`);
  const named = textOf(row['MESSAGE_ID']);
  const usable = named !== '' && named.length <= LONGEST_MESSAGE_ID && !named.includes('\0');
  const messageId = usable ? named : `${UNNAMED_MESSAGE}${rowId}`;
  const additional = row['EVENT_ADDITIONAL'];
  const changedAt = changeTime(row['TIMESTAMP_X']);
  const userId = isObject(additional)
    ? withoutNul(textOf(additional['user_id']).slice(0, LONGEST_USER_ID))
    : '';
  return {
    rowId,
    messageId,
    changedAt: changedAt ?? Math.floor(answeredAt),
    ...(changedAt === null ? { timeAssumed: true } : {}),
    event: eventCode(textOf(row['EVENT_NAME'])),
    // The portal writes false or null where an event has no data.
    data: row['EVENT_DATA'] === undefined || row['EVENT_DATA'] === false ? null : row['EVENT_DATA'],
    userId: userId === '' ? null : userId,
  };
}

/** One that is longer than anything that could be delivered is cut, and told from others by its hash. */
function eventCode(name: string): string {
  const code = withoutNul(name).trim().toUpperCase();
  if (code.length <= LONGEST_EVENT) return code || 'UNKNOWN';
  const hash = createHash('sha256').update(code).digest('hex').slice(0, 16).toUpperCase();
  // Not within a character.
  return `${code.slice(0, LONGEST_EVENT).replace(/[\ud800-\udbff]$/, '')}…${hash}`;
}

/** PostgreSQL stores no NUL: one would keep all events of its batch from the ledger. */
function withoutNul(text: string): string {
  return text.replaceAll('\0', '\ufffd');
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
