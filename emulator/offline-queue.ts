import { createHash, randomBytes } from 'node:crypto';
import {
  type Change,
  type DestroyedRow,
  type GetInProgress,
  type GetParams,
  type GetResult,
  type JournalEntry,
  type ListParams,
  type ListResult,
  type OfflineEvent,
  type OfflineQueueOptions,
  type PushOutcome,
} from './offline-calls.js';
import { GET_COLUMNS, LIST_COLUMNS, parseFilter, parseOrder, type Condition } from './offline-filter.js';
import { idList, messageIdList, requiredProcessId } from './offline-params.js';
import { copyOf, type Row, type Scope, type StoredRow } from './offline-row.js';
import { OfflineTable } from './offline-table.js';
import { isPhpArray, phpEntries, phpInt, phpJson, phpString, phpValue } from './php.js';
import { printTimestamp, type TimestampStyle } from './portal-clock.js';
import { argumentError } from './rest-error.js';
import { Verbatim } from './verbatim.js';

/** Rows with `PROCESS_ID` set whose last change is older than this many seconds are cleaned up. */
export const PROCESS_ID_LIFETIME_SECONDS = 2_952_000;
const PAGE_SIZE = 50;

export const DEFAULT_SCOPE: Scope = { appId: 1, connector: '' };

/**
 * One portal's queue of offline events: pure, synchronous, with a clock from outside. Every method does
 * what the portal's own statements do, in their order, wanted or not.
 */
export class OfflineQueue {
  /** Every change ever pushed, oldest first. */
  readonly journal: JournalEntry[] = [];
  /** Rows lost through a careless call; see {@link DestroyedRow}. */
  readonly destroyed: DestroyedRow[] = [];
  /** Rows that the clean-up agent removed while they were reserved. */
  readonly expired: Row[] = [];
  /** How often a row was marked as failed, by whomever. */
  marks = 0;
  /** How `TIMESTAMP_X` is printed from now on. */
  timestamps: TimestampStyle;
  private readonly table = new OfflineTable();
  private readonly now: () => number;
  private readonly newProcessId: () => string;
  private readonly utcOffset: string;

  constructor(options: OfflineQueueOptions = {}) {
    this.now = options.now ?? Date.now;
    this.newProcessId = options.newProcessId ?? randomProcessId;
    this.utcOffset = options.utcOffset ?? '+02:00';
    this.timestamps = options.timestamps ?? 'iso';
  }

  get size(): number {
    return this.table.size;
  }

  /** Copies of all rows of all applications, in no particular order. */
  rows(): Row[] {
    return [...this.table.all()].map(copyOf);
  }

  /** Records a change, merging it into the pending row of the same message where there is one. */
  push(change: Change, appId: number = DEFAULT_SCOPE.appId): PushOutcome {
    const scope = { appId, connector: change.connector ?? '' };
    const data = dataOf(change);
    const messageId = change.messageId ?? messageIdOf(change.event, data);
    const fields = {
      TIMESTAMP_X: Math.floor(this.now() / 1000),
      EVENT_DATA: data,
      EVENT_ADDITIONAL: change.userId === null ? false : { user_id: change.userId ?? '1' },
    };
    const pending = this.table.pendingOf(scope, messageId);
    if (pending) this.table.merge(pending, fields);
    const row =
      pending ??
      this.table.insert({
        ...fields,
        MESSAGE_ID: messageId,
        APP_ID: appId,
        CONNECTOR_ID: scope.connector,
        EVENT_NAME: change.event,
        PROCESS_ID: '',
        ERROR: 0,
      });
    this.journal.push({
      id: row.ID,
      messageId,
      event: change.event,
      timestamp: row.TIMESTAMP_X,
      merges: row.merges,
    });
    return { id: row.ID, messageId, merged: pending !== null };
  }

  /** `event.offline.get`. @throws RestError 400 for a bad filter, order or limit */
  get(params: GetParams = {}, scope: Scope = DEFAULT_SCOPE): GetResult {
    return this.finishGet(this.beginGet(params, scope));
  }

