import { type Condition, type Order } from './offline-filter.js';
import { type Row, type Scope } from './offline-row.js';
import { type TimestampStyle } from './portal-clock.js';

export interface OfflineQueueOptions {
  /** Clock, milliseconds since the epoch. */
  now?: () => number;
  /** Makes the id of a batch: 32 characters of 0-9a-z. */
  newProcessId?: () => string;
  /** The portal's offset in the timestamps it prints, `+02:00` by default. */
  utcOffset?: string;
  /** How it prints them, `iso` by default. */
  timestamps?: TimestampStyle;
}

export interface Change {
  event: string;
  /** What an online handler would get as `data`; `false` when left out. */
  data?: unknown;
  /** The same as JSON text, which the portal prints as it is: `{"FIELDS":{"ID":9007199254740993}}`. */
  dataText?: string;
  /** The user who made the change, `'1'` by default; `null` prints `EVENT_ADDITIONAL: false`. */
  userId?: string | null;
  /** Overrides md5(event|json(data)); up to 100 characters of any text. */
  messageId?: string;
  connector?: string;
}

export interface PushOutcome {
  id: number;
  messageId: string;
  /** True when the change went into a row that was pending already. */
  merged: boolean;
}

/** One pushed change. `merges` counts the merges of its row up to and with this change. */
export interface JournalEntry {
  readonly id: number;
  readonly messageId: string;
  readonly event: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly merges: number;
}

/** A change that a careless call threw away: it will never be delivered. */
export interface DestroyedRow {
  readonly row: Row;
  readonly by: {
    readonly method: 'event.offline.error' | 'event.offline.get' | 'event.offline.clear';
    readonly processId: string;
    /** Milliseconds since the epoch. */
    readonly at: number;
  };
}

export interface GetParams {
  filter?: unknown;
  order?: unknown;
  limit?: unknown;
  clear?: unknown;
  process_id?: unknown;
  error?: unknown;
}

export interface ListParams {
  filter?: unknown;
  order?: unknown;
  start?: unknown;
}

/** A row as `event.offline.get` prints it. */
export interface OfflineEvent {
  ID: string;
  /** ISO 8601 unless the queue was told otherwise. */
  TIMESTAMP_X: unknown;
  EVENT_NAME: string;
  EVENT_DATA: unknown;
  EVENT_ADDITIONAL: unknown;
  MESSAGE_ID: string;
}

/** A row as `event.offline.list` prints it. */
export interface OfflineListedEvent extends OfflineEvent {
  PROCESS_ID: string;
  ERROR: string;
}

export interface GetResult {
  process_id: string | null;
  events: OfflineEvent[];
}

export interface ListResult {
  events: OfflineListedEvent[];
  total: number;
  next?: number;
}

/** A get between its two steps: the rows are chosen but not yet reserved. */
export interface GetInProgress {
  readonly scope: Scope;
  readonly processId: string;
  readonly chosen: readonly number[];
  readonly conditions: readonly Condition[];
  readonly order: readonly Order[];
  readonly limit: number;
  readonly clear: boolean;
  readonly printsProcessId: boolean;
}
