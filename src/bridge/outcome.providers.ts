import { type Channel } from 'amqplib';
import { BrokerConnection } from '../broker/connection.js';
import { connectionTiming, SILENT_BROKER_HEARTBEATS } from '../broker/connection-timing.js';
import { unconfirmed } from '../broker/outgoing.js';
import { Publisher } from '../broker/publisher.js';
import { Settings } from '../config/settings.js';
import { Ledger } from '../ledger/ledger.js';
import { countReplies } from '../monitoring/listeners.js';
import { Metrics } from '../monitoring/metrics.js';
import { rejectedReply } from '../outcomes/rejected-reply.js';
import { ReplyCollector } from '../outcomes/reply-collector.js';
import { ReplyServer } from '../outcomes/reply-server.js';
import { type ReplyReader, ReplyWatermark } from '../outcomes/reply-watermark.js';
import { PortalRegistry } from '../portals/registry.js';
import { SetAside } from '../outcomes/set-aside.js';
import { Signals } from '../replicas/signals.js';
import { traceReplies } from '../tracing/reply-spans.js';
import { BROKER_URLS, LOG, NAMES, REJECTER } from './injection-tokens.js';
import { provide } from './provide.js';

const MIB = 1024 * 1024;
/** Replies in hand, unacknowledged: two groups of the ledger's, or so many bytes of large ones. */
const IN_HAND = { messages: 1000, fullBytes: 8 * MIB, mostBytes: 32 * MIB };
/** Of rejected ones on their way: they share a connection with the events, and must not fill it. */
const REJECTED_WINDOW = { maxInFlight: 100, maxInFlightBytes: MIB, confirmTimeoutMs: 10_000 };
/** What a broker of version 3 takes: it has to take back what came from it. */
const REJECTED_MAX_BYTES = 128 * MIB;

/** What reads the reply queue. Every replica does, for portals of all owners. */
export const outcomeProviders = [
  provide(ReplyWatermark, [Settings, BROKER_URLS], (settings, urls) => {
    const { heartbeatSeconds } = connectionTiming(urls.length);
    return new ReplyWatermark({
      settleAfterMs: settings.SETTLE_AFTER_MS,
      blindMs: heartbeatSeconds * SILENT_BROKER_HEARTBEATS * 1000,
    });
  }),
  // Publishes what is rejected, over a channel of its own: events do not wait for it.
  provide(
    REJECTER,
    [BrokerConnection, LOG],
    (broker, logger) =>
      new Publisher(broker, { ...REJECTED_WINDOW, maxMessageBytes: REJECTED_MAX_BYTES, logger }),
  ),
  provide(
    SetAside,
    [REJECTER, BrokerConnection, NAMES, Metrics, LOG],
    (rejecter, broker, names, { activity }, log) =>
      new SetAside({
        reject: async (message, reason) => {
          const [result = unconfirmed('no answer')] = await rejecter.publish([
            rejectedReply(message, reason, names.rejected),
          ]);
          if (result.status === 'confirmed') activity.rejectedReply(reason, message.content);
          return result;
        },
        deadLetters: () => broker.knows(`queue ${names.replies}`),
        deadLettered: (message, reason) => activity.rejectedReply(reason, message.content),
        log,
      }),
  ),
  provide(
    ReplyCollector,
    [Ledger, PortalRegistry, SetAside, Settings, NAMES, Metrics, Signals, LOG],
    (ledger, registry, aside, settings, names, metrics, signals, log) => {
      const nameOf = (memberId: string) => registry.nameOf(memberId);
      const counted = countReplies(metrics, nameOf);
      return new ReplyCollector(
        ledger,
        { memberIdOf: (word) => registry.memberIdOf(word), nameOf },
        aside,
        { failures: names.failures, maxBytes: settings.REPLY_MAX_BYTES },
        {
          ...counted,
          recorded: (recorded) => {
            counted.recorded(recorded);
            signals.outcomes(recorded);
          },
          heard: (replies, startedAt) => traceReplies(replies, nameOf, startedAt),
        },
        log,
      );
    },
  ),
  provide(
    ReplyServer,
    [BROKER_URLS, NAMES, BrokerConnection, ReplyCollector, ReplyWatermark, LOG],
    (urls, names, broker, collector, watermark, log) => {
      const readers = new WeakMap<Channel, ReplyReader>();
      const readerOf = (channel: Channel, reading: () => boolean) => {
        const reader = {
          queueStatus: () => channel.checkQueue(names.replies),
          recorded: () => collector.recorded(),
          givenBack: () => collector.givenBack,
          reading,
        };
        readers.set(channel, reader);
        return reader;
      };
      return new ReplyServer(
        {
          urls,
          queue: names.replies,
          declare: () => void broker.redeclare(),
          limits: IN_HAND,
          began: (channel, reading) => {
            broker.granted(names.replies);
            watermark.begins(readerOf(channel, reading));
          },
          ended: (channel) => watermark.ends(readers.get(channel) ?? null),
          interrupted: (reason) => broker.channelEnded(reason),
        },
        log,
        (delivered) => collector.add(delivered),
      );
    },
  ),
];
