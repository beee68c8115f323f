import { type ReplyMessage } from '../../src/contract/reply.js';
import { type Received } from './broker-stand-in.js';

export type ReplyKind = 'single' | 'group' | 'nest' | 'dead_letter' | 'earlier_attempt' | 'unknown';

/** A reply as a consumer, a NestJS server or RabbitMQ itself would make it. */
export function replyMessage(
  received: Received,
  outcome: 'processed' | 'failed',
  kind: ReplyKind,
): ReplyMessage {
  const { correlationId, memberId, processId, messageId } = received;
  const json = (body: unknown) => Buffer.from(JSON.stringify(body));
  switch (kind) {
    case 'single':
      return { content: json({ status: outcome, reason: 'said so' }), properties: { correlationId } };
    case 'group':
      return {
        content: json({
          member_id: memberId,
          process_id: processId,
          message_id: [messageId],
          status: outcome,
        }),
        properties: {},
      };
    case 'nest':
      return {
        content: json(outcome === 'failed' ? { isDisposed: true, err: 'thrown' } : { isDisposed: true }),
        properties: { correlationId },
      };
    case 'dead_letter':
      return {
        content: received.body,
        properties: { correlationId, headers: { 'x-death': [{ reason: 'rejected', queue: 'q' }] } },
      };
    case 'earlier_attempt':
      return {
        content: json({ status: outcome }),
        properties: { correlationId: `${memberId}:${processId}:${received.attempt + 7}:${messageId}` },
      };
    case 'unknown':
      return {
        content: json({ status: outcome }),
        properties: { correlationId: `${memberId}:nobody:1:${messageId}` },
      };
  }
}
