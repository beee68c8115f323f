import { describe, expect, it } from '@jest/globals';
import { type StoredReport } from '../../ledger/lease-book.js';
import { ReportReader } from './report-reader.js';

const TEXT = '{"form":1,"portals":{"m1":{"rate":2}}}';

describe('the reader of what replicas tell', () => {
  it('says when each told by its own clock, the same at every look, and forgets who is gone', async () => {
    let rows: StoredReport[] = [{ replica: 'b', writtenAt: 5, age: 60_000, text: TEXT }];
    const asked: ReadonlyMap<string, number>[] = [];
    const reader = new ReportReader((known) => {
      asked.push(known);
      return Promise.resolve(rows);
    });
    const before = Date.now();
    const first = (await reader.read()).get('b')?.get('m1');
    expect(first?.rate).toBe(2);
    expect((first?.at ?? 0) + 60_000).toBeGreaterThanOrEqual(before);
    expect((first?.at ?? 0) + 60_000).toBeLessThanOrEqual(Date.now());

    rows = [{ replica: 'b', writtenAt: 5, age: 60_700, text: null }];
    expect((await reader.read()).get('b')?.get('m1')).toBe(first);
    rows = [{ replica: 'b', writtenAt: 6, age: 0, text: 'not JSON' }];
    expect((await reader.read()).get('b')?.size).toBe(0);
    rows = [];
    expect((await reader.read()).size).toBe(0);
    expect(asked.map((known) => [...known])).toEqual([[], [['b', 5]], [['b', 5]], [['b', 6]]]);
  });
});