  /**
   * First step of a get: chooses the rows. The portal's get is not atomic, so two of them may choose the
   * same rows before either reserves them. @throws RestError 400
   */
  beginGet(params: GetParams, scope: Scope = DEFAULT_SCOPE): GetInProgress {
    const given = params.process_id ?? null;
    const limit = params.limit === undefined || params.limit === null ? PAGE_SIZE : phpInt(params.limit);
    if (limit <= 0) throw argumentError("Value must be positive integer. Argument 'LIMIT'");
    const order = parseOrder(params.order, GET_COLUMNS, 'TIMESTAMP_X');
    const conditions: Condition[] = [
      ...parseFilter(params.filter, GET_COLUMNS),
      { column: 'ERROR', operator: '=', value: phpInt(params.error) === 1 ? 1 : 0 },
    ];
    const pending: Condition = { column: 'PROCESS_ID', operator: '=', value: '' };
    const window = { offset: 0, limit, counted: false };
    const clear = params.clear === undefined || params.clear === null || phpInt(params.clear) !== 0;
    const chosen =
      given === null ? this.table.select(scope, [...conditions, pending], order, window).rows : [];
    return {
      scope,
      processId: given === null ? this.newProcessId() : phpString(given).trim(),
      chosen: chosen.map((row) => row.ID),
      conditions,
      order,
      limit,
      clear,
      printsProcessId: given !== null || !clear,
    };
  }

  /** Second step of a get: reserves what was chosen, reads it back, deletes it when asked to clear. */
  finishGet(get: GetInProgress): GetResult {
    const { scope, processId, conditions, order, limit } = get;
    for (const id of get.chosen) {
      const row = this.table.find(id);
      if (row) this.table.move(row, processId);
    }
    const held: Condition = { column: 'PROCESS_ID', operator: '=', value: processId };
    const window = { offset: 0, limit, counted: false };
    const { rows } = this.table.select(scope, [...conditions, held], order, window);
    const events = rows.map((row) => this.print(row));
    if (get.clear && rows.length > 0) {
      const printed = new Set(rows);
      const whole = this.underProcess(scope, processId);
      const unseen = whole.filter((row) => !printed.has(row)).map(copyOf);
      this.destroyed.push(...this.blame('event.offline.get', processId, unseen));
      for (const row of whole) this.table.remove(row);
    }
    return { process_id: get.printsProcessId ? processId : null, events };
  }

  /** `event.offline.list`: a page of 50, changes nothing. @throws RestError 400 for a bad filter or order */
  list(params: ListParams = {}, scope: Scope = DEFAULT_SCOPE): ListResult {
    const conditions = parseFilter(params.filter, LIST_COLUMNS);
    const order = parseOrder(params.order, LIST_COLUMNS, 'ID');
    const offset = Math.max(0, phpInt(params.start));
    const window = { offset, limit: PAGE_SIZE, counted: true };
    const { rows, total } = this.table.select(scope, conditions, order, window);
    const events = rows.map((row) => ({
      ...this.print(row),
      PROCESS_ID: row.PROCESS_ID,
      ERROR: String(row.ERROR),
    }));
    const next = offset + rows.length;
    return next < total ? { events, total, next } : { events, total };
  }

  /**
   * `event.offline.clear`: deletes what `process_id` holds: all of it, or the given ids. An empty list
   * counts as no list. Where both lists are given, `message_id` wins.
   * @returns the number of rows deleted
   * @throws RestError 400 without a process id, for a bad id, or a message id not 32 characters long
   */
  clear(
    params: { process_id?: unknown; id?: unknown; message_id?: unknown },
    scope: Scope = DEFAULT_SCOPE,
  ): number {
    const processId = requiredProcessId(params.process_id);
    let doomed = this.underProcess(scope, processId);
    if (params.message_id !== undefined && params.message_id !== null) {
      const wanted = new Set(messageIdList(params.message_id));
      if (wanted.size > 0) doomed = doomed.filter((row) => wanted.has(row.MESSAGE_ID));
    } else if (params.id !== undefined && params.id !== null) {
      const wanted = new Set(idList(params.id));
      if (wanted.size > 0) doomed = doomed.filter((row) => wanted.has(row.ID));
    }
    // An empty process id names every pending row, none of which was read yet.
    if (processId === '') {
      this.destroyed.push(...this.blame('event.offline.clear', processId, doomed.map(copyOf)));
    }
    for (const row of doomed) this.table.remove(row);
    return doomed.length;
  }

