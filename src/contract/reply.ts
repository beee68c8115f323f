import { isUtf8 } from 'node:buffer';
import { type Correlation, decodeCorrelationId, isAttempt } from './correlation-id.js';

/** Characters of a reason that are kept. */
const REASON_LENGTH = 1_000;
/** Events that one group reply may name. */
const GROUP_LIMIT = 10_000;
/** A portal's message id has 100 characters at most, every other id fewer. */
const ID_LENGTH = 255;
/** How much of a strange value an error message repeats. */
const EXCERPT_LENGTH = 80;

/** How the reply was made: by hand for one event or several, by a NestJS server, or by RabbitMQ. */
export type ReplyKind = 'single' | 'group' | 'nest' | 'dead_letter';

/** `partial`: one of several answers to one event, which decides nothing. */
export type ReplyOutcome = 'processed' | 'failed' | 'partial';

/** The deliveries that a reply speaks of. */
export interface ReplyTarget {
  portal: { memberId: string } | { name: string };
  processId: string;
  /** Never empty, no id twice. */
  messageIds: string[];
  /** Null: the current one. */
  attempt: number | null;
}

export interface Reply {
  kind: ReplyKind;
  outcome: ReplyOutcome;
  /** At most 1,000 characters. */
  reason: string | null;
  target: ReplyTarget;
}

/** The parts of an AMQP message that make a reply. */
export interface ReplyMessage {
  content: Buffer;
  properties: { correlationId?: unknown; headers?: unknown };
}

/** A message that is no reply; `reason` is one short line. */
export class MalformedReply extends Error {
  override readonly name = 'MalformedReply';

