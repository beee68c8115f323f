import { excerpt, MalformedReply } from './malformed-reply.js';
import { decidesAlone, readNestAnswer } from './nest-answer.js';
import { isObject, type JsonObject, ReplyFields } from './reply-fields.js';
import {
  agreeOnPortal,
  correlated,
  identityInBody,
  portalOf,
  type ReplyTarget,
  toTarget,
  unusable,
  usable,
} from './reply-target.js';

/** How the reply was made: by hand for one event or several, by a NestJS server, or by RabbitMQ. */
export type ReplyKind = 'single' | 'group' | 'nest' | 'dead_letter';

/** `partial`: one of several answers to one event, which decides nothing. */
type ReplyOutcome = 'processed' | 'failed' | 'partial';

export interface Reply {
  kind: ReplyKind;
  outcome: ReplyOutcome;
  /** At most 1,000 characters. */
  reason: string | null;
  target: ReplyTarget;
}

/** What counts for every reply of a message. */
export interface Envelope {
  readonly correlationId: unknown;
  /** Why the message counts as dead-lettered; null where it does not. */
  readonly death: string | null;
}

/**
 * Reads one reply, in any of its forms.
 * @param alone not one of a list: NestJS answers come one by one
 * @throws {MalformedReply}
 */
export function readReply(body: unknown, envelope: Envelope, alone: boolean): Reply {
  if (!isObject(body)) throw new MalformedReply(`the body is ${excerpt(body)}, not an object`);
  const { correlationId } = envelope;
  const fields = new ReplyFields(body);
  if (isEvent(body)) return eventWithStatus(body, fields, correlationId);
  if (fields.has('process_id') || fields.has('message_id')) return byIds(fields, correlationId);
  if (alone && decidesAlone(body)) return nest(body, correlationId);
  const outcome = fields.outcome();
  if (outcome !== undefined) return single(outcome, fields, correlationId);
  // NestJS leaves `response` out where a handler's stream yields undefined, so `{}` is one of several.
  if (alone && (has(body, 'err') || has(body, 'response') || Object.keys(body).length === 0))
    return nest(body, correlationId);
  throw new MalformedReply('neither status, process_id nor a NestJS answer, and not dead-lettered');
}

/** NestJS clients put what they send into a packet, `{pattern, data}`. */
export function inPacket(body: unknown): unknown {
  if (!isObject(body) || isEvent(body) || !has(body, 'pattern')) return body;
  const { data } = body;
  return isReply(data) || (Array.isArray(data) && data.some(isReply)) ? data : body;
}

function isEvent(body: JsonObject): boolean {
  return has(body, 'specversion');
}

/** Whether a body, or part of it, is more than an event that came back. */
export function saysSomething(body: unknown): boolean {
  if (Array.isArray(body)) return body.some(isReply);
  return isReply(body) || (isObject(body) && has(body, 'pattern') && isReply(body['data']));
}

function isReply(body: unknown): boolean {
  if (!isObject(body) || isEvent(body)) return false;
  const fields = new ReplyFields(body);
  return (
    (['process_id', 'status', 'success', 'error', 'reason'] as const).some((name) => fields.has(name)) ||
    ['status', 'isDisposed', 'err', 'response'].some((key) => has(body, key))
  );
}

function single(outcome: 'processed' | 'failed', fields: ReplyFields, correlationId: unknown): Reply {
  const target = correlated(correlationId);
  agreeOnPortal(fields, target);
  return { kind: 'single', outcome, reason: fields.reason(), target };
}

/**
 * Ids in the body count before the correlation id, which some clients set by themselves. Where they name no event
 * without it, they must not contradict it.
 */
function byIds(fields: ReplyFields, correlationId: unknown): Reply {
  const outcome = fields.status() ?? fields.success() ?? 'failed';
  const reason = fields.reason();
  const processId = fields.id('process_id');
  const messageIds = fields.ids('message_id');
  const named = usable(correlationId);
  if (processId !== undefined && messageIds !== undefined) {
    const portal = portalOf(fields) ?? (named === null ? null : { memberId: named.memberId });
    if (portal === null) throw new MalformedReply('neither member_id nor portal');
    return { kind: 'group', outcome, reason, target: { portal, processId, messageIds, attempt: null } };
  }
  const missing = processId === undefined ? 'process_id' : 'message_id';
  if (named === null) {
    const also = correlationId === undefined ? '' : `, and ${unusable(correlationId)}`;
    throw new MalformedReply(`no ${missing}${also}`);
  }
  const agrees =
    (processId ?? named.processId) === named.processId &&
    (messageIds ?? [named.messageId]).every((id) => id === named.messageId);
  if (!agrees) {
    const given = fields.spelled(processId === undefined ? 'message_id' : 'process_id');
    throw new MalformedReply(`${given} is not that of the correlation id, and there is no ${missing}`);
  }
  return single(outcome, fields, correlationId);
}

/** An event that came back with a status of its own in it. */
function eventWithStatus(body: JsonObject, fields: ReplyFields, correlationId: unknown): Reply {
  const outcome = fields.outcome();
  if (outcome === undefined)
    throw new MalformedReply(
      'an event without a status: it fails where it is published to the failures exchange',
    );
  const named = usable(correlationId) ?? identityInBody(body);
  if (named === null)
    throw new MalformedReply('no usable correlation id, and its body is no event of the bridge');
  return { kind: 'single', outcome, reason: fields.reason(), target: toTarget(named) };
}

function nest(body: JsonObject, correlationId: unknown): Reply {
  return { kind: 'nest', ...readNestAnswer(body), target: correlated(correlationId) };
}

/** @throws {MalformedReply} where it names no event */
export function deadLetter({ correlationId, death }: Envelope, body: unknown): Reply {
  const target = usable(correlationId) ?? (isObject(body) ? identityInBody(body) : null);
  if (target === null) {
    const why = body instanceof MalformedReply ? body.reason : 'its body is no event of the bridge';
    throw new MalformedReply(`dead-lettered without a usable correlation id, and ${why}`);
  }
  return { kind: 'dead_letter', outcome: 'failed', reason: death, target: toTarget(target) };
}

function has(body: JsonObject, key: string): boolean {
  return Object.hasOwn(body, key);
}