  /**
   * `event.offline.error`. For rows with ERROR=0 of the given messages: first deletes every row that
   * `process_id` does not hold, then marks the one that it holds and returns it to the pending rows.
   * @throws RestError 400 without a process id or a list
   */
  error(
    params: { process_id?: unknown; message_id?: unknown },
    scope: Scope = DEFAULT_SCOPE,
  ): { marked: number; deleted: number } {
    const processId = requiredProcessId(params.process_id);
    if (!isPhpArray(params.message_id)) {
      throw argumentError("Value must be array of MESSAGE_ID values. Argument 'message_id'");
    }
    let marked = 0;
    let deleted = 0;
    for (const messageId of new Set(phpEntries(params.message_id).map(([, id]) => phpString(id)))) {
      const rows = this.table.ofMessage(scope, messageId).filter((row) => row.ERROR === 0);
      const held = rows.filter((row) => row.PROCESS_ID === processId);
      const others = rows.filter((row) => row.PROCESS_ID !== processId);
      if (held.length === 0) {
        this.destroyed.push(...this.blame('event.offline.error', processId, others.map(copyOf)));
      }
      for (const row of others) this.table.remove(row);
      for (const row of held) this.table.move(row, '', 1);
      marked += held.length;
      deleted += others.length;
    }
    this.marks += marked;
    return { marked, deleted };
  }

  /** Deletes reserved rows whose last change is too old, however recently they were reserved. */
  runCleanupAgent(): number {
    const oldest = Math.floor(this.now() / 1000) - PROCESS_ID_LIFETIME_SECONDS;
    const doomed = [...this.table.all()].filter((row) => row.PROCESS_ID !== '' && row.TIMESTAMP_X < oldest);
    for (const row of doomed) {
      this.expired.push(copyOf(row));
      this.table.remove(row);
    }
    return doomed.length;
  }

  private underProcess(scope: Scope, processId: string): StoredRow[] {
    if (processId !== '') return this.table.heldUnder(scope, processId);
    const window = { offset: 0, limit: Infinity, counted: false };
    const pending: Condition = { column: 'PROCESS_ID', operator: '=', value: '' };
    return this.table.select(scope, [pending], [], window).rows;
  }

  private blame(method: DestroyedRow['by']['method'], processId: string, rows: Row[]): DestroyedRow[] {
    const at = this.now();
    return rows.map((row) => ({ row, by: { method, processId, at } }));
  }

  private print(row: Row): OfflineEvent {
    return {
      ID: String(row.ID),
      TIMESTAMP_X: printTimestamp(row.TIMESTAMP_X, this.utcOffset, this.timestamps),
      EVENT_NAME: row.EVENT_NAME,
      EVENT_DATA: row.EVENT_DATA,
      EVENT_ADDITIONAL: row.EVENT_ADDITIONAL,
      MESSAGE_ID: row.MESSAGE_ID,
    };
  }
}

function dataOf({ data, dataText }: Change): unknown {
  if (dataText !== undefined) return new Verbatim(dataText);
  return data === undefined ? false : phpValue(data);
}

/** The id a portal gives to a change whose own code supplies none. */
function messageIdOf(event: string, data: unknown): string {
  return createHash('md5')
    .update(`${event}|${phpJson(data)}`)
    .digest('hex');
}

function randomProcessId(): string {
  // 252 is the largest multiple of 36 in a byte: modulo of what lies above would favour some letters.
  let id = '';
  while (id.length < 32) {
    for (const byte of randomBytes(40)) {
      if (byte < 252 && id.length < 32) id += (byte % 36).toString(36);
    }
  }
  return id;
}
