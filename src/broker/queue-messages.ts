import { type MessageQueue } from './message-queue.js';
import { type OutgoingMessage, type PublishResult, QueuedMessage, unconfirmed } from './outgoing.js';

/**
 * Queues messages that are published together, and has `pump` send them.
 * @param signal aborted: what has no result yet is `unconfirmed`
 * @returns one result for each, in their order, once all are known
 */
export function queueMessages(
  messages: readonly OutgoingMessage[],
  queue: MessageQueue,
  signal: AbortSignal | undefined,
  pump: () => void,
): Promise<PublishResult[]> {
  return new Promise((resolve) => {
    const results: PublishResult[] = [];
    const items: QueuedMessage[] = [];
    let open = messages.length;
    const abort = () => items.forEach((item) => item.answer(unconfirmed('aborted')));
    const finish = () => {
      signal?.removeEventListener('abort', abort);
      resolve(results);
    };
    if (open === 0) return finish();
    messages.forEach((message, index) => {
      const item = new QueuedMessage(message, (result) => {
        results[index] = result;
        open -= 1;
        if (open === 0) finish();
      });
      items.push(item);
      queue.push(item);
    });
    signal?.addEventListener('abort', abort, { once: true });
    pump();
  });
}
