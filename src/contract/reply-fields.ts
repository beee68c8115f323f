import { ExactNumber } from '../json/exact-number.js';
import { excerpt, MalformedReply } from './malformed-reply.js';
import { readableJson } from './readable-json.js';

/** Characters of a reason that are kept. */
const REASON_LENGTH = 1_000;
/** Events that one reply may name. */
export const GROUP_LIMIT = 10_000;
/** No member of a reply has a longer name, however it is spelled. */
const LONGEST_NAME = 24;
/** A portal's message id has 100 characters at most, every other id fewer. */
const ID_LENGTH = 255;

export type JsonObject = Readonly<Record<string, unknown>>;

/** Words for `processed` and `failed`, in small letters and without what stands between. */
const PROCESSED = new Set([
  ...[
    'processed',
    'ok',
    'okay',
    'success',
    'succeeded',
    'successful',
    'done',
    'ack',
    'acked',
    'acknowledged',
  ],
  ...['complete', 'completed', 'finished', 'handled', 'confirmed', 'passed'],
]);
const FAILED = new Set([
  ...['failed', 'failure', 'fail', 'error', 'errored', 'err', 'nack', 'nacked', 'rejected', 'reject', 'ko'],
  ...['nok', 'unsuccessful', 'exception', 'fault', 'faulted', 'refused', 'declined', 'aborted', 'invalid'],
  ...['timeout', 'timedout'],
]);
const YES = new Set(['true', 'yes', '1']);
const NO = new Set(['false', 'no', '0']);

/** Members of a reply, each under the names by which it goes in small letters and without `_` and `-`. */
const NAMES = {
  process_id: ['processid'],
  message_id: ['messageid', 'messageids'],
  member_id: ['memberid'],
  portal: ['portal', 'domain'],
  status: ['status'],
  success: ['success', 'ok'],
  reason: ['reason'],
  error: ['error'],
  message: ['message'],
  err: ['err'],
} as const;
type FieldName = keyof typeof NAMES;

interface Field {
  /** As the consumer wrote it. */
  readonly name: string;
  readonly value: unknown;
}

/**
 * What a reply's object says, whatever the case and the hyphens of its names: `process_id`, `processId` and `ProcessID`
 * are one. Null counts as left out. Every method throws {@link MalformedReply} where the value makes no sense, with the
 * name as it was written.
 */
export class ReplyFields {
  private readonly found = new Map<string, Field>();

  constructor(body: JsonObject) {
    for (const [name, value] of Object.entries(body)) {
      if (value === null || name.length > LONGEST_NAME) continue;
      const plain = name.toLowerCase().replace(/[_-]/g, '');
      // The contract's own spelling counts first.
      if (!this.found.has(plain) || Object.hasOwn(NAMES, name)) this.found.set(plain, { name, value });
    }
  }

  has(name: FieldName): boolean {
    return this.field(name) !== undefined;
  }

  /** What it says of the event: by its status, else by `success`, else by telling why it failed. */
  outcome(): 'processed' | 'failed' | undefined {
    const said = this.status() ?? this.success() ?? (this.tellsFailure() ? 'failed' : undefined);
    const unclear = this.field('success');
    if (said !== undefined || unclear === undefined) return said;
    throw new MalformedReply(`${unclear.name} ${excerpt(unclear.value)} is neither true nor false`);
  }

  status(): 'processed' | 'failed' | undefined {
    const field = this.field('status');
    if (field === undefined) return undefined;
    const outcome = typeof field.value === 'string' ? outcomeOf(wordOf(field.value)) : undefined;
    if (outcome !== undefined) return outcome;
    throw new MalformedReply(`${field.name} ${excerpt(field.value)} is neither "failed" nor "processed"`);
  }

  /** What `success: true` or `ok: "no"` says; nothing where it is unclear. */
  success(): 'processed' | 'failed' | undefined {
    const value = this.field('success')?.value;
    const isWord = typeof value === 'string' || typeof value === 'boolean';
    const word = isWord ? wordOf(String(value)) : digitsOf(value);
    if (word === null) return undefined;
    if (YES.has(word)) return 'processed';
    return NO.has(word) ? 'failed' : outcomeOf(word);
  }

