import { createHash } from 'node:crypto';
import { isDeeperThan } from '../json/deep-json.js';
import { writeJson } from '../json/exact-json.js';
import { objectIdOf } from '../json/object-id.js';
import { encodeCorrelationId, isAttempt, requireShortstr, UnencodableEvent } from './correlation-id.js';
import { type EventFacts, type EventOrigin } from './event-facts.js';
import { type EventEnvelope, hookedEnvelope, hookedKey, type EventHooks } from './event-hooks.js';
import { fallbackPortalName } from './portal-name.js';
import { cutToBytes, fitsShortstr, SHORTSTR_BYTES } from './shortstr.js';
import { standardRoutingKey } from './routing-key.js';
import { subjectPrefix } from './topics.js';

export { decodeCorrelationId, UnencodableEvent } from './correlation-id.js';
export { type EventFacts } from './event-facts.js';

export const EVENT_CONTENT_TYPE = 'application/cloudevents+json';
const APP_ID = 'bitrix24-offline-bridge';
/**
 * Levels of maps and lists in an event's data. PHP writes and reads 512 at most, most other readers of JSON about a
 * thousand, and an event that a consumer's reader breaks on would come again and again.
 */
const DATA_LEVELS = 500;
/** 9999-12-31T23:59:59Z, the last second that RFC 3339 can write. */
const LAST_SECOND = 253_402_300_799;
/** Long enough for a stack trace's first lines, short enough for any broker's frame. */
const REASON_BYTES = 1_000;
/** Two such ids, a cut message id and an attempt stay below the 255 bytes of a correlation id. */
const SUBSTITUTE_ID_BYTES = 64;

/** An event as RabbitMQ takes it; `properties` are amqplib's publish options. */
export interface EncodedEvent {
  routingKey: string;
  body: Buffer;
  properties: {
    contentType: string;
    /** The event's id, the same for every delivery of one change. */
    messageId: string;
    /** Names the delivery, see `decodeCorrelationId`. */
    correlationId: string;
    replyTo: string;
    type: string;
    /** The change on the portal, Unix seconds. */
    timestamp: number;
    appId: string;
    persistent: true;
    headers: {
      'x-portal': string;
      'x-attempt': number;
      /** The body's `subject`, cut to 255 bytes; left out where it has none. What exchanges can spread events by. */
      'x-subject'?: string;
      'x-bridge-reason'?: string;
      'x-bridge-attempts'?: number;
    };
  };
}

/**
 * The message that announces an event.
 * @throws UnencodableEvent where a name or id does not fit AMQP's 255 bytes, a fact is unusable, the data is not JSON,
 * or a hook fails
 */
export function encodeEvent(facts: EventFacts, replyTo: string, hooks: EventHooks = {}): EncodedEvent {
  const { portal, event, changedAt } = facts;
  if (!/^[a-z0-9-]+$/.test(portal))
    throw new UnencodableEvent('the portal name is not a word of a-z, 0-9 and -');
  if (event === '') throw new UnencodableEvent('the event has no code');
  if (!isSecond(changedAt)) throw new UnencodableEvent('the time of change is not in whole Unix seconds');
  const id = eventId(facts.memberId, facts.rowId, changedAt);
  const correlationId = encodeCorrelationId(facts);
  const routingKey = hookedKey(hooks, facts, facts.routingKey ?? standardRoutingKey(portal, event));
  requireShortstr('the routing key', routingKey);
  requireShortstr('the event id', id);
  requireShortstr('the event code', event);
  requireShortstr('the reply queue', replyTo);
  return assemble(
    { ...facts, data: payload(facts.data) },
    { id, correlationId, routingKey, replyTo, type: event },
    hooks,
  );
}

/**
 * The message that goes to the dead-letter queue: the event's own body and key, with the reason and the
 * number of attempts as headers. Never throws: where a hook fails, the event travels as it is without hooks; one that
 * {@link encodeEvent} refuses all the same, under `<portal>.other.unencodable.event`, without data, its properties cut or hashed where they do not fit;
 * the body keeps its names and ids in full.
 */
export function encodeDeadEvent(
  facts: EventFacts,
  replyTo: string,
  reason: string,
  attempts: number,
  hooks: EventHooks = {},
): EncodedEvent {
  const encoded = encodeOrSubstitute(facts, replyTo, hooks);
  encoded.properties.headers['x-bridge-reason'] = cutToBytes(reason, REASON_BYTES);
  encoded.properties.headers['x-bridge-attempts'] = attempts;
  return encoded;
}

/** The same for every delivery of one change and unique over all portals; `changedAt` in Unix seconds. */
export function eventId(memberId: string, rowId: string, changedAt: number): string {
  return `${memberId}-${rowId}-${changedAt}`;
}

/** A row has a number; what no row has announced, a letter, the number of what found it, and of the object. */
const EVENT_ID = /^([A-Za-z0-9_]+)-(\d+|[sr]\d+(?:x\d+x\d+)?)-(\d{1,12})$/;

