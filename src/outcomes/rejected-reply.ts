import { type ConsumeMessage } from 'amqplib';
import { type OutgoingMessage, type OutgoingProperties } from '../broker/outgoing.js';

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
  const headers = (properties.headers ?? {}) as Record<string, unknown>;
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
