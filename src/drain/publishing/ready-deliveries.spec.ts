import { beforeEach, describe, expect, it } from '@jest/globals';
import { type OutgoingMessage, type PublishResult } from '../../broker/outgoing.js';
import { eventEncoder } from '../../contract/event-encoder.js';
import { type Publishable } from '../../ledger/publishable.js';
import { Dispatcher, type DispatchLedger } from './dispatcher.js';
import { type EventStates } from './event-states.js';

const TARGETS = { events: 'events', unrouted: 'unrouted', dead: 'dead' };
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
/** Has no attempt left. */
const LAST = 99_999;
const PORTAL = { memberId: 'm', name: 'acme', source: 'https://acme.example' };

let reserved: number[];
let waiting: number[];
let refused: number[];
let unknown: Set<number>;
let done: number[];
let asked: number[][];
let bodies: { seq: string; state: unknown; exchange: string }[];
let answer: PublishResult['status'];
/** Whether all events carry states by the settings; else these do, which are a snapshot's. */
let byTheSettings: boolean;
let ofSnapshot: Set<number>;
let met: boolean;
/** How long reading these deliveries takes, and reading what their states need; ms. */
let readMs: (seqs: readonly number[]) => number;
let prepareMs: (seqs: readonly number[]) => number;

const after = <T>(ms: number, value: T) => new Promise<T>((resolve) => setTimeout(resolve, ms, value));

const delivery = (seq: number): Publishable => ({
  seq,
  memberId: 'm',
  processId: 'p',
  messageId: `m${seq}`,
  rowId: String(seq),
  changedAt: 1_700_000_000,
  event: 'ONCRMDEALUPDATE',
  data: { FIELDS: { ID: String(seq) } },
  userId: null,
  attempt: seq === LAST ? 6 : 1,
  attemptsBefore: 0,
  reason: null,
  refusals: 0,
  origin: ofSnapshot.has(seq) ? 'snapshot' : null,
  routingKey: null,
});
const keyOf = (seq: number) => ({
  seq,
  attempt: delivery(seq).attempt,
  event: 'ONCRMDEALUPDATE',
  objectId: String(seq),
  payload: null,
  since: 1,
  origin: null,
});

const states: EventStates = {
  get active() {
    return byTheSettings || met;
  },
  meets: (some) => {
    met ||= some.some(({ origin }) => origin === 'snapshot');
    return byTheSettings || met;
  },
  ready: (keys) => {
    asked.push(keys.map(({ seq }) => seq));
    const ready = new Set(keys.map(({ seq }) => seq).filter((seq) => !unknown.has(seq)));
    return { ready, nextAt: ready.size === keys.length ? null : 5000 + Math.min(...unknown) };
  },
  of: ({ seq }) => ({ status: 'read', readAt: null, object: { id: seq } }),
  prepare: (some) => after(prepareMs(some.map(({ seq }) => seq)), undefined),
  done: (seqs) => done.push(...seqs),
  resumed: () => undefined,
};

