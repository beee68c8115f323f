import { redact } from '../logging/redact.js';

/** What went wrong, in one line, without the user and password of an address. */
export function reasonOf(error: unknown): string {
  return redact(wordsOf(error).replace(/\s+/g, ' '), []);
}

function wordsOf(error: unknown): string {
  return wordsOfObject(error) ?? String(error);
}

/** Not by `instanceof`: an error may come from another realm. */
function wordsOfObject(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  const message = 'message' in error ? String(error.message) : '';
  if (message !== '') return message;
  // A connect to a name with several addresses says nothing itself: each of them has failed in its own way.
  if ('errors' in error && Array.isArray(error.errors) && error.errors.length > 0)
    return error.errors.map(wordsOf).join('; ');
  return 'name' in error ? String(error.name) : null;
}
