import { asPhp, isPhpArray, phpGet, phpMap, phpString, PhpArray } from './php.js';
import { parseCommand, parseStr } from './php-query.js';
import { RestError } from './rest-error.js';

const BATCH_MAX_LENGTH = 50;

interface CommandAnswer {
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
    const inner = isPhpArray(value) ? phpGet(value, key) : undefined;
    if (inner === undefined) break;
    value = inner;
  }
  return value;
}

/** Replaces references in a text; a text that is nothing but a reference becomes the value itself. */
function resolveText(text: string, answers: Answers): unknown {
  if (!text.includes('$')) return text;
  const [only] = text.matchAll(REFERENCE);
  if (only?.[0] === text) return asPhp(lookUp(answers, only[1] ?? '', only[2] ?? ''));
  return text.replace(REFERENCE, (reference, root: string, path: string) => {
    const value = lookUp(answers, root, path);
    // Amid other text only a text takes the place of a reference.
    return typeof value === 'string' ? value : reference;
  });
}

function resolve(params: PhpArray, answers: Answers): PhpArray {
  const resolved = new PhpArray();
  for (const [key, value] of params) {
    const name = phpString(resolveText(key, answers));
    resolved.set(
      name,
      value instanceof PhpArray ? resolve(value, answers) : resolveText(phpString(value), answers),
    );
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
): Promise<Record<string, unknown>> {
  const answers: Answers = {
    result: new PhpArray(),
    error: new PhpArray(),
    total: new PhpArray(),
    next: new PhpArray(),
    time: new PhpArray(),
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
      answers.result.set(name, answer.result);
      answers.time.set(name, answer.time);
      if (answer.total !== undefined) answers.total.set(name, answer.total);
      if (answer.next !== undefined) answers.next.set(name, answer.next);
    } catch (error) {
      if (!(error instanceof RestError)) throw error;
      answers.error.set(name, error.toJSON());
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
