import { isObject, isId } from './reply-fields.js';
import { isAttempt } from './correlation-id.js';
import { eventId, parseEventId } from './event.js';
import { EVENT_ORIGINS, type EventFacts } from './event-facts.js';
import { MalformedReply } from './malformed-reply.js';
import { fitsShortstr } from './shortstr.js';
import { topicOf } from './topics.js';
import { readBody, REPLY_BYTES, UNPACKED_TIMES } from './reply-body.js';

/** An event's code, as long as a property of a message may be. */
const CODE_LENGTH = 255;

/**
 * What a body says of the delivery that it was, where it is an event of the bridge's, whole and as it was sent; null
 * for anything else. Numbers in its data keep their digits.
 * @param maxBytes what a reply may weigh; of events {@link UNPACKED_TIMES} as much are read
 */
export function readReturnedEvent(
  content: Buffer,
  contentEncoding: unknown,
  maxBytes = REPLY_BYTES,
): Omit<EventFacts, 'portal' | 'source'> | null {
  const limit = maxBytes * UNPACKED_TIMES;
  if (content.length > limit) return null;
  const body = bodyOf(content, contentEncoding, limit);
  if (!isObject(body) || body['specversion'] !== '1.0') return null;
  const { id, type, time, memberid, processid, messageid, attempt, pattern, data } = body;
  if (!isId(id) || !isId(memberid) || !isId(processid) || !isId(messageid) || !isAttempt(attempt))
    return null;
  const named = parseEventId(id);
  if (named === null || named.memberId !== memberid) return null;
  const { rowId, changedAt } = named;
  if (typeof time !== 'string' || Date.parse(time) !== changedAt * 1000) return null;
  if (id !== eventId(memberid, rowId, changedAt) || memberid.includes(':') || processid.includes(':'))
    return null;
  if (typeof type !== 'string' || type === '' || type.length > CODE_LENGTH) return null;
  if (!isObject(data) || data['event'] !== type || !Object.hasOwn(data, 'data')) return null;
  const { userId } = data;
  const origin = EVENT_ORIGINS.find((one) => one === body['origin']);
  if (userId !== null && typeof userId !== 'string') return null;
  return {
    memberId: memberid,
    processId: processid,
    messageId: messageid,
    rowId,
    changedAt,
    event: type,
    data: data['data'],
    userId,
    attempt,
    ...(origin === undefined ? {} : { origin, routingKey: keyAskedFor(type, pattern) }),
  };
}

/** The routing key of an event where it is not the one of its code. */
function keyAskedFor(type: string, pattern: unknown): string | null {
  if (typeof pattern !== 'string' || !fitsShortstr(pattern)) return null;
  return pattern.endsWith(`.${topicOf(type)}`) ? null : pattern;
}

function bodyOf(content: Buffer, contentEncoding: unknown, unpackedBytes: number): unknown {
  try {
    return readBody(content, contentEncoding, unpackedBytes);
  } catch (error) {
    if (error instanceof MalformedReply) return null;
    throw error;
  }
}
