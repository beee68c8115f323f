import { reasonOf } from '../logging/reason.js';

/** What helps, by the code that PostgreSQL, its driver or SQLite gives. */
const ADVICE: readonly (readonly [codes: RegExp, sentence: string, advice: string])[] = [
  [
    /^3D000$/,
    'there is no such database',
    'Make it (createdb), or correct the name at the end of DATABASE_URL',
  ],
  [
    /^(28P01|28000)$/,
    'the login is refused',
    'Correct user and password in DATABASE_URL (special characters percent-encoded), and see pg_hba.conf',
  ],
  [
    /^42501$/,
    'this user lacks a right',
    'Make the user the owner of the database, or grant it all on the schema public',
  ],
  [
    /^25006$/,
    'it is read-only',
    'It is a standby, or default_transaction_read_only is set: name the primary in DATABASE_URL',
  ],
  [
    /^(53100|SQLITE_FULL)$/,
    'its disk is full',
    'Make room on the disk of the database; the service goes on by itself then',
  ],
  [
    /^53300$/,
    'it has no connection left',
    'Raise max_connections, or end what holds them (pg_stat_activity)',
  ],
  [/^57P03$/, 'it is starting or stopping', 'Wait, then look again'],
  [
    /^SQLITE_READONLY/,
    'the file, or its folder, cannot be written',
    'Give the user of the service the right to write both, and see that the disk is not mounted read-only',
  ],
  [
    /^SQLITE_CANTOPEN/,
    'the file cannot be opened',
    'Look at the path in DATABASE_URL, and at the rights of its folder',
  ],
  [/^SQLITE_(BUSY|LOCKED)/, 'another program holds it locked', 'End that program (fuser shows which)'],
  [/^SQLITE_(NOTADB|CORRUPT)/, 'the file is damaged, or no database', 'Put back a backup'],
  [/^ECONNREFUSED$/, 'nothing listens there', 'Start PostgreSQL, or correct DATABASE_URL'],
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'the host name cannot be resolved', 'Correct DATABASE_URL, or look at the DNS'],
  [
    /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/,
    'no network leads there',
    'Look at the network, firewalls, and DATABASE_URL',
  ],
];

/** Why a database cannot be used and what to do, in a sentence without credentials. */
export function databaseFault(error: unknown): string {
  const code = codeOf(error);
  const [, sentence, advice] = ADVICE.find(([codes]) => codes.test(code)) ?? [];
  const words = reasonOf(error);
  return sentence === undefined
    ? `${words}. Start it, or correct DATABASE_URL`
    : `${sentence} (${words}). ${advice ?? ''}`;
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if ('errors' in error && Array.isArray(error.errors))
    return error.errors.map(codeOf).find((code) => code !== '') ?? '';
  return 'cause' in error ? codeOf(error.cause) : '';
}
