import { beforeEach, describe, expect, it } from '@jest/globals';
import { OfflineQueue } from './offline-queue.js';
import { TestClock } from './fixtures/test-clock.js';

describe('OfflineQueue', () => {
  let clock: TestClock;
  let queue: OfflineQueue;

  beforeEach(() => {
    clock = new TestClock();
    queue = new OfflineQueue({ now: clock.now });
  });

  const change = (id: string | number, extra: { messageId?: string; connector?: string } = {}) =>
    queue.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: String(id) } }, ...extra });

  it('prints rows as REST does', () => {
    queue.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: '123' } } });
    expect(queue.get({ clear: 0 }).events).toEqual([
      {
        ID: '1',
        TIMESTAMP_X: '2024-07-18T12:32:31+02:00',
        EVENT_NAME: 'ONCRMDEALUPDATE',
        EVENT_DATA: { FIELDS: { ID: '123' } },
        EVENT_ADDITIONAL: { user_id: '1' },
        // PHP: md5('ONCRMDEALUPDATE|{"FIELDS":{"ID":"123"}}');
        MESSAGE_ID: '807a9d89d548277bd771c0d4a890cfa5',
      },
    ]);
  });

  it('prints false where there is neither data nor a user, and [] for empty data', () => {
    queue.push({ event: 'ONA', userId: null });
    queue.push({ event: 'ONB', data: null });
    queue.push({ event: 'ONC', data: { FIELDS: {} } });
    expect(queue.get().events).toMatchObject([
      { EVENT_DATA: false, EVENT_ADDITIONAL: false },
      { EVENT_DATA: null },
      { EVENT_DATA: { FIELDS: [] } },
    ]);
  });

  it('merges into the pending row and starts a second one while the first is reserved', () => {
    expect(change(1)).toMatchObject({ id: 1, merged: false });
    clock.forward(3);
    expect(change(1)).toMatchObject({ id: 1, merged: true });
    queue.get({ clear: 0 });
    expect(change(1)).toMatchObject({ id: 2, merged: false });
    expect(queue.rows()).toHaveLength(2);
    expect(queue.journal.map(({ id, merges }) => [id, merges])).toEqual([
      [1, 0],
      [1, 1],
      [2, 0],
    ]);
  });

  it('merges on a message id of the event’s own, of any text', () => {
    change(1, { messageId: 'deal #7 & more' });
    change(2, { messageId: 'deal #7 & more' });
    expect(queue.rows()).toMatchObject([
      { MESSAGE_ID: 'deal #7 & more', EVENT_DATA: { FIELDS: { ID: '2' } } },
    ]);
  });

  it('keeps source keys apart', () => {
    change(1);
    change(1, { connector: 'erp' });
    const erp = { appId: 1, connector: 'erp' };
    expect(queue.list().total).toBe(1);
    expect(queue.get({ clear: 0 }, erp).events).toHaveLength(1);
    expect(queue.list({}, erp).total).toBe(1);
    expect(queue.get({ clear: 0 }).events).toHaveLength(1);
  });

  it('answers an empty queue with the id of a batch that holds nothing', () => {
    const { process_id: processId, events } = queue.get({ clear: 0 });
    expect(events).toEqual([]);
    expect(processId).toMatch(/^[0-9a-z]{32}$/);
    expect(queue.get({ clear: 0, process_id: processId }).events).toEqual([]);
  });

  it('reserves oldest change first, 50 by default, and as many as asked for', () => {
    for (let id = 1; id <= 700; id += 1) change(id);
    clock.forward(1);
    change(1);
    const first = queue.get({ clear: 0 }).events;
    expect(first).toHaveLength(50);
    expect(first[0]?.ID).toBe('2');
    const rest = queue.get({ clear: 0, limit: 5000 }).events;
    expect(rest).toHaveLength(650);
    expect(rest.at(-1)?.ID).toBe('1');
    expect(() => queue.get({ limit: 0 })).toThrow(/positive integer/);
  });

  it('orders by time even where the clock went back', () => {
    clock.forward(100);
    change(1);
    clock.forward(-50);
    change(2);
    expect(queue.get({ clear: 0 }).events.map((event) => event.ID)).toEqual(['2', '1']);
  });

  it('reads a batch back without reserving anything new, and deletes all of it with clear=1', () => {
    for (let id = 1; id <= 3; id += 1) change(id);
    const { process_id: processId } = queue.get({ clear: 0 });
    change(4);
    const again = queue.get({ clear: 0, process_id: processId, limit: 2 });
    expect(again.events).toHaveLength(2);
    expect(queue.rows().filter((row) => row.PROCESS_ID === '')).toHaveLength(1);

    queue.get({ process_id: processId, limit: 2 });
    expect(queue.rows()).toMatchObject([{ ID: 4 }]);
    expect(queue.destroyed).toMatchObject([{ row: { ID: 3 }, by: { method: 'event.offline.get' } }]);
  });

  it('lets two overlapping gets choose the same rows; the later one holds them', () => {
    change(1);
    const first = queue.beginGet({ clear: 0 });
    const second = queue.beginGet({ clear: 0 });
    const one = queue.finishGet(first);
    const two = queue.finishGet(second);
    expect(one.events).toEqual(two.events);
    expect(queue.rows()).toMatchObject([{ PROCESS_ID: two.process_id }]);
    expect(queue.get({ clear: 0, process_id: one.process_id }).events).toEqual([]);
  });

  it('marks pending rows and removes reserved ones when the process id is empty', () => {
    const { messageId } = change(1);
    queue.get({ clear: 0 });
    change(1);
    expect(queue.error({ process_id: '', message_id: [messageId] })).toEqual({ marked: 1, deleted: 1 });
    expect(queue.rows()).toMatchObject([{ ID: 2, PROCESS_ID: '', ERROR: 1 }]);
  });

  it('does nothing for an empty list and leaves rows marked before alone', () => {
    const { messageId } = change(1);
    const { process_id: processId } = queue.get({ clear: 0 });
    expect(queue.error({ process_id: processId, message_id: [] })).toEqual({ marked: 0, deleted: 0 });
    queue.error({ process_id: processId, message_id: [messageId] });
    expect(queue.error({ process_id: processId, message_id: [messageId] })).toEqual({
      marked: 0,
      deleted: 0,
    });
    expect(queue.rows()).toMatchObject([{ ERROR: 1 }]);
    expect(queue.destroyed).toEqual([]);
  });

  it('takes message ids of any length in error and of exactly 32 characters in clear', () => {
    change(1, { messageId: 'short' });
    const { process_id: processId } = queue.get({ clear: 0 });
    expect(() => queue.clear({ process_id: processId, message_id: ['short'] })).toThrow(/MESSAGE_ID/);
    expect(queue.error({ process_id: processId, message_id: ['short'] }).marked).toBe(1);
  });

  it('clears by message id within one batch only', () => {
    const { messageId } = change(1);
    change(2);
    const { process_id: processId } = queue.get({ clear: 0 });
    change(1);
    expect(queue.clear({ process_id: processId, message_id: [messageId] })).toBe(1);
    expect(queue.rows().map((row) => row.ID)).toEqual([2, 3]);
    expect(queue.clear({ process_id: 'unknown', message_id: [messageId] })).toBe(0);
  });

  it('counts pending rows that a clear with an empty process id deletes as destroyed', () => {
    change(1);
    expect(queue.clear({ process_id: '' })).toBe(1);
    expect(queue.destroyed).toMatchObject([{ by: { method: 'event.offline.clear' } }]);
  });

  it('drains 100,000 rows 500 at a time, marking one and clearing the rest of each batch', () => {
    const rows = 100_000;
    for (let id = 0; id < rows; id += 1) change(id, { messageId: id.toString().padStart(32, '0') });
    let drained = 0;
    for (;;) {
      const { process_id: processId, events } = queue.get({ clear: 0, limit: 500 });
      if (events.length === 0) break;
      drained += events.length;
      const [failed] = events;
      queue.error({ process_id: processId, message_id: [failed?.MESSAGE_ID] });
      queue.clear({ process_id: processId, id: events.slice(1).map((event) => event.ID) });
    }
    expect(drained).toBe(rows);
    expect(queue.rows()).toHaveLength(rows / 500);
    expect(queue.get({ clear: 0, error: 1, limit: rows }).events).toHaveLength(rows / 500);
  });
});
