/** A row of a portal's table of offline events. */
export interface Row {
  readonly ID: number;
  /** Last change, Unix seconds. A merge moves it, a reservation does not. */
  readonly TIMESTAMP_X: number;
  readonly MESSAGE_ID: string;
  readonly APP_ID: number;
  readonly CONNECTOR_ID: string;
  readonly EVENT_NAME: string;
  readonly EVENT_DATA: unknown;
  readonly EVENT_ADDITIONAL: unknown;
  /** `''` while pending, otherwise the id of the batch that reserved the row. */
  readonly PROCESS_ID: string;
  readonly ERROR: 0 | 1;
}

/** Whose rows a call sees: every method is limited to one application and one source key. */
export interface Scope {
  readonly appId: number;
  readonly connector: string;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A row as the table keeps it: it also carries its places in the lists that it stands in. */
export interface StoredRow extends Writable<Row> {
  merges: number;
  nextByTime: StoredRow | null;
  previousByTime: StoredRow | null;
  nextById: StoredRow | null;
  previousById: StoredRow | null;
  /** The next row of the same message. */
  sameMessage: StoredRow | null;
}

export function copyOf(row: Row): Row {
  const { ID, TIMESTAMP_X, MESSAGE_ID, APP_ID, CONNECTOR_ID, EVENT_NAME } = row;
  const { EVENT_DATA, EVENT_ADDITIONAL, PROCESS_ID, ERROR } = row;
  return {
    ID,
    TIMESTAMP_X,
    MESSAGE_ID,
    APP_ID,
    CONNECTOR_ID,
    EVENT_NAME,
    EVENT_DATA,
    EVENT_ADDITIONAL,
    PROCESS_ID,
    ERROR,
  };
}

/**
 * A linked list of rows kept in one order. Rows nearly always arrive in that order already, so taking the
 * first few hundred of a million costs a few hundred steps; where they do not, the chain is sorted on the
 * next read.
 */
export class RowChain {
  size = 0;
  private head: StoredRow | null = null;
  private tail: StoredRow | null = null;
  private sorted = true;
  private readonly next: 'nextByTime' | 'nextById';
  private readonly previous: 'previousByTime' | 'previousById';

  constructor(private readonly column: 'TIMESTAMP_X' | 'ID') {
    this.next = column === 'ID' ? 'nextById' : 'nextByTime';
    this.previous = column === 'ID' ? 'previousById' : 'previousByTime';
  }

  append(row: StoredRow): void {
    if (this.tail && this.tail[this.column] > row[this.column]) this.sorted = false;
    row[this.previous] = this.tail;
    row[this.next] = null;
    if (this.tail) this.tail[this.next] = row;
    else this.head = row;
    this.tail = row;
    this.size += 1;
  }

  remove(row: StoredRow): void {
    const previous = row[this.previous];
    const next = row[this.next];
    if (previous) previous[this.next] = next;
    else this.head = next;
    if (next) next[this.previous] = previous;
    else this.tail = previous;
    row[this.previous] = null;
    row[this.next] = null;
    this.size -= 1;
    if (this.size === 0) this.sorted = true;
  }

  *[Symbol.iterator](): IterableIterator<StoredRow> {
    if (!this.sorted) this.sort();
    let row = this.head;
    while (row) {
      const next: StoredRow | null = row[this.next];
      yield row;
      row = next;
    }
  }

  private sort(): void {
    const rows: StoredRow[] = [];
    for (let row = this.head; row; row = row[this.next]) rows.push(row);
    rows.sort((a, b) => a[this.column] - b[this.column]);
    this.head = null;
    this.tail = null;
    this.size = 0;
    this.sorted = true;
    for (const row of rows) this.append(row);
  }
}
