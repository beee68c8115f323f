import { describe, expect, it } from '@jest/globals';
import { balance, type Books } from './balance.js';
import { summarize } from './summary.js';

type Draft = { -readonly [K in keyof Books]: Books[K] };

/** Row 1 is delivered and settled, row 2 fails, is marked and retried; row 3 is changed twice. */
function goodBooks(): Draft {
  return {
    changes: [
      { row: 'acme/1', message: 'acme/m1', at: 10 },
      { row: 'acme/2', message: 'acme/m2', at: 20 },
      { row: 'acme/3', message: 'acme/m3', at: 30 },
      { row: 'acme/3', message: 'acme/m3', at: 40 },
    ],
    deliveries: [
      { row: 'acme/1', message: 'acme/m1', correlationId: 'p1:1:m1', at: 100, failed: false },
      { row: 'acme/2', message: 'acme/m2', correlationId: 'p1:1:m2', at: 101, failed: true },
      { row: 'acme/3', message: 'acme/m3', correlationId: 'p1:1:m3', at: 102, failed: false },
      { row: 'acme/2', message: 'acme/m2', correlationId: 'p2:2:m2', at: 300, failed: false },
    ],
    unheld: [],
    marks: [{ row: 'acme/2', message: 'acme/m2', at: 200 }],
    left: [],
    destroyed: [],
    dead: [],
    queues: { 'bitrix24.replies.rejected': 0 },
    bridge: { published: 4, processed: 3, failed: 1, lateFailed: 0, dead: 0, inFlight: 0 },
  };
}

const tampered = (change: (books: Draft) => void) => {
  const books = goodBooks();
  change(books);
  return balance(books);
};

/** An event of another change of row 2's object, which the mark of row 2 took off the portal at 200. */
const DISPLACED = { row: 'acme/9', message: 'acme/m2' };