/** What {@link eventId} was made of; null for any other text. */
export function parseEventId(id: string): { memberId: string; rowId: string; changedAt: number } | null {
  const [, memberId, rowId, changedAt] = EVENT_ID.exec(id) ?? [];
  if (memberId === undefined || rowId === undefined) return null;
  return { memberId, rowId, changedAt: Number(changedAt) };
}

/** Where an event comes from, by its row: no row of a portal's queue begins with a letter. Null: from that queue. */
export function originOfRow(rowId: string): EventOrigin | null {
  return rowId.startsWith('s') ? 'snapshot' : rowId.startsWith('r') ? 'reconciled' : null;
}

interface Names {
  id: string;
  correlationId: string;
  routingKey: string;
  replyTo: string;
  type: string;
}

/** @throws UnencodableEvent where the data is not JSON */
function assemble(facts: EventFacts, names: Names, hooks: EventHooks = {}): EncodedEvent {
  const { portal, event, changedAt, attempt, data } = facts;
  const timed = isSecond(changedAt);
  const envelope = {
    specversion: '1.0',
    id: names.id,
    source: facts.source,
    type: event,
    subject: subjectOf(event, data),
    time: timed ? `${new Date(changedAt * 1_000).toISOString().slice(0, 19)}Z` : undefined,
    datacontenttype: 'application/json',
    portal,
    memberid: facts.memberId,
    processid: facts.processId,
    messageid: facts.messageId,
    attempt,
    pattern: names.routingKey,
    origin: facts.origin ?? undefined,
    data: { event, data, userId: facts.userId, state: facts.state ?? undefined },
  };
  const hooked = hookedEnvelope(hooks, facts, envelope as EventEnvelope);
  return {
    routingKey: names.routingKey,
    body: Buffer.from(toJson(hooked)),
    properties: {
      contentType: EVENT_CONTENT_TYPE,
      messageId: names.id,
      correlationId: names.correlationId,
      replyTo: names.replyTo,
      type: names.type,
      timestamp: timed ? changedAt : 0,
      appId: APP_ID,
      persistent: true,
      headers: {
        'x-portal': portal,
        'x-attempt': attempt,
        ...(hooked.subject === undefined ? {} : { 'x-subject': cutToBytes(hooked.subject, SHORTSTR_BYTES) }),
      },
    },
  };
}

function encodeOrSubstitute(facts: EventFacts, replyTo: string, hooks: EventHooks): EncodedEvent {
  // Whatever it was, the event must still reach the dead-letter queue.
  for (const some of [hooks, {}]) {
    try {
      return encodeEvent(facts, replyTo, some);
    } catch {
      continue;
    }
  }
  return substitute(facts, replyTo);
}

function substitute(facts: EventFacts, replyTo: string): EncodedEvent {
  const event = facts.event === '' ? 'unencodable' : facts.event;
  const memberId = shortId(facts.memberId);
  const attempt = isAttempt(facts.attempt) ? facts.attempt : 1;
  const portal = /^[a-z0-9-]{1,63}$/.test(facts.portal) ? facts.portal : fallbackPortalName(facts.memberId);
  const id = eventId(facts.memberId, facts.rowId, facts.changedAt);
  return assemble(
    { ...facts, event, portal, attempt, data: null, state: null },
    {
      id: fitsShortstr(id) ? id : eventId(memberId, shortId(facts.rowId), facts.changedAt),
      correlationId: encodeCorrelationId({
        memberId,
        processId: shortId(facts.processId),
        attempt,
        messageId: shortId(facts.messageId),
      }),
      routingKey: `${portal}.other.unencodable.event`,
      replyTo: cutToBytes(replyTo, SHORTSTR_BYTES),
      type: cutToBytes(event, SHORTSTR_BYTES),
    },
  );
}

/** An id as it is where it can stand in a correlation id, otherwise its hash. */
function shortId(id: string): string {
  const usable = id !== '' && !/[:\p{Surrogate}]/u.test(id) && Buffer.byteLength(id) <= SUBSTITUTE_ID_BYTES;
  return usable ? id : `sha256-${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
}

/** PHP writes an empty map as `[]`, and a portal sends `false` where an event has no data. */
function payload(data: unknown): unknown {
  if (data === undefined || data === null || data === false) return null;
  if (typeof data === 'function' || typeof data === 'symbol')
    throw new UnencodableEvent('the data is not JSON');
  if (isDeeperThan(data, DATA_LEVELS))
    throw new UnencodableEvent(`the data is nested deeper than ${DATA_LEVELS} levels`);
  return Array.isArray(data) && data.length === 0 ? {} : data;
}

/** What changed, `crm.deal/123`; undefined where the data carries no id. */
export function subjectOf(event: string, data: unknown): string | undefined {
  const id = objectIdOf(data);
  return id === undefined ? undefined : `${subjectPrefix(event)}/${id}`;
}

function isSecond(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= LAST_SECOND;
}

function toJson(envelope: unknown): string {
  try {
    return writeJson(envelope);
  } catch (error) {
    const [why] = String(error instanceof Error ? error.message : error).split('\n', 1);
    throw new UnencodableEvent(`the data is not JSON: ${(why ?? '').slice(0, 200)}`);
  }
}
