import { describe, expect, it } from '@jest/globals';
import { balance, type Pushed } from './books.js';
import { type Arrival } from './consumer.js';

const change = (rowId: number, changedAt: number, at: number): Pushed => ({
  memberId: 'm',
  connector: '',
  messageId: 'x',
  rowId,
  changedAt,
  at,
});
const arrival = (id: string, at: number, attempt = 1, more: Partial<Arrival> = {}): Arrival => ({
  id,
  memberId: 'm',
  messageId: 'x',
  processId: 'p',
  code: 'ONCRMDEALUPDATE',
  subject: 'crm.deal/1',
  origin: null,
  state: null,
  attempt,
  at,
  dead: false,
  spoilt: false,
  reported: false,
  ...more,
});

describe('the books', () => {
  it('call a change lost when neither it nor anything later of its object arrived', () => {
    const books = balance([change(1, 10, 10_000), change(2, 20, 20_000)], [arrival('m-1-10', 15_000)], []);
    expect(books.delivered).toBe(1);
    expect(books.lost).toEqual([change(2, 20, 20_000)]);
  });

  it('ask for the last change of a row only, as a portal merges them', () => {
    const merged = [change(1, 10, 10_000), change(1, 12, 12_000)];
    expect(balance(merged, [arrival('m-1-12', 13_000)], []).lost).toEqual([]);
    expect(balance(merged, [arrival('m-1-10', 11_000)], []).lost).toEqual([change(1, 12, 12_000)]);
  });

  it('count a change that a later retry of its object stands for', () => {
    const books = balance([change(2, 20, 20_000)], [arrival('m-1-10', 25_000, 2)], []);
    expect([books.delivered, books.takenIn, books.lost.length]).toEqual([0, 1, 0]);
  });

  it('call it lost although the first delivery of an earlier change arrives after it', () => {
    const books = balance([change(2, 20, 20_000)], [arrival('m-1-10', 25_000)], []);
    expect([books.takenIn, books.lost.length]).toEqual([0, 1]);
    for (const other of [arrival('m-3-30', 31_000), arrival('m-2-15', 25_000)])
      expect(balance([change(2, 20, 20_000)], [other], []).takenIn).toBe(1);
  });

  it('call a reported failure forgotten when nothing follows it', () => {
    const failed = arrival('m-1-10', 1, 1, { reported: true });
    expect(balance([], [failed, arrival('m-1-10', 2), arrival('m-2-20', 3)], []).forgotten).toEqual([failed]);
    for (const next of [
      arrival('m-1-10', 2, 2),
      arrival('m-1-10', 2, 1, { dead: true }),
      arrival('m-1-12', 2),
    ])
      expect(balance([], [failed, next], []).forgotten).toEqual([]);
  });

  it('count a copy of the same attempt as a duplicate, and a retry not', () => {
    const books = balance([], [arrival('a', 1), arrival('a', 2), arrival('a', 3, 2)], []);
    expect(books.duplicates).toBe(1);
  });

  it('ask for a delivery under each source key: a retry under one stands for nothing under another', () => {
    const erp = { ...change(2, 20, 20_000), connector: 'erp' };
    const books = balance([change(1, 10, 10_000), erp], [arrival('m-1-10', 25_000, 2)], []);
    expect(books.lost).toEqual([erp]);
  });

  it('count a change whose time could not be read by the time of the answer that showed it', () => {
    const later = [change(1, 10, 10_000)];
    expect(balance(later, [arrival('m-1-12', 12_000)], [], new Set(['m'])).assumed).toBe(1);
    // Shown before the change, it was another one.
    expect(balance(later, [arrival('m-1-9', 9_500)], [], new Set(['m'])).lost).toEqual(later);
    expect(balance(later, [arrival('m-1-12', 12_000)], [], new Set(['other'])).assumed).toBe(0);
  });

  it('name the ids of one change that arrived under several', () => {
    const arrived = [arrival('m-1-10', 11_000), arrival('m-1-12', 12_000)];
    expect(balance([change(1, 10, 10_000)], arrived, []).renamed).toEqual(['m-1-10', 'm-1-12']);
    expect(balance([change(1, 10, 10_000), change(1, 12, 12_000)], arrived, []).renamed).toEqual([]);
  });
});
