import { excerpt, MalformedReply } from './malformed-reply.js';
import { readableJson } from './readable-json.js';
import { isObject, type JsonObject, keep } from './reply-fields.js';

/** What a NestJS server's answer says of the event that it answers. */
interface NestAnswer {
  /** `partial`: one of several answers, which decides nothing. */
  readonly outcome: 'processed' | 'failed' | 'partial';
  readonly reason: string | null;
}

/** Whether nothing else can have written it: `{…, isDisposed}`, or `{id, err, status: "error"}` for no handler. */
export function decidesAlone(body: JsonObject): boolean {
  return Object.hasOwn(body, 'isDisposed') || (body['status'] === 'error' && isSet(body['err']));
}

/**
 * `{response}`, `{response, isDisposed}`, `{isDisposed}`, `{err, isDisposed}`, and `{id, err, status}` for no handler.
 * @throws MalformedReply
 */
export function readNestAnswer(body: JsonObject): NestAnswer {
  const { isDisposed = false, err } = body;
  if (typeof isDisposed !== 'boolean')
    throw new MalformedReply(`isDisposed is ${excerpt(isDisposed)}, not true or false`);
  const failed = isSet(err);
  // The answer "no handler for this pattern" comes alone and without isDisposed, told by its status.
  const last = isDisposed || (failed && body['status'] === 'error');
  if (!last) return { outcome: 'partial', reason: null };
  return failed
    ? { outcome: 'failed', reason: keep(describeError(err)) }
    : { outcome: 'processed', reason: null };
}

/** Older NestJS servers write `err: null` beside a response. */
function isSet(err: unknown): boolean {
  return err !== undefined && err !== null && err !== false;
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
  return readableJson(err) ?? 'an error that cannot be shown';
}
