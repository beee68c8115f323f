import { EVENT_CONTENT_TYPE } from './event.js';
import { headOfEvent } from './event-head.js';
import { MalformedReply } from './malformed-reply.js';
import { readBody, REPLY_BYTES, UNPACKED_TIMES } from './reply-body.js';
import { GROUP_LIMIT, isObject, keep } from './reply-fields.js';
import { deadLetter, type Envelope, inPacket, readReply, type Reply, saysSomething } from './reply-forms.js';
import { identityInBody, toTarget, usable } from './reply-target.js';
import { describeDeath } from './x-death.js';

export { REPLY_BYTES } from './reply-body.js';
export { type Reply, type ReplyKind } from './reply-forms.js';

/** The parts of an AMQP message that make a reply. */
export interface ReplyMessage {
  content: Buffer;
  properties: {
    correlationId?: unknown;
    headers?: unknown;
    contentEncoding?: unknown;
    contentType?: unknown;
  };
  fields?: { exchange?: unknown };
}

/** What a message of the reply queue says. A list may hold replies that make sense beside one that does not. */
interface RepliesRead {
  readonly replies: Reply[];
  /** Null where everything made sense; otherwise one short line that names what did not. */
  readonly fault: string | null;
}

/**
 * Reads any message of the reply queue; never throws. What weighs more than a reply may is not read: it is an event that
 * came back, which its properties name, or no reply.
 * @param failures the exchange through which an event fails that a person publishes again
 * @param maxBytes what a reply may weigh
 */
export function readReplies(message: ReplyMessage, failures: string, maxBytes = REPLY_BYTES): RepliesRead {
  const { correlationId, contentEncoding } = message.properties;
  const death = deathOf(message, failures);
  if (message.content.length > maxBytes) return readLarge(message, failures, maxBytes, death);
  const envelope = { correlationId, death };
  try {
    const body = bodyOf(message.content, contentEncoding, maxBytes * UNPACKED_TIMES);
    // A reply that went through a consumer's own delay queue carries x-death too, and still says what it says.
    if (death !== null && (body instanceof MalformedReply || !saysSomething(body)))
      return only(deadLetter(envelope, body));
    if (body instanceof MalformedReply) throw body;
    const replied = inPacket(body);
    return Array.isArray(replied) ? readList(replied, envelope) : only(readReply(replied, envelope, true));
  } catch (error) {
    return { replies: [], fault: faultOf(error) };
  }
}

function only(reply: Reply): RepliesRead {
  return { replies: [reply], fault: null };
}

/** Why a message counts as dead-lettered; null where it does not. */
function deathOf({ properties: { headers }, fields }: ReplyMessage, failures: string): string | null {
  const deaths = isObject(headers) ? headers['x-death'] : undefined;
  if (deaths !== undefined && deaths !== null) return describeDeath(deaths);
  return fields?.exchange === failures ? keep(`published to ${failures}`) : null;
}

function readLarge(
  { content, properties, fields }: ReplyMessage,
  failures: string,
  maxBytes: number,
  death: string | null,
): RepliesRead {
  const { contentType } = properties;
  const isEvent =
    fields?.exchange === failures ||
    (typeof contentType === 'string' && contentType.startsWith(EVENT_CONTENT_TYPE));
  const identity = usable(properties.correlationId) ?? identityInBody(headOfEvent(content));
  if (death !== null && isEvent && identity !== null)
    return only({ kind: 'dead_letter', outcome: 'failed', reason: death, target: toTarget(identity) });
  return { replies: [], fault: `the body has ${content.length} bytes, a reply ${maxBytes} at most` };
}

function bodyOf(content: Buffer, contentEncoding: unknown, unpackedBytes: number): unknown {
  try {
    return readBody(content, contentEncoding, unpackedBytes);
  } catch (error) {
    if (error instanceof MalformedReply) return error;
    throw error;
  }
}

function faultOf(error: unknown): string {
  if (error instanceof MalformedReply) return error.reason;
  throw error;
}

function readList(list: readonly unknown[], envelope: Envelope): RepliesRead {
  if (list.length === 0) throw new MalformedReply('the body is an empty list');
  // The traces are not read, and for thousands of items that make no sense they would hold up all else for a second.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return readItems(list, envelope);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function readItems(list: readonly unknown[], envelope: Envelope): RepliesRead {
  const replies: Reply[] = [];
  let fault: string | null = null;
  let events = 0;
  for (const [at, item] of list.entries()) {
    const last = at === GROUP_LIMIT;
    try {
      if (last && events < GROUP_LIMIT) throw new MalformedReply(`more than ${GROUP_LIMIT} replies`);
      const reply = readReply(item, envelope, false);
      events += reply.target.messageIds.length;
      if (events > GROUP_LIMIT) throw new MalformedReply(`more than ${GROUP_LIMIT} events are named`);
      replies.push(reply);
    } catch (error) {
      fault ??= `reply ${at + 1} of ${list.length}: ${faultOf(error)}`;
      if (events > GROUP_LIMIT || last) break;
    }
  }
  return { replies, fault };
}
