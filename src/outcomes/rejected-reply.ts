import { type ConsumeMessage } from 'amqplib';
import { type OutgoingMessage, type OutgoingProperties } from '../broker/outgoing.js';

/** Where the sender asked for copies: the sender has had them, and one may have gone to the reply queue, so that it never ended. */
const COPIES: ReadonlySet<string> = new Set(['CC', 'BCC']);

/** A reply that could not be understood, as it goes to its queue: untouched but for a header that says why. */
export function rejectedReply(message: ConsumeMessage, reason: string, queue: string): OutgoingMessage {
  const { properties } = message;
  const kept: Record<string, unknown> = {};
  for (const name of [
    'appId',
    'contentEncoding',
    'contentType',
    'correlationId',
    'messageId',
    'replyTo',
    'timestamp',
    'type',
  ] as const) {
    const value: unknown = properties[name];
    if (value !== undefined) kept[name] = value;
  }
  const headers = Object.fromEntries(
    Object.entries(properties.headers ?? {}).filter(([name]) => !COPIES.has(name)),
  );
  return {
    exchange: '',
    routingKey: queue,
    body: message.content,
    properties: {
      ...(kept as OutgoingProperties),
      persistent: true,
      headers: { ...headers, 'x-bridge-error': reason },
    },
  };
}