function dispatcher(): Dispatcher {
  const left = (list: number[]) => list.filter((seq) => !done.includes(seq));
  const ledger: DispatchLedger = {
    nextPublishable: (_member, kind, after, limit) => {
      if (byTheSettings) return Promise.reject(new Error('it is read without states'));
      const of = left(kind === 'reserved' ? reserved : waiting).filter((seq) => seq > after);
      return Promise.resolve(of.slice(0, limit).map(delivery));
    },
    nextPublishableKeys: (_member, kind, after, limit) => {
      const of = left(kind === 'reserved' ? reserved : waiting).filter((seq) => seq > after);
      return Promise.resolve(of.slice(0, limit).map(keyOf));
    },
    publishableNamed: (_member, seqs) => after(readMs(seqs), seqs.map(delivery)),
    refusedKeys: () => Promise.resolve(left(refused).length === 0 ? [] : [{ key: 'k', dueAt: 0 }]),
    nextRefused: (_member, _key, limit) => Promise.resolve(left(refused).slice(0, limit).map(delivery)),
    recordPublished: (some) => Promise.resolve(some.length),
    recordDead: (some) => Promise.resolve(some.length),
    recordRefused: (some) => Promise.resolve(some.length),
  };
  const publisher = {
    publish: (messages: readonly OutgoingMessage[]) => {
      for (const { body, exchange } of messages) {
        const { data, messageid } = JSON.parse(body.toString()) as {
          messageid: string;
          data: { state?: unknown };
        };
        bodies.push({ seq: messageid.slice(1), state: data.state, exchange });
      }
      return Promise.resolve(messages.map(() => ({ status: answer, reason: 'r' })));
    },
  };
  return new Dispatcher({
    ledger,
    publisher,
    targets: TARGETS,
    maxAttempts: 5,
    listener: { published() {}, dead() {}, refused() {} },
    log: quiet,
    encoder: eventEncoder('replies'),
    now: () => 1000,
  }).over(ledger, states);
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

beforeEach(() => {
  [reserved, waiting, refused, done, asked, bodies] = [[], [], [], [], [], []];
  [byTheSettings, ofSnapshot, met] = [true, new Set(), false];
  unknown = new Set();
  answer = 'confirmed';
  readMs = prepareMs = () => 0;
});

describe('publishing of events that carry states', () => {
  it('publishes first deliveries as far as their states are known, in their order, and waits for nothing', async () => {
    reserved = range(1, 300);
    unknown = new Set([251, 260]);
    const result = await dispatcher().pass(PORTAL, () => false);
    expect(result).toMatchObject({ confirmed: 250, stateDueAt: 5251, unconfirmed: 0 });
    expect(bodies.map(({ seq }) => Number(seq))).toEqual(range(1, 250));
    expect(bodies[0]?.state).toEqual({ status: 'read', readAt: null, object: { id: 1 } });
    expect(done).toEqual(range(1, 250));
    // All of them were asked for at once, so that all are read together.
    expect(asked[0]).toHaveLength(300);
  });

  it('keeps the order of first deliveries where reading some of them takes longer', async () => {
    reserved = range(1, 350);
    readMs = (seqs) => (seqs.includes(1) ? 60 : 0);
    prepareMs = (seqs) => (seqs.includes(101) ? 60 : 0);
    await dispatcher().pass(PORTAL, () => false);
    expect(bodies.map(({ seq }) => Number(seq))).toEqual(range(1, 350));
  });

  it('publishes retries whose states are known, whatever comes before them', async () => {
    waiting = range(1, 50);
    reserved = [60];
    unknown = new Set([1, 60]);
    const result = await dispatcher().pass(PORTAL, () => false);
    expect(result).toMatchObject({ confirmed: 49, stateDueAt: 5001 });
    expect(bodies[0]?.seq).toBe('2');
  });

  it('goes on beyond what is asked for at once', async () => {
    reserved = range(1, 12_000);
    const result = await dispatcher().pass(PORTAL, () => false);
    expect(result).toMatchObject({ confirmed: 12_000, stateDueAt: null });
    expect(asked.map(({ length }) => length)).toEqual([7500, 4500, 0]);
  });

  it('puts the state into the dead letter too', async () => {
    waiting = [LAST];
    await dispatcher().pass(PORTAL, () => false);
    expect(bodies).toEqual([
      { seq: String(LAST), exchange: 'dead', state: { status: 'read', readAt: null, object: { id: LAST } } },
    ]);
    expect(done).toEqual([LAST]);
  });

  it('keeps the states of what the broker did not answer to', async () => {
    reserved = range(1, 3);
    answer = 'unconfirmed';
    expect(await dispatcher().pass(PORTAL, () => false)).toMatchObject({ unconfirmed: 3 });
    expect(done).toEqual([]);
  });

  it('tries what was refused once its state is known, and asks again a second later where it is not', async () => {
    refused = range(1, 40);
    unknown = new Set(range(1, 40));
    const one = dispatcher();
    expect(await one.pass(PORTAL, () => false)).toMatchObject({ confirmed: 0, refusedDueAt: 2000 });
    // More than are tried at first, so that they are read together.
    expect(asked.at(-1)).toHaveLength(20);
    unknown = new Set([1]);
    const other = dispatcher();
    expect(await other.pass(PORTAL, () => false)).toMatchObject({ confirmed: 39 });
    expect(bodies[0]?.seq).toBe('2');
  });

  it('asks for states from the first event of a snapshot on, where no other carries one', async () => {
    byTheSettings = false;
    reserved = range(1, 350);
    await dispatcher().pass(PORTAL, () => false);
    expect(asked).toEqual([]);
    expect(bodies).toHaveLength(350);

    reserved = range(1001, 350);
    ofSnapshot = new Set([1240]);
    unknown = new Set([1240]);
    const result = await dispatcher().pass(PORTAL, () => false);
    expect(asked[0]).toEqual(range(1201, 150));
    expect(result).toMatchObject({ confirmed: 239, stateDueAt: 6240 });
    unknown = new Set();
    await dispatcher().pass(PORTAL, () => false);
    expect(bodies.map(({ seq }) => Number(seq))).toEqual([...range(1, 350), ...range(1001, 350)]);
  });

  it.each([
    ['few', () => (waiting = [7])],
    ['many', () => (waiting = range(1, 60))],
    ['refused', () => (refused = [7])],
  ])('asks for the state of a snapshot’s event that comes again: %s', async (_where, prepare) => {
    byTheSettings = false;
    prepare();
    ofSnapshot = unknown = new Set([7]);
    const published = () => bodies.filter(({ seq }) => seq === '7').length;
    expect(await dispatcher().pass(PORTAL, () => false)).toMatchObject({ stateDueAt: 5007 });
    expect(published()).toBe(0);
    unknown = new Set();
    await dispatcher().pass(PORTAL, () => false);
    expect(published()).toBe(1);
  });

  it('stops between pages', async () => {
    reserved = range(1, 1000);
    await dispatcher().pass(PORTAL, () => bodies.length >= 100);
    expect(bodies.length).toBeLessThan(600);
  });
});
