import { redact } from '../logging/redact.js';

/** What went wrong, in one line, without the user and password of an address. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return redact((message === '' && error instanceof Error ? error.name : message).replace(/\s+/g, ' '), []);
}
