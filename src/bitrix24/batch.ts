import { classifyPortalError } from './error-table.js';
import {
  OutcomeUnknown,
  RequestCancelled,
  RequestRefused,
  UnreadableAnswer,
  type PortalError,
} from './errors.js';
import { isObject, textOf, wholeNumber } from './json-values.js';

/** Commands that a portal runs in one batch; it answers those beyond with an error. */
const MAX_COMMANDS = 50;
/** Ids that fit into one command, with room for its other variables. */
export const MAX_IDS_PER_COMMAND = 500;
/** PHP drops what exceeds this (`max_input_vars`), without a word. */
const MAX_VARIABLES = 1_000;

/** One call of a REST method. */
export interface RestCommand {
  method: string;
  params: Readonly<Record<string, unknown>>;
}

/** A call with the name under which a batch answers it: letters, digits and `_`, starting with a letter. */
export interface BatchCommand extends RestCommand {
  name: string;
}

export interface BatchCommandResult {
  result: unknown;
  /** Where a list's next page starts; null: this is the last. */
  next: number | null;
  /** Rows of a list in all; null for anything else. */
  total: number | null;
}

export type CommandOutcome = BatchCommandResult | { error: PortalError };

/** Whether a command failed. */
export function isFailed(outcome: CommandOutcome): outcome is { error: PortalError } {
  return 'error' in outcome;
}

/**
 * Writes commands in the form of a batch request's `cmd`.
 * @throws {RequestRefused} for what the portal would drop, cut or misread; splitting is the caller's task
 */
export function encodeBatch(commands: readonly BatchCommand[]): Record<string, string> {
  if (commands.length === 0 || commands.length > MAX_COMMANDS) {
    throw refused('batch', `${commands.length} commands; a batch takes 1 to ${MAX_COMMANDS}`);
  }
  const encoded: Record<string, string> = {};
  for (const { name, method, params } of commands) {
    // PHP would turn numbers as names into a list.
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) throw refused('batch', `command name ${JSON.stringify(name)}`);
    if (Object.hasOwn(encoded, name)) throw refused('batch', `two commands named ${name}`);
    if (method.toLowerCase() === 'batch') throw refused('batch', 'a batch inside a batch');
    encoded[name] = encodeCommand(method, params);
  }
  return encoded;
}

/**
 * Writes one command as `method?query`, with lists and maps in PHP's bracket form. `undefined` and `null` are
 * left out, true and false become 1 and 0.
 *
 * @throws {RequestRefused} when there are more variables than PHP reads, or a name, value or empty list would
 * arrive as something else
 */
export function encodeCommand(method: string, params: Readonly<Record<string, unknown>>): string {
  if (!isMethodName(method)) throw refused('batch', 'not a method name');
  const variables: string[] = [];
  for (const [key, value] of Object.entries(params)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) throw refused(method, `parameter name ${JSON.stringify(key)}`);
    write(method, key, value, variables);
  }
  if (variables.length > MAX_VARIABLES) {
    throw refused(method, `${variables.length} variables; PHP reads ${MAX_VARIABLES} and drops the rest`);
  }
  return variables.length === 0 ? method : `${method}?${variables.join('&')}`;
}

/** Whether a text can be sent as a method's name. */
export function isMethodName(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_.]*$/.test(text);
}

function write(method: string, name: string, value: unknown, variables: string[]): void {
  if (value === undefined || value === null) return;
  if (Array.isArray(value)) {
    // It would vanish, and without its list of ids a command means every id.
    if (value.length === 0) throw refused(method, `${name} is an empty list`);
    value.forEach((item: unknown, index) => write(method, `${name}[${index}]`, item, variables));
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (key === '' || /[[\]\0]/.test(key)) throw refused(method, `name ${JSON.stringify(key)} in ${name}`);
      write(method, `${name}[${encode(method, key)}]`, item, variables);
    }
  } else {
    variables.push(`${name}=${encode(method, asText(method, name, value))}`);
  }
}

function asText(method: string, name: string, value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'bigint' || Number.isFinite(value)) return String(value);
  if (typeof value !== 'string') throw refused(method, `${name} is neither text nor a number`);
  // The portal would put an earlier command's result in its place.
  if (value.includes('$result[')) throw refused(method, `${name} contains a reference to a result`);
  return value;
}

function encode(method: string, text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    throw refused(method, 'text with half a surrogate pair');
  }
}

/** Unix milliseconds at which each command's method has its execution time back. */
type ResetTimes = ReadonlyMap<string, number>;

/**
 * Reads a batch's answer: one outcome for every name asked for, in that order. PHP writes an empty map as `[]`.
 *
 * A command that the answer does not mention did not run if `halt` stopped the batch at an error before it;
 * otherwise its outcome is unknown.
 *
 * @param body the whole answer
 * @param resets when a method that has no execution time left may be called again, by command name
 * @throws {UnreadableAnswer} when it has no such shape
 */
export function parseBatchAnswer(
  body: unknown,
  commands: readonly BatchCommand[],
  options: { halt?: boolean; resets?: ResetTimes } = {},
): Map<string, CommandOutcome> {
  const answer = isObject(body) ? body['result'] : undefined;
  if (!isObject(answer)) throw new UnreadableAnswer('batch', 'no result');
  const results = mapOf(answer['result'], 'result');
  const errors = mapOf(answer['result_error'] ?? [], 'result_error');
  const nexts = isObject(answer['result_next']) ? answer['result_next'] : {};
  const totals = isObject(answer['result_total']) ? answer['result_total'] : {};

  const outcomes = new Map<string, CommandOutcome>();
  let halted = false;
  for (const { name, method } of commands) {
    if (Object.hasOwn(errors, name)) {
      const until = options.resets?.get(name) ?? null;
      outcomes.set(name, { error: commandError(errors[name], method, until) });
      halted ||= options.halt === true;
    } else if (Object.hasOwn(results, name)) {
      outcomes.set(name, {
        result: results[name],
        next: wholeNumber(nexts[name]),
        total: wholeNumber(totals[name]),
      });
    } else {
      outcomes.set(name, { error: unanswered(method, halted) });
    }
  }
  return outcomes;
}

function unanswered(method: string, halted: boolean): PortalError {
  return halted
    ? new RequestCancelled({ method, code: 'HALTED', description: 'an earlier command of the batch failed' })
    : new OutcomeUnknown({ method, code: 'NOT_ANSWERED', description: 'the batch does not mention it' });
}

function commandError(error: unknown, method: string, until: number | null): PortalError {
  if (!isObject(error)) return new UnreadableAnswer(method, 'an error without a code');
  return classifyPortalError(null, textOf(error['error']), textOf(error['error_description']), method, until);
}

function mapOf(value: unknown, name: string): Record<string, unknown> {
  if (isObject(value)) return value;
  if (Array.isArray(value) && value.length === 0) return {};
  throw new UnreadableAnswer('batch', `${name} is no map`);
}

function refused(method: string, description: string): RequestRefused {
  return new RequestRefused({ method, code: 'NOT_SENT', description });
}
