import { type ConsumeMessage } from 'amqplib';
import { type OutgoingMessage, type OutgoingProperties } from '../broker/outgoing.js';

/**
 * Headers by which the sender asked for copies. RabbitMQ has made these already; a copy addressed to the reply queue
 * would be rejected again and again.
 */
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