  /**
   * Why it failed: the first of `reason`, `error`, `message` and `err` that says something, of any JSON type; where none
   * does, the first that is there.
   */
  reason(): string | null {
    const told = (['reason', 'error', 'message', 'err'] as const)
      .map((name) => this.field(name))
      .filter((field) => field !== undefined);
    const field = told.find(({ value }) => saysWhy(value)) ?? told[0];
    if (field === undefined) return null;
    if (typeof field.value === 'string') return keep(field.value);
    return keep(readableJson(field.value) ?? `a ${field.name} that cannot be shown`);
  }

  /** Whether a failure is told without a status: by `error` or `reason` with something in it. */
  private tellsFailure(): boolean {
    return (['error', 'reason'] as const).some((name) => {
      const value = this.field(name)?.value;
      return value !== undefined && value !== false && value !== '';
    });
  }

  /** A numeric id counts as its digits. */
  id(name: FieldName): string | undefined {
    const field = this.field(name);
    return field === undefined ? undefined : readId(field.name, field.value);
  }

  /** One id or a list of them; none twice. */
  ids(name: FieldName): string[] | undefined {
    const field = this.field(name);
    if (field === undefined) return undefined;
    const ids: readonly unknown[] = Array.isArray(field.value) ? field.value : [field.value];
    if (ids.length === 0) throw new MalformedReply(`${field.name} is an empty list`);
    if (ids.length > GROUP_LIMIT)
      throw new MalformedReply(`${field.name} lists ${ids.length} ids, more than ${GROUP_LIMIT}`);
    return [...new Set(ids.map((id) => readId(field.name, id)))];
  }

  /** How the consumer spelled a name; the contract's spelling where it did not write it. */
  spelled(name: FieldName): string {
    return this.field(name)?.name ?? name;
  }

  private field(name: FieldName): Field | undefined {
    for (const plain of NAMES[name]) {
      const field = this.found.get(plain);
      if (field !== undefined) return field;
    }
    return undefined;
  }
}

/** `Timed out` and `timed_out` are one word. */
function wordOf(text: string): string {
  return text.toLowerCase().replace(/[\s_-]+/g, '');
}

function outcomeOf(word: string): 'processed' | 'failed' | undefined {
  if (PROCESSED.has(word)) return 'processed';
  return FAILED.has(word) ? 'failed' : undefined;
}

/** Not so: `true`, an empty text, an empty list. */
function saysWhy(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() !== '';
  if (Array.isArray(value)) return value.length > 0;
  return isObject(value) ? Object.keys(value).length > 0 : typeof value !== 'boolean';
}

function readId(name: string, value: unknown): string {
  const id = digitsOf(value) ?? value;
  if (isId(id)) return id;
  throw new MalformedReply(`${name} is ${excerpt(value)}, not a text of 1 to ${ID_LENGTH} characters`);
}

/** A whole number as it was written; null for anything else. */
function digitsOf(value: unknown): string | null {
  if (typeof value !== 'number' && !(value instanceof ExactNumber)) return null;
  const digits = value.toString();
  return /^-?\d+$/.test(digits) ? digits : null;
}

export function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && fits(value) && !value.includes('\0');
}

/** Counted in characters, as a portal's database and JSON Schema do: one may be a pair of code units. */
function fits(id: string): boolean {
  return id.length <= ID_LENGTH || (id.length <= 2 * ID_LENGTH && [...id].length <= ID_LENGTH);
}

/** The part of a reason that is worth storing: no half characters, and no NUL, which PostgreSQL refuses. */
export function keep(reason: string): string | null {
  const start = reason
    .slice(0, REASON_LENGTH)
    .replaceAll('\0', '\ufffd')
    .replace(/[\ud800-\udbff]$/, '');
  return start === '' ? null : start;
}

export function isObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)
  );
}