  constructor(readonly reason: string) {
    super(`malformed reply: ${reason}`);
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads any message of the reply queue.
 * @throws MalformedReply, and nothing else
 */
export function parseReply(message: ReplyMessage): Reply {
  const { correlationId, headers } = message.properties;
  const body = readBody(message.content);
  const deaths = isObject(headers) ? headers['x-death'] : undefined;
  // A reply that went through somebody's own delay queue carries x-death too, and still says what it says.
  if (deaths !== undefined && deaths !== null && (body instanceof MalformedReply || !looksLikeReply(body))) {
    return deadLetter(deaths, correlationId, body);
  }
  if (body instanceof MalformedReply) throw body;
  if (has(body, 'process_id')) return group(body);
  if (has(body, 'isDisposed')) return nest(body, correlationId);
  if (body['status'] === 'processed' || body['status'] === 'failed') return single(body, correlationId);
  // NestJS leaves `response` out where a handler's stream yields undefined, so `{}` is one of several.
  if (has(body, 'err') || has(body, 'response') || Object.keys(body).length === 0)
    return nest(body, correlationId);
  if (has(body, 'status')) return single(body, correlationId);
  throw new MalformedReply('neither status, process_id nor a NestJS answer, and not dead-lettered');
}

function looksLikeReply(body: JsonObject): boolean {
  return (
    !has(body, 'specversion') &&
    ['process_id', 'isDisposed', 'err', 'response', 'status'].some((key) => has(body, key))
  );
}

function single(body: JsonObject, correlationId: unknown): Reply {
  const outcome = readStatus(body['status']);
  return { kind: 'single', outcome, reason: readReason(body['reason']), target: correlated(correlationId) };
}

function group(body: JsonObject): Reply {
  const outcome =
    body['status'] === undefined || body['status'] === null ? 'failed' : readStatus(body['status']);
  return {
    kind: 'group',
    outcome,
    reason: readReason(body['reason']),
    target: {
      portal: readPortal(body),
      processId: readId('process_id', body['process_id']),
      messageIds: readMessageIds(body['message_id']),
      attempt: null,
    },
  };
}

/** `{response}`, `{response, isDisposed}`, `{isDisposed}`, `{err, isDisposed}`, and `{id, err, status}` for no handler. */
function nest(body: JsonObject, correlationId: unknown): Reply {
  const { isDisposed = false, err } = body;
  if (typeof isDisposed !== 'boolean')
    throw new MalformedReply(`isDisposed is ${excerpt(isDisposed)}, not true or false`);
  // Older NestJS servers write `err: null` beside a response.
  const failed = err !== undefined && err !== null && err !== false;
  // The answer "no handler for this pattern" comes alone and without isDisposed, told by its status.
  const last = isDisposed || (failed && body['status'] === 'error');
  const target = correlated(correlationId);
  if (!last) return { kind: 'nest', outcome: 'partial', reason: null, target };
  if (!failed) return { kind: 'nest', outcome: 'processed', reason: null, target };
  return { kind: 'nest', outcome: 'failed', reason: keep(describeError(err)), target };
}

function deadLetter(deaths: unknown, correlationId: unknown, body: JsonObject | MalformedReply): Reply {
  const named = typeof correlationId === 'string' ? decodeCorrelationId(correlationId) : null;
  const usable = named === null || holdsNul(named) ? null : named;
  const target = usable ?? (body instanceof MalformedReply ? null : identityInBody(body));
  if (target === null) {
    const why = body instanceof MalformedReply ? body.reason : 'its body is no event of the bridge';
    throw new MalformedReply(`dead-lettered without a usable correlation id, and ${why}`);
  }
  return { kind: 'dead_letter', outcome: 'failed', reason: describeDeath(deaths), target: toTarget(target) };
}

function identityInBody(body: JsonObject): Correlation | null {
  const { memberid: memberId, processid: processId, messageid: messageId, attempt } = body;
  if (!isId(memberId) || !isId(processId) || !isId(messageId) || !isAttempt(attempt)) return null;
  return { memberId, processId, messageId, attempt };
}

/** RabbitMQ puts the newest death first. */
function describeDeath(deaths: unknown): string | null {
  const newest: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  if (!isObject(newest) || typeof newest['reason'] !== 'string') return 'dead-lettered';
  const { reason, queue } = newest;
  if (typeof queue !== 'string') return keep(reason);
  return keep(`${reason} ${reason === 'rejected' ? 'by' : 'in'} queue ${queue}`);
}

function describeError(err: unknown): string {
  if (typeof err === 'string') return err;
  if (isObject(err)) {
    const { message } = err;
    if (typeof message === 'string' && message !== '') return message;
    // Validation errors come as a list of sentences.
    if (Array.isArray(message)) {
      const sentences = message.filter((line) => typeof line === 'string');
      if (sentences.length > 0) return sentences.join('; ');
    }
  }
  return asJson(err);
}

function correlated(correlationId: unknown): ReplyTarget {
  if (correlationId === undefined || correlationId === null || correlationId === '') {
    throw new MalformedReply('no correlation id');
  }
  const named = typeof correlationId === 'string' ? decodeCorrelationId(correlationId) : null;
  if (named === null) throw new MalformedReply(`the correlation id ${excerpt(correlationId)} names no event`);
  return toTarget(named);
}

/** PostgreSQL stores no NUL: one such id would keep a whole group of replies from being written. */
function holdsNul({ memberId, processId, messageId }: Correlation): boolean {
  return [memberId, processId, messageId].some((id) => id.includes('\0'));
}

function toTarget(correlation: Correlation): ReplyTarget {
  if (holdsNul(correlation)) throw new MalformedReply('an id holds a NUL character');
  const { memberId, processId, messageId, attempt } = correlation;
  return { portal: { memberId }, processId, messageIds: [messageId], attempt };
}

function readPortal(body: JsonObject): ReplyTarget['portal'] {
  const { member_id: memberId, portal } = body;
  if (memberId !== undefined && memberId !== null) return { memberId: readId('member_id', memberId) };
  if (portal !== undefined && portal !== null) return { name: readId('portal', portal) };
  throw new MalformedReply('neither member_id nor portal');
}

function readMessageIds(value: unknown): string[] {
  const ids: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (ids.length === 0) throw new MalformedReply('message_id is an empty list');
  if (ids.length > GROUP_LIMIT)
    throw new MalformedReply(`message_id lists ${ids.length} ids, more than ${GROUP_LIMIT}`);
  return [...new Set(ids.map((id) => readId('message_id', id)))];
}

function readId(name: string, value: unknown): string {
  const id = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (isId(id)) return id;
  if (value === undefined) throw new MalformedReply(`no ${name}`);
  throw new MalformedReply(`${name} is ${excerpt(value)}, not a text of 1 to ${ID_LENGTH} characters`);
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && fits(value) && !value.includes('\0');
}

/** Counted in characters, as a portal's database and JSON Schema do: one may be a pair of code units. */
function fits(id: string): boolean {
  return id.length <= ID_LENGTH || (id.length <= 2 * ID_LENGTH && [...id].length <= ID_LENGTH);
}

function readStatus(status: unknown): 'processed' | 'failed' {
  if (status === 'processed' || status === 'failed') return status;
  throw new MalformedReply(`status is ${excerpt(status)}, not "processed" or "failed"`);
}

function readReason(reason: unknown): string | null {
  if (reason === undefined || reason === null) return null;
  if (typeof reason !== 'string') throw new MalformedReply(`reason is ${excerpt(reason)}, not a text`);
  return keep(reason);
}

/** The part of a reason that is worth storing: no half characters, and no NUL, which PostgreSQL refuses. */
function keep(reason: string): string | null {
  const start = reason
    .slice(0, REASON_LENGTH)
    .replaceAll('\0', '\ufffd')
    .replace(/[\ud800-\udbff]$/, '');
  return start === '' ? null : start;
}

function readBody(content: Buffer): JsonObject | MalformedReply {
  if (content.length === 0) return new MalformedReply('the body is empty');
  if (!isUtf8(content)) return new MalformedReply('the body is not UTF-8');
  // Some platforms begin every text with a byte order mark.
  const text = content.toString('utf8').replace(/^\ufeff/, '');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return new MalformedReply(`the body is not JSON: ${excerpt(text)}`);
  }
  return isObject(body) ? body : new MalformedReply(`the body is ${excerpt(body)}, not an object`);
}

/** One line that tells a value apart without repeating all of it. */
function excerpt(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, EXCERPT_LENGTH)) : String(value);
  return text.length > EXCERPT_LENGTH ? `${text.slice(0, EXCERPT_LENGTH)}…` : text;
}

function asJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // Nested too deep to write out.
    return 'an error that cannot be shown';
  }
}

function has(body: JsonObject, key: string): boolean {
  return Object.hasOwn(body, key);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
