import { describe, expect, it } from '@jest/globals';
import { type OutgoingMessage, type PublishResult } from '../../broker/outgoing.js';
import { type Publishable } from '../../ledger/publishable.js';
import { eventEncoder } from '../../contract/event-encoder.js';
import { Dispatcher, type DispatchLedger } from './dispatcher.js';

const PAGE = 100;
const TARGETS = { events: 'events', unrouted: 'unrouted', dead: 'dead' };
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Portals with so many reserved deliveries each, and a broker that confirms when it is told to. */
function world(backlog: Readonly<Record<string, number>>) {
  const state = {
    pagesRead: 0,
    open: [] as { portal: string; answer: (status: string) => void }[],
    failRead: '',
  };
  let published = 0;
  const ledger: DispatchLedger = {
    nextPublishableKeys: () => Promise.resolve([]),
    publishableNamed: () => Promise.resolve([]),
    refusedKeys: () => Promise.resolve([]),
    nextRefused: () => Promise.resolve([]),
    recordRefused: () => Promise.resolve(0),
    nextPublishable: (memberId, kind, after, limit) => {
      if (state.failRead === memberId) return Promise.reject(new Error('disk I/O error'));
      const left = kind === 'reserved' ? (backlog[memberId] ?? 0) - after : 0;
      if (left > 0 && limit === PAGE) state.pagesRead += 1;
      return Promise.resolve(
        Array.from({ length: Math.max(0, Math.min(limit, left)) }, (_, index) =>
          delivery(memberId, after + index + 1),
        ),
      );
    },
    recordPublished: (deliveries) => {
      published += deliveries.length;
      return Promise.resolve(deliveries.length);
    },
    recordDead: () => Promise.resolve(0),
  };
  const publisher = {
    publish: (messages: readonly OutgoingMessage[]) =>
      new Promise<PublishResult[]>((resolve) => {
        const portal = messages[0]?.routingKey.split('.')[0] ?? '';
        const answer = (status: string) => {
          state.open.splice(state.open.indexOf(entry), 1);
          resolve(messages.map(() => ({ status, reason: 'r' }) as PublishResult));
        };
        const entry = { portal, answer };
        state.open.push(entry);
      }),
  };
  const dispatcher = new Dispatcher({
    ledger,
    publisher,
    targets: TARGETS,
    maxAttempts: 5,
    listener: { published() {}, dead() {}, refused() {} },
    log: quiet,
    encoder: eventEncoder('replies'),
  });
  const pass = (name: string) =>
    dispatcher.pass({ memberId: name, name, source: `https://${name}.example` }, () => false);
  return { state, pass, published: () => published };
}

function delivery(memberId: string, seq: number): Publishable {
  return {
    seq,
    memberId,
    processId: 'p',
    messageId: `m${seq}`,
    rowId: String(seq),
    changedAt: 1_700_000_000,
    event: 'ONCRMDEALUPDATE',
    data: null,
    userId: null,
    attempt: 1,
    attemptsBefore: 0,
    reason: null,
    refusals: 0,
    origin: null,
    routingKey: null,
  };
}

it('tells events of the portal from those that no row of it has announced: these are not late', async () => {
  const told: unknown[] = [];
  const page = [
    delivery('a', 1),
    { ...delivery('a', 2), attempt: 2 },
    { ...delivery('a', 3), origin: 'snapshot' as const, attempt: 2, changedAt: 1 },
  ];
  const dispatcher = new Dispatcher({
    ledger: {
      nextPublishableKeys: () => Promise.resolve([]),
      publishableNamed: () => Promise.resolve([]),
      refusedKeys: () => Promise.resolve([]),
      nextRefused: () => Promise.resolve([]),
      recordRefused: () => Promise.resolve(0),
      nextPublishable: (_, kind) => Promise.resolve(kind === 'reserved' ? page : []),
      recordPublished: (deliveries) => Promise.resolve(deliveries.length),
      recordDead: () => Promise.resolve(0),
    },
    publisher: { publish: (messages) => Promise.resolve(messages.map(() => ({ status: 'confirmed' }))) },
    targets: TARGETS,
    maxAttempts: 5,
    listener: { published: (...what) => told.push(what), dead() {}, refused() {} },
    log: quiet,
    encoder: eventEncoder('replies'),
  });
  await dispatcher.pass({ memberId: 'a', name: 'a', source: 'https://a.example' }, () => false);
  expect(told).toEqual([['a', [1_700_000_000, 1_700_000_000], 1, 1]]);
});

