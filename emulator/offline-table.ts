import { type Condition, type Order } from './offline-filter.js';
import { type Row, type Scope, type StoredRow } from './offline-row.js';
import { ScopedRows, type Page, type Window } from './offline-scope.js';

/** The table itself. Knows nothing of REST. */
export class OfflineTable {
  private readonly byId = new Map<number, StoredRow>();
  private readonly scopes = new Map<number, Map<string, ScopedRows>>();
  private lastId = 0;

  get size(): number {
    return this.byId.size;
  }

  find(id: number): StoredRow | undefined {
    return this.byId.get(id);
  }

  all(): IterableIterator<StoredRow> {
    return this.byId.values();
  }

  ofMessage({ appId, connector }: Scope, messageId: string): StoredRow[] {
    return this.scope(appId, connector).ofMessage(messageId);
  }

  /** The pending row that a new change of the message merges into. */
  pendingOf({ appId, connector }: Scope, messageId: string): StoredRow | null {
    return this.scope(appId, connector).pendingOf(messageId);
  }

  heldUnder({ appId, connector }: Scope, processId: string): StoredRow[] {
    return this.scope(appId, connector).heldUnder(processId);
  }

  insert(fields: Omit<Row, 'ID'>): StoredRow {
    this.lastId += 1;
    const row: StoredRow = {
      ID: this.lastId,
      TIMESTAMP_X: fields.TIMESTAMP_X,
      MESSAGE_ID: fields.MESSAGE_ID,
      APP_ID: fields.APP_ID,
      CONNECTOR_ID: fields.CONNECTOR_ID,
      EVENT_NAME: fields.EVENT_NAME,
      EVENT_DATA: fields.EVENT_DATA,
      EVENT_ADDITIONAL: fields.EVENT_ADDITIONAL,
      PROCESS_ID: fields.PROCESS_ID,
      ERROR: fields.ERROR,
      merges: 0,
      nextByTime: null,
      previousByTime: null,
      nextById: null,
      previousById: null,
      sameMessage: null,
    };
    this.byId.set(row.ID, row);
    this.scopeOf(row).add(row);
    return row;
  }

  remove(row: StoredRow): void {
    if (this.byId.delete(row.ID)) this.scopeOf(row).remove(row);
  }

  /** Reserves a row for a batch, or returns it to the pending ones (`processId` = `''`). */
  move(row: StoredRow, processId: string, error: 0 | 1 = row.ERROR): void {
    const scope = this.scopeOf(row);
    scope.displace(row);
    row.PROCESS_ID = processId;
    row.ERROR = error;
    scope.place(row);
  }

  /** Merges a newer change into a pending row: it becomes the latest by time and keeps its ID and ERROR. */
  merge(row: StoredRow, change: Pick<Row, 'TIMESTAMP_X' | 'EVENT_DATA' | 'EVENT_ADDITIONAL'>): void {
    this.scopeOf(row).refresh(row, change);
  }

  /** Rows of a scope that meet the conditions. `total` counts beyond the limit, where it is asked for. */
  select(
    { appId, connector }: Scope,
    conditions: readonly Condition[],
    order: readonly Order[],
    window: Window,
  ): Page {
    return this.scope(appId, connector).select(conditions, order, window);
  }

  private scopeOf(row: Row): ScopedRows {
    return this.scope(row.APP_ID, row.CONNECTOR_ID);
  }

  private scope(appId: number, connector: string): ScopedRows {
    let connectors = this.scopes.get(appId);
    if (!connectors) {
      connectors = new Map();
      this.scopes.set(appId, connectors);
    }
    let rows = connectors.get(connector);
    if (!rows) {
      rows = new ScopedRows();
      connectors.set(connector, rows);
    }
    return rows;
  }
}
