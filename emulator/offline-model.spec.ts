import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OfflineQueue, PROCESS_ID_LIFETIME_SECONDS } from './offline-queue.js';

interface PlainRow {
  id: number;
  time: number;
  message: string;
  process: string;
  error: 0 | 1;
  data: unknown;
  /** Order in which rows last became or changed as pending ones: decides between equal times. */
  placed: number;
}

/** The same statements over a plain list, without any index. */
class PlainTable {
  rows: PlainRow[] = [];
  destroyed: number[] = [];
  private lastId = 0;
  private placed = 0;

  push(message: string, time: number, data: unknown): void {
    this.placed += 1;
    const pending = this.rows.find((row) => row.message === message && row.process === '');
    if (pending) {
      Object.assign(pending, { time, data, placed: this.placed });
      return;
    }
    this.lastId += 1;
    this.rows.push({ id: this.lastId, time, message, process: '', error: 0, data, placed: this.placed });
  }

  get(process: string, error: 0 | 1, limit: number, byId: boolean, clear: boolean): number[] {
    const chosen = this.rows
      .filter((row) => row.process === '' && row.error === error)
      .sort((a, b) => (byId ? a.id - b.id : a.time - b.time || a.placed - b.placed))
      .slice(0, limit);
    for (const row of chosen) row.process = process;
    if (clear) this.rows = this.rows.filter((row) => row.process !== process);
    // The answer is a second query, which knows nothing of the order in which the first one chose.
    return chosen.sort((a, b) => (byId ? 0 : a.time - b.time) || a.id - b.id).map((row) => row.id);
  }

  clear(process: string, ids: number[]): void {
    this.rows = this.rows.filter(
      (row) => row.process !== process || (ids.length > 0 && !ids.includes(row.id)),
    );
  }

  error(process: string, messages: string[]): void {
    for (const message of new Set(messages)) {
      const rows = this.rows.filter((row) => row.message === message && row.error === 0);
      const others = rows.filter((row) => row.process !== process);
      const held = rows.filter((row) => row.process === process);
      if (held.length === 0) this.destroyed.push(...others.map((row) => row.id));
      this.rows = this.rows.filter((row) => !others.includes(row));
      for (const row of held) {
        this.placed += 1;
        Object.assign(row, { process: '', error: 1, placed: this.placed });
      }
    }
  }

  cleanup(now: number): void {
    this.rows = this.rows.filter(
      (row) => row.process === '' || row.time >= now - PROCESS_ID_LIFETIME_SECONDS,
    );
  }
}

const object = fc.integer({ min: 0, max: 5 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('push' as const), object }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('get' as const),
      error: fc.constantFrom<0 | 1>(0, 1),
      limit: fc.integer({ min: 1, max: 4 }),
      byId: fc.boolean(),
      clear: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('error' as const),
      batch: fc.integer({ min: -1, max: 6 }),
      objects: fc.array(object, { maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('clear' as const),
      batch: fc.integer({ min: 0, max: 6 }),
      ids: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 9 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('age' as const) }) },
);

describe('OfflineQueue against the same statements over a plain list', () => {
  it('keeps the same rows, gives the same answers and destroys the same changes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let now = 1_700_000_000_000;
        let batches = 0;
        const plain = new PlainTable();
        const queue = new OfflineQueue({ now: () => now, newProcessId: () => `p${batches}` });
        for (const [index, one] of steps.entries()) {
          switch (one.kind) {
            case 'push':
              queue.push({ event: 'ONX', data: index, messageId: `m${one.object}` });
              plain.push(`m${one.object}`, now / 1000, index);
              break;
            case 'get': {
              batches += 1;
              const { error, limit, byId, clear } = one;
              const order = byId ? { order: { ID: 'ASC' } } : {};
              const { events } = queue.get({ error, limit, clear: clear ? 1 : 0, ...order });
              expect(events.map((event) => Number(event.ID))).toEqual(
                plain.get(`p${batches}`, error, limit, byId, clear),
              );
              break;
            }
            case 'error': {
              const process = one.batch < 0 ? '' : `p${one.batch}`;
              const messages = one.objects.map((id) => `m${id}`);
              queue.error({ process_id: process, message_id: messages });
              plain.error(process, messages);
              break;
            }
            case 'clear':
              queue.clear({ process_id: `p${one.batch}`, id: one.ids });
              plain.clear(`p${one.batch}`, one.ids);
              break;
            case 'wait':
              now += one.seconds * 1000;
              break;
            case 'age':
              now += (PROCESS_ID_LIFETIME_SECONDS / 2) * 1000;
              queue.runCleanupAgent();
              plain.cleanup(now / 1000);
              break;
          }
          const rows = queue
            .rows()
            .map((row) => [row.ID, row.TIMESTAMP_X, row.PROCESS_ID, row.ERROR, row.EVENT_DATA]);
          const expected = plain.rows.map((row) => [row.id, row.time, row.process, row.error, row.data]);
          expect(rows).toEqual(expected);
          for (const row of plain.rows) {
            const listed = queue.list({ filter: { ID: row.id, PROCESS_ID: row.process, ERROR: row.error } });
            expect(listed.total).toBe(1);
          }
        }
        // One call destroys a set of rows; in which order is nobody's promise.
        const inOrder = (ids: readonly number[]) => [...ids].sort((a, b) => a - b);
        expect(inOrder(queue.destroyed.map(({ row }) => row.ID))).toEqual(inOrder(plain.destroyed));
      }),
      {
        numRuns: 300,
        // One call that destroys two rows.
        examples: [
          [
            [
              { kind: 'push', object: 1 },
              { kind: 'get', error: 0, limit: 1, byId: false, clear: false },
              { kind: 'push', object: 1 },
              { kind: 'error', batch: 0, objects: [1] },
            ],
          ],
        ],
      },
    );
  });
});
