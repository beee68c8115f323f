import { ExactNumber } from '../json/exact-number.js';

/** How much of a strange value an error message repeats. */
const EXCERPT_LENGTH = 80;

/** A message that is no reply; `reason` is one short line that names what is wrong. */
export class MalformedReply extends Error {
  override readonly name = 'MalformedReply';

  constructor(readonly reason: string) {
    super(`malformed reply: ${reason}`);
  }
}

/** One line that tells a value apart without repeating all of it. */
export function excerpt(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null && !(value instanceof ExactNumber)) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, EXCERPT_LENGTH)) : String(value);
  return text.length > EXCERPT_LENGTH ? `${text.slice(0, EXCERPT_LENGTH)}…` : text;
}
