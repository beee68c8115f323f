import { expect, it } from '@jest/globals';
import { readReturnedEvent } from '../../src/contract/returned-event.js';
import { encodeEvent } from '../../src/contract/event.js';
import { subjectPrefix } from '../../src/contract/topics.js';
import { LedgerAdmin } from '../../src/ledger/admin.js';
import { type UnheldEvents } from '../../src/ledger/insert-unheld.js';
import { type ReservedEvent } from '../../src/ledger/reserved-batch.js';
import { CHANGED_AT, countOf, event, LedgerBench, MEMBER, reply, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

const PROCESS = 'snapshot-1';
const WINDOW_MS = SETTINGS.LATE_FAILURE_WINDOW_MS;

function read(id: number, more: Partial<ReservedEvent> = {}): ReservedEvent {
  return {
    rowId: `s1x2x${id}`,
    messageId: `crm.deal/${id}`,
    changedAt: CHANGED_AT,
    event: 'crm.deal.snapshot',
    data: { FIELDS: { ID: String(id) } },
    userId: null,
    ...more,
  };
}

const page = (ids: readonly number[], more: Partial<UnheldEvents> = {}): UnheldEvents => ({
  memberId: MEMBER,
  origin: 'snapshot',
  processId: PROCESS,
  routingKey: null,
  events: ids.map((id) => read(id)),
  ...more,
});

onEveryDatabase('events that no row of the portal has announced', (open) => {
  /** Writes them as a page that is read now. */
  async function insert(bench: LedgerBench, ids: readonly number[], more: Partial<UnheldEvents> = {}) {
    return insertSince(bench, page(ids, more), await bench.ledger.lastSeq());
  }

  async function insertSince(bench: LedgerBench, events: UnheldEvents, since: number) {
    const { inserted, superseded } = await bench.ledger.insertUnheld(events, since, subjectPrefix);
    const numbers = new Map(
      (await bench.all())
        .filter((row) => row.process_id === events.processId)
        .map((row) => [row.message_id, row.seq]),
    );
    for (const [messageId, seq] of inserted) expect(seq).toBe(numbers.get(messageId));
    return { inserted: [...inserted.keys()], superseded };
  }

  /** Nothing of them is to be marked, cleared, verified or fetched on the portal; whatever happened. */
  async function nothingOnThePortal(bench: LedgerBench): Promise<void> {
    const { failures, clearable, marked, journal } = await bench.ledger.snapshot(MEMBER);
    expect([failures, clearable, marked, journal]).toEqual([[], [], null, []]);
    expect(await bench.ledger.heldProcessIds(MEMBER)).toEqual([]);
    expect(await bench.ledger.markedDue(MEMBER, 0, 10)).toEqual([]);
    expect(await bench.ledger.isDone(MEMBER)).toBe(true);
    for (const { held, errored, state } of await bench.all()) {
      expect([held, errored]).toEqual([0, 0]);
      expect(['failed', 'marked']).not.toContain(state);
    }
  }

  it('are published with where they come from, settle by silence, and leave nothing to clear', async () => {
    const bench = new LedgerBench(open);
    expect(await insert(bench, [1, 2])).toEqual({
      inserted: ['crm.deal/1', 'crm.deal/2'],
      superseded: [],
    });
    expect(await bench.ledger.nextPublishable(MEMBER, 'reserved', 0, 10)).toMatchObject([
      { origin: 'snapshot', routingKey: null, rowId: 's1x2x1', processId: PROCESS, attempt: 1 },
      { origin: 'snapshot', rowId: 's1x2x2' },
    ]);
    expect(await bench.ledger.underWay(MEMBER)).toEqual({ inFlight: 2, unpublished: 2 });
    expect(await bench.publish()).toBe(2);
    bench.now += SETTINGS.SETTLE_AFTER_MS;
    expect(await bench.ledger.settleSilent(MEMBER)).toEqual({ processed: 2, failed: 0 });
    await nothingOnThePortal(bench);
    bench.now += WINDOW_MS;
    expect(await bench.ledger.purge()).toBe(2);
  });

  it('are there once, however often the page is written', async () => {
    const bench = new LedgerBench(open);
    await insert(bench, [1, 2]);
    await bench.publish();
    expect(await insert(bench, [2, 3])).toEqual({ inserted: ['crm.deal/3'], superseded: [] });
    expect((await bench.all()).map(({ state }) => state)).toEqual(['published', 'published', 'reserved']);
  });

  it('give way to what was reserved while they were read, and to nothing that came before', async () => {
    const bench = new LedgerBench(open);
    const own = (message: string, id: number, code = 'ONCRMDEALUPDATE') =>
      event(message, { event: code, data: { FIELDS: { ID: String(id) } } });
    await bench.reserve('p1', [own('m1', 1)]);
    const since = await bench.ledger.lastSeq();
    await bench.reserve('p2', [
      own('m2', 2),
      own('m3', 3, 'ONCRMDEALDELETE'),
      own('m4', 4, 'ONCRMCONTACTUPDATE'),
    ]);
    const found = { rowId: 'r1', messageId: 'ONCRMDEALDELETE/6/1', event: 'ONCRMDEALDELETE' };
    await bench.ledger.insertUnheld(
      page([], { origin: 'reconciled', processId: 'reconciled-1', events: [read(6, found)] }),
      since,
      subjectPrefix,
    );
    // Of another portal, and of another snapshot, is no change of this one's.
    await bench.put({ message: 'm5', member: 'other', state: 'reserved' });
    await bench.ledger.insertUnheld(page([5], { processId: 'snapshot-9' }), 0, subjectPrefix);
    expect(await insertSince(bench, page([1, 2, 3, 4, 5, 6]), since)).toEqual({
      inserted: ['crm.deal/1', 'crm.deal/4', 'crm.deal/5'],
      superseded: ['crm.deal/2', 'crm.deal/3', 'crm.deal/6'],
    });
  });

  it('are written with what belongs to them, or not at all', async () => {
    const bench = new LedgerBench(open);
    const failing = bench.ledger.insertUnheld(page([1]), 0, subjectPrefix, () =>
      Promise.reject(new Error('the disk is full')),
    );
    await expect(failing).rejects.toThrow('the disk is full');
    expect(await bench.all()).toEqual([]);
  });

  it('fail, are retried from the ledger, and are dead: no mark, no clear', async () => {
    const bench = new LedgerBench(open);
    await insert(bench, [1], { routingKey: 'acme.crm.deal.first-load' });
    for (let attempt = 1; attempt <= SETTINGS.RETRY_MAX_ATTEMPTS; attempt += 1) {
      expect(await bench.publish()).toBe(1);
      const outcomes = await bench.reply('failed', 'crm.deal/1', { processId: PROCESS, attempt });
      expect([countOf(outcomes.failed), countOf(outcomes.toMark)]).toEqual([1, 0]);
      await bench.ledger.releaseUnmarkable(MEMBER, false);
      await nothingOnThePortal(bench);
      bench.now += SETTINGS.RETRY_MAX_DELAY_MS;
    }
    const [last] = await bench.ledger.nextPublishable(MEMBER, 'waiting', 0, 10);
    expect(last).toMatchObject({ attempt: SETTINGS.RETRY_MAX_ATTEMPTS + 1, origin: 'snapshot' });
    await bench.ledger.recordDead([{ seq: last?.seq ?? 0, reason: 'out of stock' }]);
    await nothingOnThePortal(bench);
    expect(await bench.get('crm.deal/1', PROCESS)).toMatchObject({
      state: 'dead',
      origin: 'snapshot',
      routing_key: 'acme.crm.deal.first-load',
    });
  });

  it('are failures where only a reply settles and none comes', async () => {
    const bench = new LedgerBench(open, { SETTLE_MODE: 'ack' });
    await insert(bench, [1]);
    await bench.publish();
    bench.now += SETTINGS.SETTLE_AFTER_MS;
    expect(await bench.ledger.settleSilent(MEMBER)).toEqual({ processed: 0, failed: 1 });
    await nothingOnThePortal(bench);
    expect(await bench.get('crm.deal/1', PROCESS)).toMatchObject({ state: 'waiting', attempt: 2 });
    // The reply comes after all.
    await bench.reply('processed', 'crm.deal/1', { processId: PROCESS, attempt: 1 });
    expect(await bench.get('crm.deal/1', PROCESS)).toMatchObject({ state: 'processed' });
    await nothingOnThePortal(bench);
  });

  it('fail late, while they are remembered, and after they are forgotten', async () => {
    const bench = new LedgerBench(open);
    await insert(bench, [1, 2], { routingKey: 'acme.crm.deal.first-load' });
    const [first, second] = await bench.ledger.nextPublishable(MEMBER, 'reserved', 0, 10);
    await bench.publish();
    bench.now += SETTINGS.SETTLE_AFTER_MS;
    await bench.ledger.settleSilent(MEMBER);
    const late = await bench.reply('failed', 'crm.deal/1', { processId: PROCESS, attempt: 1 });
    expect(countOf(late.lateFailed)).toBe(1);
    await nothingOnThePortal(bench);
    expect(await bench.get('crm.deal/1', PROCESS)).toMatchObject({ state: 'waiting', attempt: 2 });

    bench.now += WINDOW_MS;
    await bench.ledger.purge();
    if (first === undefined || second === undefined) throw new Error('nothing to publish');
    // What a consumer's queue gave back is the event's own body.
    const { body } = encodeEvent(
      { ...second, portal: 'acme', source: 'https://acme.bitrix24.com' },
      'bitrix24.replies',
    );
    const returned = readReturnedEvent(body, undefined);
    if (returned === null) throw new Error('it is no event of ours');
    expect(await bench.ledger.takeBack([{ ...returned, reason: 'rejected by queue billing' }])).toHaveLength(
      1,
    );
    expect(await bench.get('crm.deal/2', PROCESS)).toMatchObject({
      state: 'waiting',
      attempt: 2,
      origin: 'snapshot',
      routing_key: 'acme.crm.deal.first-load',
      row_id: 's1x2x2',
    });
    await nothingOnThePortal(bench);
  });

  it('are given up, or tried again, by hand, a dead letter that is forgotten too', async () => {
    const bench = new LedgerBench(open);
    await insert(bench, [1, 2, 3]);
    await bench.publish();
    await bench.reply('failed', ['crm.deal/1', 'crm.deal/2', 'crm.deal/3'], { processId: PROCESS });
    const [one, two, three] = await bench.all();
    if (one === undefined || two === undefined || three === undefined) throw new Error('nothing there');
    const admin = new LedgerAdmin(open(), { ...SETTINGS }, () => bench.now);
    const trail = { inside: () => Promise.resolve(), committed: () => undefined, told: () => undefined };
    const hand = { by: 'anna', trail };
    expect(await admin.discard([one.seq], hand)).toMatchObject({ discarded: 1 });
    expect(await admin.retryNow([two.seq], hand)).toMatchObject({ due: 1 });
    await nothingOnThePortal(bench);
    bench.now += SETTINGS.RETRY_MAX_DELAY_MS;
    await bench.ledger.recordDead([{ seq: three.seq, reason: 'out of stock' }]);
    expect(await admin.retryNow([three.seq], hand)).toMatchObject({ renewed: 1 });
    await nothingOnThePortal(bench);
    await open().db.deleteFrom('deliveries').execute();
    const letter = {
      memberId: MEMBER,
      processId: PROCESS,
      ...read(3),
      attempt: 3,
      origin: 'snapshot' as const,
    };
    expect(await admin.revive([letter], hand)).toEqual(['due']);
    expect(await bench.get('crm.deal/3', PROCESS)).toMatchObject({ state: 'waiting', origin: 'snapshot' });
    await nothingOnThePortal(bench);
  });

  it('step aside where a queue refuses them, and come again', async () => {
    const bench = new LedgerBench(open);
    await insert(bench, [1]);
    const [next] = await bench.ledger.nextPublishable(MEMBER, 'reserved', 0, 10);
    if (next === undefined) throw new Error('nothing to publish');
    await bench.ledger.recordRefused([{ ...next, key: 'acme.crm.deal.snapshot' }]);
    bench.now = START + 60_000;
    expect(await bench.ledger.nextRefused(MEMBER, 'acme.crm.deal.snapshot', 10)).toMatchObject([
      { origin: 'snapshot', seq: next.seq },
    ]);
    await nothingOnThePortal(bench);
  });

  it('are nothing to a portal that loses what it held, or its source key', async () => {
    const bench = new LedgerBench(open);
    await insert(bench, [1, 2]);
    await bench.publish();
    await bench.ledger.recordOutcomes([reply('failed', 'crm.deal/1', { processId: PROCESS })]);
    const before = await bench.all();
    expect(await bench.ledger.under('erp').claimAll(MEMBER)).toBe(0);
    await bench.ledger.applyRound(MEMBER, [{ type: 'error_rows_complete', sentAt: bench.now }]);
    await bench.reserve('p1', [event('m1')]);
    await bench.ledger.applyRound(MEMBER, [{ type: 'held', processId: 'p1', messageIds: [] }]);
    expect((await bench.all()).slice(0, 2)).toEqual(before);
  });
});
