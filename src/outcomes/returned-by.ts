import { type ConsumeMessage } from 'amqplib';
import { readReturnedEvent } from '../contract/returned-event.js';
import { type Outcome } from '../ledger/outcome.js';
import { type Returned } from '../ledger/take-back.js';

/** The event in a dead-lettered message, where it is the very delivery that the message is taken for. */
export function returnedBy(
  { content, properties }: ConsumeMessage,
  outcome: Outcome,
  maxBytes: number,
): Returned | null {
  const event = readReturnedEvent(content, properties.contentEncoding, maxBytes);
  const isIt =
    event !== null &&
    event.memberId === outcome.memberId &&
    event.processId === outcome.processId &&
    event.messageId === outcome.messageIds[0] &&
    event.attempt === outcome.attempt;
  return isIt ? { ...event, reason: outcome.reason } : null;
}
