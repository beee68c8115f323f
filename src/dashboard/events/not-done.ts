import { PartlyDone } from '../../events/partly-done.js';
import { Phrase } from '../../i18n/translate.js';
import { reasonOf } from '../../logging/reason.js';

/** Failures after which SQLite itself does not say what is in the file. */
const DOUBTFUL = /^SQLITE_IOERR/;
/** PostgreSQL answers a statement that it has refused with such a code; of a connection that broke it says nothing. */
const SQLSTATE = /^[0-9A-Z]{5}$/;
/** Kinds of these codes that speak of the connection or of a server that stops: a commit may have been heard. */
const BROKEN = /^(08|57P)/;

/** What to tell somebody whose action has failed with the database's error: that nothing was done, a part, or that it is not known. */
export function notDone(error: unknown): Phrase {
  const reason = reasonOf(error);
  if (error instanceof PartlyDone) return Phrase.of('notDone.partly', { done: error.done, reason });
  return isRefusal(error)
    ? Phrase.of('notDone.nothing', { reason })
    : Phrase.of('notDone.unknown', { reason });
}

/** Whether the database has answered that it took no change. */
function isRefusal(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return error instanceof Error && error.name === 'DatabaseFileGone';
  if (code.startsWith('SQLITE_')) return !DOUBTFUL.test(code);
  // Nobody listens: nothing was sent.
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND') return true;
  return SQLSTATE.test(code) && !BROKEN.test(code);
}