describe('the books of the demo', () => {
  it('balance when everything was delivered, marked and retried', () => {
    expect(balance(goodBooks())).toEqual({
      rows: 3,
      messages: 3,
      deliveries: 4,
      failures: 1,
      marked: 1,
      markedRows: 1,
      markedTogether: 0,
      late: 0,
      retried: 1,
      waiting: 0,
      dead: 0,
      faults: [],
    });
  });

  it.each<[string, (books: Draft) => void, string[]]>([
    [
      'an event that never arrived',
      (books) => {
        books.deliveries = books.deliveries.slice(1);
        books.bridge = { ...books.bridge, published: 3, processed: 2 };
      },
      ['not delivered: the last change of row acme/1'],
    ],
    [
      'a change after the last delivery of its row',
      (books) => (books.changes = [...books.changes, { row: 'acme/3', message: 'acme/m3', at: 103 }]),
      ['not delivered: the last change of row acme/3 (earlier ones were, 1 times)'],
    ],
    [
      'a failure without a mark',
      (books) => (books.marks = []),
      ['failed and never marked: row acme/2 (p1:1:m2)'],
    ],
    [
      'the mark of the same message on another portal',
      (books) => (books.marks = [{ row: 'globex/2', message: 'globex/m2', at: 200 }]),
      ['failed and never marked: row acme/2 (p1:1:m2)'],
    ],
    [
      'a failure that was not retried',
      (books) => {
        books.deliveries = books.deliveries.slice(0, 3);
        books.bridge = { ...books.bridge, published: 3, processed: 2 };
      },
      ['failed and then forgotten: row acme/2 (p1:1:m2)'],
    ],
    [
      'a second copy of the failed delivery, which is no retry',
      (books) => {
        books.deliveries = books.deliveries.map((delivery) =>
          delivery.at === 300 ? { ...delivery, correlationId: 'p1:1:m2' } : delivery,
        );
        books.bridge = { ...books.bridge, published: 3, processed: 2 };
      },
      ['failed and then forgotten: row acme/2 (p1:1:m2)'],
    ],
    ['a destroyed change', (books) => (books.destroyed = ['row acme/7']), ['destroyed: row acme/7']],
    [
      'a reserved row that nobody settles',
      (books) => (books.left = [{ row: 'acme/1', errored: false, held: true }]),
      ['left on the portal: row acme/1, reserved'],
    ],
    [
      'a marked row that never failed',
      (books) => (books.left = [{ row: 'acme/1', errored: true, held: false }]),
      ['left on the portal: row acme/1, pending and marked'],
    ],
    [
      'an event that the consumer did not get',
      (books) => (books.bridge = { ...books.bridge, published: 5, processed: 4 }),
      ['events published: 5 says the bridge, 4 received the consumer'],
    ],
    [
      'a failure that the bridge did not count',
      (books) => (books.bridge = { ...books.bridge, processed: 4, failed: 0 }),
      ['failures: 0 says the bridge, 1 reported the consumer'],
    ],
    [
      'a dead event that is nowhere',
      (books) => (books.bridge = { ...books.bridge, dead: 1 }),
      ['dead events: 1 says the bridge, 0 are in the dead-letter queue'],
    ],
    [
      'an event that was never settled',
      (books) => (books.bridge = { ...books.bridge, processed: 2 }),
      ['neither settled nor failed: 1 published events'],
    ],
    [
      'an event in flight',
      (books) => (books.bridge = { ...books.bridge, inFlight: 1 }),
      ['still in flight: 1 events, says the bridge'],
    ],
    [
      'a reply that was not understood',
      (books) => (books.queues = { 'bitrix24.replies.rejected': 2 }),
      ['left in queue bitrix24.replies.rejected: 2 messages'],
    ],
  ])('name %s', (_what, change, faults) => {
    expect(tampered(change).faults).toEqual(faults);
  });

  it('count a duplicate once', () => {
    const result = tampered((books) => {
      books.deliveries = [...books.deliveries, { ...books.deliveries[0]!, at: 110 }];
    });
    expect(result).toMatchObject({ deliveries: 4, faults: [] });
  });

  it('accept a failed row that waits for its retry, and one that is dead', () => {
    const withoutRetry = (books: Draft) => {
      books.deliveries = books.deliveries.slice(0, 3);
      books.bridge = { ...books.bridge, published: 3, processed: 2 };
    };
    const waiting = tampered((books) => {
      withoutRetry(books);
      books.left = [{ row: 'acme/2', errored: true, held: false }];
    });
    expect(waiting).toMatchObject({ retried: 0, waiting: 1, faults: [] });
    const dead = tampered((books) => {
      withoutRetry(books);
      books.dead = ['acme/2'];
      books.bridge = { ...books.bridge, dead: 1 };
    });
    expect(dead).toMatchObject({ retried: 0, dead: 1, faults: [] });
  });

  it('let one mark stand for two changes of an object, where the other was there before it', () => {
    const withDisplaced = (changedAt: number) => (books: Draft) => {
      books.changes = [...books.changes, { ...DISPLACED, at: changedAt }];
      books.deliveries = [
        ...books.deliveries,
        { ...DISPLACED, correlationId: 'p3:1:m2', at: 210, failed: true },
        { ...DISPLACED, correlationId: 'p3:2:m2', at: 400, failed: false },
      ];
      books.bridge = { ...books.bridge, published: 6, processed: 4, failed: 2 };
    };
    expect(tampered(withDisplaced(150))).toMatchObject({
      marked: 1,
      markedTogether: 1,
      retried: 2,
      faults: [],
    });
    expect(tampered(withDisplaced(205)).faults).toEqual(['failed and never marked: row acme/9 (p3:1:m2)']);
  });

  it('take the retry of a marked row for the delivery of a change that its mark took along', () => {
    const withDisplaced = (changedAt: number) => (books: Draft) =>
      (books.changes = [...books.changes, { ...DISPLACED, at: changedAt }]);
    expect(tampered(withDisplaced(150)).faults).toEqual([]);
    expect(tampered(withDisplaced(205)).faults).toEqual(['not delivered: the last change of row acme/9']);
  });

  it('excuse as many unmarked failures as came too late, and no more', () => {
    const late = tampered((books) => {
      books.marks = [];
      books.bridge = { ...books.bridge, processed: 4, failed: 0, lateFailed: 1 };
    });
    expect(late).toMatchObject({ marked: 0, late: 1, retried: 1, faults: [] });
    const settledBefore = tampered((books) => {
      books.marks = [];
      books.bridge = { ...books.bridge, processed: 4 };
    });
    expect(settledBefore).toMatchObject({ late: 1, faults: [] });
  });

  it('count what no row stands for in what the bridge has published', () => {
    const extra = { row: '', message: 'crm.deal/1', correlationId: 's1', at: 5, failed: false };
    expect(tampered((books) => (books.unheld = [extra])).faults).toEqual([
      'events published: 4 says the bridge, 5 received the consumer',
    ]);
    expect(
      tampered((books) => {
        books.unheld = [extra];
        books.bridge = { ...books.bridge, published: 5, processed: 4 };
      }).faults,
    ).toEqual([]);
  });

  it('end in a summary whose last line says whether they balance', () => {
    const run = {
      portals: 1,
      changes: 4,
      seconds: 30,
      drainSeconds: 5,
      routingKeys: 2,
      failuresByWay: { single: 1, group: 0, nestjs: 0, 'dead-letter': 0 },
      requests: 2,
      extras: { snapshot: { announced: 300, received: 300 }, withheld: 4, found: 4, faults: [] },
    };
    const good = summarize(balance(goodBooks()), run);
    expect(good).toContain('2 REST calls until the queues were drained, 2.0 events a call');
    expect(good).toContain('snapshot of 300 deals: 300 received\n4 changes that fired no event: 4 found\n');
    expect(good).toMatch(/\nThe books balance\.$/);
    const bad = summarize(
      tampered((books) => (books.marks = [])),
      run,
    );
    expect(bad).toMatch(
      /\n {2}! failed and never marked: row acme\/2 .*\nTHE BOOKS DO NOT BALANCE: 1 entry is off\.$/,
    );
    expect(bad).not.toContain('The books balance.');
  });
});