describe('publishing over all portals', () => {
  it('has 8 pages under way at most, 4 of one portal, and publishes everything', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `portal-${index}`);
    const { state, pass, published } = world(Object.fromEntries(names.map((name) => [name, 3 * PAGE])));
    const passes = Promise.all(names.map(pass));
    let most = 0;
    for (let answered = 0; answered < 60;) {
      await turn();
      most = Math.max(most, state.open.length);
      expect(state.pagesRead - answered).toBeLessThanOrEqual(8);
      state.open[0]?.answer('confirmed');
      answered += 1;
    }
    const results = await passes;
    expect(most).toBe(8);
    expect(published()).toBe(names.length * 3 * PAGE);
    expect(results.every(({ unconfirmed }) => unconfirmed === 0)).toBe(true);
  });

  it('publishes what a quiet portal has at once, however much the others have', async () => {
    const { state, pass } = world({
      a: 100 * PAGE,
      b: 100 * PAGE,
      c: 100 * PAGE,
      quiet: 1,
      medium: PAGE - 1,
    });
    const big = ['a', 'b', 'c'].map(pass);
    await turn();
    expect(state.open).toHaveLength(8);
    const quietPass = pass('quiet');
    const mediumPass = pass('medium');
    await turn();
    expect(state.open.map(({ portal }) => portal).filter((portal) => portal === 'quiet')).toHaveLength(1);
    state.open.find(({ portal }) => portal === 'quiet')?.answer('confirmed');
    expect(await quietPass).toMatchObject({ confirmed: 1 });
    // Whoever has more stands in line, behind one page of each that came before it.
    let answered = 0;
    for (; !state.open.some(({ portal }) => portal === 'medium'); answered += 1) {
      state.open[0]?.answer('confirmed');
      await turn();
    }
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThanOrEqual(4);
    state.open.find(({ portal }) => portal === 'medium')?.answer('confirmed');
    expect(await mediumPass).toMatchObject({ confirmed: PAGE - 1 });
    for (let rest = 0; rest < 8; rest += 1) {
      state.open[0]?.answer('unconfirmed');
      await turn();
      while (state.open.length > 0) {
        state.open[0]?.answer('unconfirmed');
        await turn();
      }
    }
    await Promise.all(big);
  });

  it('publishes for 50 portals with little at once at most', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `portal-${index}`);
    const { state, pass, published } = world(Object.fromEntries(names.map((name) => [name, 3])));
    const passes = Promise.all(names.map(pass));
    let most = 0;
    for (let answered = 0; answered < names.length; answered += 1) {
      await turn();
      most = Math.max(most, state.open.length);
      state.open[0]?.answer('confirmed');
    }
    await passes;
    expect(most).toBe(50);
    expect(published()).toBe(600);
  });

  it('gives every permit back, whatever goes wrong', async () => {
    const { state, pass } = world({ broken: PAGE, refused: 2 * PAGE, well: 9 * PAGE });
    for (let again = 0; again < 10; again += 1) {
      state.failRead = 'broken';
      await expect(pass('broken')).rejects.toThrow('disk I/O error');
      const refused = pass('refused');
      await turn();
      while (state.open.length > 0) state.open[0]?.answer('unconfirmed');
      expect((await refused).unconfirmed).toBeGreaterThan(0);
      await pass('empty');
    }
    const well = pass('well');
    await turn();
    expect(state.open).toHaveLength(4);
    for (let answered = 0; answered < 9; answered += 1) {
      state.open[0]?.answer('confirmed');
      await turn();
    }
    expect(await well).toMatchObject({ confirmed: 9 * PAGE });
  });
});
