import { comparator, matches, type Condition, type Order } from './offline-filter.js';
import { RowChain, type Row, type StoredRow } from './offline-row.js';

interface PendingRows {
  readonly byTime: RowChain;
  readonly byId: RowChain;
}

export interface Window {
  readonly offset: number;
  readonly limit: number;
  /** Whether `total` is wanted. */
  readonly counted: boolean;
}

export interface Page {
  readonly rows: StoredRow[];
  readonly total: number;
}

/** All rows of one application and source key, with the indexes that keep a million of them usable. */
export class ScopedRows {
  /** First row of each message; the others follow by `sameMessage`. */
  private readonly byMessage = new Map<string, StoredRow>();
  private readonly pending: readonly [PendingRows, PendingRows] = [pendingRows(), pendingRows()];
  private readonly held = new Map<string, Set<StoredRow>>();

  ofMessage(messageId: string): StoredRow[] {
    const rows: StoredRow[] = [];
    for (let row = this.byMessage.get(messageId) ?? null; row; row = row.sameMessage) rows.push(row);
    return rows;
  }

  pendingOf(messageId: string): StoredRow | null {
    let row = this.byMessage.get(messageId) ?? null;
    while (row && row.PROCESS_ID !== '') row = row.sameMessage;
    return row;
  }

  heldUnder(processId: string): StoredRow[] {
    return [...(this.held.get(processId) ?? [])];
  }

  add(row: StoredRow): void {
    row.sameMessage = this.byMessage.get(row.MESSAGE_ID) ?? null;
    this.byMessage.set(row.MESSAGE_ID, row);
    this.place(row);
  }

  remove(row: StoredRow): void {
    this.displace(row);
    const first = this.byMessage.get(row.MESSAGE_ID) ?? null;
    if (first !== row) {
      let before = first;
      while (before && before.sameMessage !== row) before = before.sameMessage;
      if (before) before.sameMessage = row.sameMessage;
    } else if (row.sameMessage) {
      this.byMessage.set(row.MESSAGE_ID, row.sameMessage);
    } else {
      this.byMessage.delete(row.MESSAGE_ID);
    }
    row.sameMessage = null;
  }

  place(row: StoredRow): void {
    if (row.PROCESS_ID === '') {
      const { byTime, byId } = this.pending[row.ERROR];
      byTime.append(row);
      byId.append(row);
      return;
    }
    const batch = this.held.get(row.PROCESS_ID);
    if (batch) batch.add(row);
    else this.held.set(row.PROCESS_ID, new Set([row]));
  }

  displace(row: StoredRow): void {
    if (row.PROCESS_ID === '') {
      const { byTime, byId } = this.pending[row.ERROR];
      byTime.remove(row);
      byId.remove(row);
      return;
    }
    const batch = this.held.get(row.PROCESS_ID);
    batch?.delete(row);
    if (batch?.size === 0) this.held.delete(row.PROCESS_ID);
  }

  /** Puts newer content into a pending row, which becomes the latest by time. */
  refresh(row: StoredRow, change: Pick<Row, 'TIMESTAMP_X' | 'EVENT_DATA' | 'EVENT_ADDITIONAL'>): void {
    const { byTime } = this.pending[row.ERROR];
    byTime.remove(row);
    Object.assign(row, change);
    row.merges += 1;
    byTime.append(row);
  }

  select(conditions: readonly Condition[], order: readonly Order[], window: Window): Page {
    const chain = this.orderedChain(conditions, order);
    if (chain) return fromChain(chain, conditions, window);
    const found = [...this.candidates(conditions)].filter((row) => matches(row, conditions));
    found.sort(comparator(order));
    return { rows: found.slice(window.offset, window.offset + window.limit), total: found.length };
  }

  /** The chain of pending rows that stands in the wanted order already, where there is one. */
  private orderedChain(conditions: readonly Condition[], order: readonly Order[]): RowChain | null {
    const [first, ...rest] = order;
    if (!first || rest.length > 0 || first.descending) return null;
    if (first.column !== 'ID' && first.column !== 'TIMESTAMP_X') return null;
    const error = equalTo(conditions, 'ERROR');
    if (equalTo(conditions, 'PROCESS_ID') !== '' || (error !== 0 && error !== 1)) return null;
    const rows = this.pending[error];
    return first.column === 'ID' ? rows.byId : rows.byTime;
  }

  private candidates(conditions: readonly Condition[]): Iterable<StoredRow> {
    const messageId = equalTo(conditions, 'MESSAGE_ID');
    if (typeof messageId === 'string') return this.ofMessage(messageId);
    const processId = equalTo(conditions, 'PROCESS_ID');
    if (typeof processId === 'string' && processId !== '') return this.heldUnder(processId);
    const held = [...this.held.values()].flatMap((batch) => [...batch]);
    if (conditions.some((c) => c.column === 'PROCESS_ID' && c.operator === '>' && c.value === '')) {
      return held;
    }
    const pending = [...this.pending[0].byId, ...this.pending[1].byId];
    return processId === '' ? pending : [...pending, ...held];
  }
}

const pendingRows = (): PendingRows => ({ byTime: new RowChain('TIMESTAMP_X'), byId: new RowChain('ID') });

function fromChain(
  chain: RowChain,
  conditions: readonly Condition[],
  { offset, limit, counted }: Window,
): Page {
  const error = equalTo(conditions, 'ERROR');
  const residual = conditions.filter(({ column, operator, value }) => {
    const settledByChain = column === 'PROCESS_ID' ? value === '' : column === 'ERROR' && value === error;
    return operator !== '=' || !settledByChain;
  });
  const needsCount = counted && residual.length > 0;
  const rows: StoredRow[] = [];
  let total = 0;
  for (const row of chain) {
    if (rows.length >= limit && !needsCount) break;
    if (!matches(row, residual)) continue;
    total += 1;
    if (total > offset && rows.length < limit) rows.push(row);
  }
  return { rows, total: residual.length === 0 ? chain.size : total };
}

function equalTo(conditions: readonly Condition[], column: Condition['column']): string | number | undefined {
  return conditions.find((c) => c.column === column && c.operator === '=')?.value;
}
