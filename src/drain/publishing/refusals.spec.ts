import { describe, expect, it } from '@jest/globals';
import { type OutgoingMessage, type PublishResult } from '../../broker/outgoing.js';
import { eventEncoder } from '../../contract/event-encoder.js';
import { type Publishable } from '../../ledger/publishable.js';
import { Dispatcher } from './dispatcher.js';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const DEAL = 'acme.crm.deal.update';
const LEAD = 'acme.crm.lead.update';

const delivery = (seq: number, event = 'ONCRMDEALUPDATE'): Publishable => ({
  seq,
  memberId: 'm',
  processId: 'p',
  messageId: `m${seq}`,
  rowId: String(seq),
  changedAt: 1_700_000_000,
  event,
  data: null,
  userId: null,
  attempt: 1,
  attemptsBefore: 0,
  reason: null,
  refusals: 0,
  origin: null,
  routingKey: null,
});

/** A ledger that remembers who was refused, and a broker with queues that are full for some routing keys. */
function world(deliveries: readonly Publishable[]) {
  const state = { now: 0, full: new Set<string>(), sent: [] as number[] };
  const reserved = new Map(deliveries.map((each) => [each.seq, each]));
  const refused = new Map<string, Publishable[]>();
  const dispatcher = new Dispatcher({
    ledger: {
      nextPublishable: (_memberId, kind, after, limit) =>
        Promise.resolve(
          kind === 'reserved' ? [...reserved.values()].filter(({ seq }) => seq > after).slice(0, limit) : [],
        ),
      nextPublishableKeys: () => Promise.resolve([]),
      publishableNamed: () => Promise.resolve([]),
      refusedKeys: () =>
        Promise.resolve(
          [...refused].filter(([, list]) => list.length > 0).map(([key]) => ({ key, dueAt: state.now })),
        ),
      // The one that was tried last comes last again.
      nextRefused: (_memberId, key, limit) => Promise.resolve((refused.get(key) ?? []).slice(0, limit)),
      recordPublished: (confirmed) => {
        for (const { seq } of confirmed) {
          reserved.delete(seq);
          for (const [key, list] of refused)
            refused.set(
              key,
              list.filter((each) => each.seq !== seq),
            );
        }
        return Promise.resolve(confirmed.length);
      },
      recordDead: () => Promise.resolve(0),
      recordRefused: (refusals) => {
        for (const { key, ...each } of refusals) {
          reserved.delete(each.seq);
          const others = (refused.get(key) ?? []).filter(({ seq }) => seq !== each.seq);
          refused.set(key, [...others, each as Publishable]);
        }
        return Promise.resolve(refusals.length);
      },
    },
    publisher: {
      publish: (messages: readonly OutgoingMessage[]) =>
        Promise.resolve(
          messages.map(({ routingKey, properties }): PublishResult => {
            state.sent.push(Number(properties.messageId?.split('-')[1]));
            return state.full.has(routingKey)
              ? { status: 'refused', reason: 'a nack' }
              : { status: 'confirmed' };
          }),
        ),
    },
    targets: { events: 'events', unrouted: 'unrouted', dead: 'dead' },
    maxAttempts: 5,
    listener: { published() {}, dead() {}, refused() {} },
    log: quiet,
    encoder: eventEncoder('replies'),
    now: () => state.now,
  });
  const pass = () =>
    dispatcher.pass({ memberId: 'm', name: 'acme', source: 'https://acme.example' }, () => false);
  return { state, pass };
}

describe('events that a queue refuses', () => {
  it('do not end the pass: everything else is published in its order', async () => {
    const events = Array.from({ length: 1000 }, (_, index) =>
      delivery(index + 1, index % 3 === 0 ? 'ONCRMLEADUPDATE' : 'ONCRMDEALUPDATE'),
    );
    const { state, pass } = world(events);
    state.full.add(LEAD);
    const done = await pass();
    expect(done).toMatchObject({ confirmed: 666, unconfirmed: 0, refusedKeys: new Set([LEAD]) });
    expect(state.sent.slice(0, 1000)).toEqual(events.map(({ seq }) => seq));
  });

  it('cost a queue that stays full one copy a second, each of another event', async () => {
    const { state, pass } = world(Array.from({ length: 300 }, (_, index) => delivery(index + 1)));
    state.full.add(DEAL);
    const first = await pass();
    expect(first.refused).toBe(301);
    state.sent.length = 0;
    for (let second = 0; second < 20; second += 1) {
      state.now += 1000;
      await pass();
      state.now += 1;
      expect(await pass()).toMatchObject({ refused: 0, refusedDueAt: state.now + 999 });
    }
    expect(state.sent).toHaveLength(20);
    expect(new Set(state.sent).size).toBe(20);
  });

  it('are all published once the queue takes them, more and more at a time', async () => {
    const { state, pass } = world(Array.from({ length: 3000 }, (_, index) => delivery(index + 1)));
    state.full.add(DEAL);
    await pass();
    state.full.clear();
    state.now += 1000;
    let confirmed = 0;
    let passes = 0;
    for (let due: number | null = 0; due !== null && passes < 20; passes += 1) {
      const done = await pass();
      confirmed += done.confirmed;
      due = done.refusedDueAt;
      // There is no pause while the queue takes them.
      if (due !== null) expect(due).toBeLessThanOrEqual(state.now);
    }
    expect(confirmed).toBe(3000);
    expect(passes).toBeLessThan(8);
  });

  it('of one key do not wait for those of another', async () => {
    const { state, pass } = world([
      ...Array.from({ length: 50 }, (_, index) => delivery(index + 1)),
      ...Array.from({ length: 50 }, (_, index) => delivery(index + 51, 'ONCRMLEADUPDATE')),
    ]);
    state.full.add(DEAL).add(LEAD);
    await pass();
    state.full.delete(LEAD);
    state.now += 1000;
    expect(await pass()).toMatchObject({ confirmed: 50, refused: 1 });
  });
});
