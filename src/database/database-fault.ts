import { Phrase } from '../i18n/translate.js';
import { reasonOf } from '../logging/reason.js';

const SETTING = { setting: 'DATABASE_URL' };

/** What helps, by the code that PostgreSQL, its driver or SQLite gives. */
const KNOWN: readonly (readonly [codes: RegExp, sentence: Phrase, advice: Phrase])[] = [
  [/^3D000$/, Phrase.of('fault.noDatabase'), Phrase.of('fault.noDatabase.advice')],
  [/^(28P01|28000)$/, Phrase.of('fault.databaseLogin'), Phrase.of('fault.databaseLogin.advice')],
  [/^42501$/, Phrase.of('fault.right'), Phrase.of('fault.right.advice')],
  [/^25006$/, Phrase.of('fault.readOnly'), Phrase.of('fault.readOnly.advice')],
  [/^(53100|SQLITE_FULL)$/, Phrase.of('fault.full'), Phrase.of('fault.full.advice')],
  [/^53300$/, Phrase.of('fault.connections'), Phrase.of('fault.connections.advice')],
  [/^57P03$/, Phrase.of('fault.starting'), Phrase.of('fault.starting.advice')],
  [/^SQLITE_READONLY/, Phrase.of('fault.unwritable'), Phrase.of('fault.unwritable.advice')],
  [/^SQLITE_CANTOPEN/, Phrase.of('fault.unopened'), Phrase.of('fault.unopened.advice')],
  [/^SQLITE_(BUSY|LOCKED)/, Phrase.of('fault.locked'), Phrase.of('fault.locked.advice')],
  [/^SQLITE_(NOTADB|CORRUPT)/, Phrase.of('fault.damaged'), Phrase.of('fault.damaged.advice')],
  [/^ECONNREFUSED$/, Phrase.of('fault.nobody'), Phrase.of('fault.nobody.database')],
  [/^(ENOTFOUND|EAI_AGAIN)$/, Phrase.of('fault.hostUnnamed'), Phrase.of('fault.host.advice', SETTING)],
  [
    /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/,
    Phrase.of('fault.noRoute'),
    Phrase.of('fault.noRoute.advice', SETTING),
  ],
];

/** Why a database cannot be used and what to do, in a sentence without credentials. */
export function databaseFault(error: unknown): Phrase {
  const code = codeOf(error);
  const words = reasonOf(error);
  const known = KNOWN.find(([codes]) => codes.test(code));
  if (known === undefined) return Phrase.of('fault.database', { words });
  const [, sentence, advice] = known;
  return Phrase.of('fault.explained', { sentence, words, advice });
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if ('errors' in error && Array.isArray(error.errors))
    return error.errors.map(codeOf).find((code) => code !== '') ?? '';
  return 'cause' in error ? codeOf(error.cause) : '';
}
