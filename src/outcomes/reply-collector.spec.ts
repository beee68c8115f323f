import { describe, expect, it } from '@jest/globals';
import { type Channel, type ConsumeMessage } from 'amqplib';
import { type OutcomesRecorded } from '../ledger/outcome.js';
import { RepliesInHand } from './replies-in-hand.js';
import { ReplyCollector } from './reply-collector.js';
import { SetAside, type RejectReply } from './set-aside.js';

const recorded: OutcomesRecorded = {
  processed: new Map(),
  failed: new Map(),
  lateFailed: new Map(),
  toMark: new Map(),
  ignored: 0,
  unknown: 0,
  unknownOf: new Map(),
};
const portals = {
  memberIdOf: (word: string) => Promise.resolve(word === 'nobody' ? undefined : word),
  nameOf: () => 'acme',
};
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const message = (text: string) =>
  ({ content: Buffer.from(text), properties: { headers: {} } }) as unknown as ConsumeMessage;
const limits = { failures: 'bitrix24.failures', maxBytes: 1000 };
const asideOf = (reject: RejectReply, deadLetters = true) =>
  new SetAside({ reject, deadLetters: () => deadLetters, log: quiet });
const takes: RejectReply = () => Promise.resolve({ status: 'confirmed' });

describe('the reply collector', () => {
  it('rejects and acknowledges a malformed reply once, however often its group has to be written', async () => {
    let writes = 0;
    const rejected: string[] = [];
    const acknowledged: string[] = [];
    const collector = new ReplyCollector(
      {
        takeBack: () => Promise.resolve([]),
        recordOutcomes: () => {
          writes += 1;
          return writes < 3 ? Promise.reject(new Error('database is locked')) : Promise.resolve(recorded);
        },
      },
      portals,
      asideOf(({ content }) => {
        rejected.push(content.toString());
        return Promise.resolve({ status: 'confirmed' });
      }),
      limits,
      { recorded: () => {}, replies: () => {}, unknown: () => {} },
      quiet,
    );
    const channel = {
      ack: ({ content }: ConsumeMessage) => acknowledged.push(content.toString()),
    } as unknown as Channel;
    const good = '{"member_id":"a223c6b3710f85df","process_id":"p","message_id":["m"]}';
    const hand = new RepliesInHand({ fullBytes: 10_000, mostBytes: 20_000 });
    for (const text of ['nonsense', good]) collector.add(hand.take(message(text), channel));
    while (acknowledged.length < 2 || writes < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    await collector.close();
    expect(rejected).toEqual(['nonsense']);
    expect(acknowledged.sort()).toEqual(['nonsense', good].sort());
  });

  it('acknowledges a reply when the ledger has it, and not before', async () => {
    let commit: () => void = () => undefined;
    const written = new Promise<void>((resolve) => (commit = resolve));
    let writing = false;
    const acknowledged: string[] = [];
    const collector = new ReplyCollector(
      {
        takeBack: () => Promise.resolve([]),
        recordOutcomes: async () => {
          writing = true;
          await written;
          return recorded;
        },
      },
      portals,
      asideOf(takes),
      limits,
      { recorded: () => {}, replies: () => {}, unknown: () => {} },
      quiet,
    );
    const channel = {
      ack: ({ content }: ConsumeMessage) => acknowledged.push(content.toString()),
    } as unknown as Channel;
    const text = '{"member_id":"a223c6b3710f85df","process_id":"p","message_id":["m"]}';
    collector.add(new RepliesInHand({ fullBytes: 10_000, mostBytes: 20_000 }).take(message(text), channel));
    while (!writing) await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(acknowledged).toEqual([]);
    commit();
    await collector.close();
    expect(acknowledged).toEqual([text]);
  });
});
