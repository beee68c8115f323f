import { type Correlation, decodeCorrelationId, isAttempt } from './correlation-id.js';
import { excerpt, MalformedReply } from './malformed-reply.js';
import { isId, type JsonObject, type ReplyFields } from './reply-fields.js';

/** The deliveries that a reply speaks of. */
export interface ReplyTarget {
  portal: { memberId: string } | { name: string };
  processId: string;
  /** Never empty, no id twice. */
  messageIds: string[];
  /** Null: the current one. */
  attempt: number | null;
}

export function identityInBody(body: JsonObject): Correlation | null {
  const { memberid: memberId, processid: processId, messageid: messageId, attempt } = body;
  if (!isId(memberId) || !isId(processId) || !isId(messageId) || !isAttempt(attempt)) return null;
  return { memberId, processId, messageId, attempt };
}

export function correlated(correlationId: unknown): ReplyTarget {
  const named = typeof correlationId === 'string' ? decodeCorrelationId(correlationId) : null;
  if (named === null) throw new MalformedReply(unusable(correlationId));
  return toTarget(named);
}

export function unusable(correlationId: unknown): string {
  if (correlationId === undefined || correlationId === null || correlationId === '')
    return 'no correlation id';
  return `the correlation id ${excerpt(correlationId)} names no event`;
}

/** What a correlation id names; null where it is none of ours, or not to be stored. */
export function usable(correlationId: unknown): Correlation | null {
  const named = typeof correlationId === 'string' ? decodeCorrelationId(correlationId) : null;
  return named === null || holdsNul(named) ? null : named;
}

/** PostgreSQL stores no NUL: one such id would keep a whole group of replies from being written. */
function holdsNul({ memberId, processId, messageId }: Correlation): boolean {
  return [memberId, processId, messageId].some((id) => id.includes('\0'));
}

export function toTarget(correlation: Correlation): ReplyTarget {
  if (holdsNul(correlation)) throw new MalformedReply('an id holds a NUL character');
  const { memberId, processId, messageId, attempt } = correlation;
  return { portal: { memberId }, processId, messageIds: [messageId], attempt };
}

export function portalOf(fields: ReplyFields): ReplyTarget['portal'] | null {
  const memberId = fields.id('member_id');
  if (memberId !== undefined) return { memberId };
  const name = fields.id('portal');
  return name === undefined ? null : { name };
}

export function agreeOnPortal(fields: ReplyFields, { portal }: ReplyTarget): void {
  const memberId = fields.id('member_id');
  if (memberId !== undefined && 'memberId' in portal && memberId !== portal.memberId)
    throw new MalformedReply(`${fields.spelled('member_id')} is not that of the correlation id`);
}
