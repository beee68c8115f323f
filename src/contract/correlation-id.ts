import { fitsShortstr, SHORTSTR_BYTES } from './shortstr.js';

const MAX_ATTEMPT = 999_999_999;

/** What a correlation id says: which delivery, and which attempt of it. */
export interface Correlation {
  memberId: string;
  processId: string;
  attempt: number;
  messageId: string;
}

/** An event that no valid message can carry; `reason` is one line for people. */
export class UnencodableEvent extends Error {
  override readonly name = 'UnencodableEvent';

  constructor(readonly reason: string) {
    super(`event cannot be encoded: ${reason}`);
  }
}

/**
 * `<member id>:<process id>:<attempt>:<message id>`.
 * @throws UnencodableEvent where that would not be read back as the same, or takes over 255 bytes
 */
export function encodeCorrelationId({ memberId, processId, attempt, messageId }: Correlation): string {
  if (memberId === '' || memberId.includes(':'))
    throw new UnencodableEvent('the member id is empty or holds a colon');
  if (processId === '' || processId.includes(':'))
    throw new UnencodableEvent('the process id is empty or holds a colon');
  if (messageId === '') throw new UnencodableEvent('the message id is empty');
  if (!isAttempt(attempt)) throw new UnencodableEvent('the attempt is not a positive whole number');
  const correlationId = `${memberId}:${processId}:${attempt}:${messageId}`;
  // UTF-8 has no half surrogate pairs: such an id would come back as another one.
  if (/\p{Surrogate}/u.test(correlationId)) throw new UnencodableEvent('an id holds half a character');
  requireShortstr('the correlation id', correlationId);
  return correlationId;
}

/** Reads what {@link encodeCorrelationId} wrote, whatever the message id holds; null for any other text. */
export function decodeCorrelationId(correlationId: string): Correlation | null {
  const [, memberId, processId, attempt, messageId] =
    /^([^:]+):([^:]+):([1-9][0-9]{0,8}):(.+)$/s.exec(correlationId) ?? [];
  if (memberId === undefined || processId === undefined || messageId === undefined) return null;
  return { memberId, processId, attempt: Number(attempt), messageId };
}

/** Whether a value is a delivery's number: 1, 2, … */
export function isAttempt(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_ATTEMPT;
}

/** @throws UnencodableEvent where the text takes more bytes than AMQP allows */
export function requireShortstr(what: string, text: string): void {
  if (!fitsShortstr(text)) {
    throw new UnencodableEvent(
      `${what} takes ${Buffer.byteLength(text)} bytes, AMQP allows ${SHORTSTR_BYTES}`,
    );
  }
}
