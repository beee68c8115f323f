import {
  emptyPhpArray,
  isPhpArray,
  parseCommand,
  parseStr,
  phpMap,
  phpString,
  type PhpArray,
} from './php.js';
import { RestError } from './rest-error.js';

export const BATCH_MAX_LENGTH = 50;

export interface CommandAnswer {
  result: unknown;
  total?: number;
  next?: number;
  time: unknown;
}

/** What earlier commands answered, as later ones may refer to it: `$result[name][field]`. */
interface Answers {
  result: PhpArray;
  error: PhpArray;
  total: PhpArray;
  next: PhpArray;
  time: PhpArray;
}

const REFERENCE = /\$(result|error|total|next|time)((?:\[[^\]]+\])+)/gi;

function lookUp(answers: Answers, root: string, path: string): unknown {
  let value: unknown = answers[root.toLowerCase() as keyof Answers];
  for (const [, key = ''] of path.matchAll(/\[([^\]]+)\]/g)) {
    if (!isPhpArray(value) || value[key] === undefined || value[key] === null) break;
    value = value[key];
  }
  return value;
}

/** Replaces references in a text; a text that is nothing but a reference becomes the value itself. */
function resolveText(text: string, answers: Answers): unknown {
  if (!text.includes('$')) return text;
  const [only] = text.matchAll(REFERENCE);
  if (only?.[0] === text) return lookUp(answers, only[1] ?? '', only[2] ?? '');
  return text.replace(REFERENCE, (_all, root: string, path: string) =>
    phpString(lookUp(answers, root, path)),
  );
}

function resolve(params: PhpArray, answers: Answers): PhpArray {
  const resolved = emptyPhpArray();
  for (const [key, value] of Object.entries(params)) {
    const newKey = phpString(resolveText(key, answers));
    resolved[newKey] = isPhpArray(value) ? resolve(value, answers) : resolveText(phpString(value), answers);
  }
  return resolved;
}

/** The method that a command names, in lower case. */
export function commandMethod(command: unknown): string {
  return typeof command === 'string' ? parseCommand(command).method.toLowerCase() : '';
}

/**
 * Runs the commands one after another. A command that fails is noted and, unless `halt`, the next one runs.
 * Maps without entries come out as `[]`, as PHP prints them.
 */
export async function runBatch(
  commands: readonly [string, unknown][],
  halt: boolean,
  run: (method: string, params: PhpArray) => Promise<CommandAnswer>,
): Promise<PhpArray> {
  const answers: Answers = {
    result: emptyPhpArray(),
    error: emptyPhpArray(),
    total: emptyPhpArray(),
    next: emptyPhpArray(),
    time: emptyPhpArray(),
  };
  let count = 0;
  for (const [name, command] of commands) {
    count += 1;
    if (typeof command !== 'string') continue;
    try {
      if (count > BATCH_MAX_LENGTH) {
        throw new RestError(400, 'ERROR_BATCH_LENGTH_EXCEEDED', 'Max batch length exceeded');
      }
      const { query } = parseCommand(command);
      const method = commandMethod(command);
      if (method === 'batch') {
        const description = 'Method is not allowed for batch usage';
        throw new RestError(405, 'ERROR_BATCH_METHOD_NOT_ALLOWED', description);
      }
      const answer = await run(method, resolve(parseStr(query), answers));
      answers.result[name] = answer.result;
      answers.time[name] = answer.time;
      if (answer.total !== undefined) answers.total[name] = answer.total;
      if (answer.next !== undefined) answers.next[name] = answer.next;
    } catch (error) {
      if (!(error instanceof RestError)) throw error;
      answers.error[name] = error.toJSON();
      if (halt) break;
    }
  }
  return {
    result: phpMap(answers.result),
    result_error: phpMap(answers.error),
    result_total: phpMap(answers.total),
    result_next: phpMap(answers.next),
    result_time: phpMap(answers.time),
  };
}
