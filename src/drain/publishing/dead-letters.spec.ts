import { describe, expect, it } from '@jest/globals';
import { type OutgoingMessage, type PublishResult } from '../../broker/outgoing.js';
import { eventEncoder } from '../../contract/event-encoder.js';
import { type Publishable } from '../../ledger/publishable.js';
import { Dispatcher } from './dispatcher.js';

const MAX_ATTEMPTS = 5;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

const delivery = (seq: number, attempt = 1): Publishable => ({
  seq,
  memberId: 'm',
  processId: 'p',
  messageId: `m${seq}`,
  rowId: String(seq),
  changedAt: 1_700_000_000,
  event: 'ONCRMDEALUPDATE',
  data: null,
  userId: null,
  attempt,
  attemptsBefore: 0,
  reason: null,
  refusals: 0,
  origin: null,
  routingKey: null,
});

/** One pass over some deliveries, with a broker that treats each message by where it goes and whose it is. */
async function pass(
  deliveries: readonly Publishable[],
  treat: (exchange: string, messageId: string) => PublishResult,
) {
  const recorded = { published: [] as number[], dead: [] as number[], refused: [] as string[] };
  const sent: string[] = [];
  const dispatcher = new Dispatcher({
    ledger: {
      nextPublishable: (_memberId, kind, after) =>
        Promise.resolve(kind === 'reserved' ? deliveries.filter(({ seq }) => seq > after) : []),
      nextPublishableKeys: () => Promise.resolve([]),
      publishableNamed: () => Promise.resolve([]),
      refusedKeys: () => Promise.resolve([]),
      nextRefused: () => Promise.resolve([]),
      recordPublished: (confirmed) => {
        recorded.published.push(...confirmed.map(({ seq }) => seq));
        return Promise.resolve(confirmed.length);
      },
      recordDead: (letters) => {
        recorded.dead.push(...letters.map(({ seq }) => seq));
        return Promise.resolve(letters.length);
      },
      recordRefused: (refusals) => {
        recorded.refused.push(...refusals.map(({ seq, key }) => `${seq} ${key}`));
        return Promise.resolve(refusals.length);
      },
    },
    publisher: {
      publish: (messages: readonly OutgoingMessage[]) =>
        Promise.resolve(
          messages.map(({ exchange, body }) => {
            const { messageid } = JSON.parse(body.toString()) as { messageid: string };
            sent.push(`${exchange} ${messageid}`);
            return treat(exchange, messageid);
          }),
        ),
    },
    targets: { events: 'events', unrouted: 'unrouted', dead: 'dead' },
    maxAttempts: MAX_ATTEMPTS,
    listener: { published() {}, dead() {}, refused() {} },
    log: quiet,
    encoder: eventEncoder('replies'),
  });
  const portal = { memberId: 'm', name: 'acme', source: 'https://acme.example' };
  const { unconfirmed } = await dispatcher.pass(portal, () => false);
  return { ...recorded, sent, unconfirmed };
}

const CONFIRMED: PublishResult = { status: 'confirmed' };
const UNCONFIRMED: PublishResult = { status: 'unconfirmed', reason: 'the channel closed' };
const REFUSED: PublishResult = { status: 'refused', reason: 'a nack' };
const UNSENDABLE: PublishResult = { status: 'unsendable', reason: 'too large' };

describe('a dead letter', () => {
  it('is sent for what has no attempt left, and nothing else of it', async () => {
    const result = await pass(
      [delivery(1), delivery(2, MAX_ATTEMPTS + 1), delivery(3, MAX_ATTEMPTS)],
      () => CONFIRMED,
    );
    expect(result.sent).toEqual(['events m1', 'events m3', 'dead m2']);
    expect([result.published, result.dead]).toEqual([[1, 3], [2]]);
  });

  it('counts once the broker has confirmed it, and not before', async () => {
    const exhausted = [delivery(1, MAX_ATTEMPTS + 1), delivery(2, MAX_ATTEMPTS + 1)];
    const { dead, unconfirmed } = await pass(exhausted, (_exchange, id) =>
      id === 'm1' ? CONFIRMED : UNCONFIRMED,
    );
    expect([dead, unconfirmed]).toEqual([[1], 1]);
  });

  it('is what becomes of one event that cannot be sent, and the rest of its page is published', async () => {
    const result = await pass([delivery(1), delivery(2), delivery(3)], (exchange, id) =>
      exchange === 'events' && id === 'm2' ? UNSENDABLE : CONFIRMED,
    );
    expect([result.published, result.dead, result.unconfirmed]).toEqual([[1, 3], [2], 0]);
  });

  it('steps aside where its own queue refuses it, and holds nothing up', async () => {
    const result = await pass(
      [delivery(1, MAX_ATTEMPTS + 1), delivery(2), delivery(3, MAX_ATTEMPTS + 1)],
      (exchange, id) => (exchange === 'dead' && id === 'm1' ? REFUSED : CONFIRMED),
    );
    expect(result).toMatchObject({ published: [2], dead: [3], refused: ['1 '], unconfirmed: 0 });
  });
});
