import { type LogLevel } from '@nestjs/common';

/** Levels as the settings and the docs have them; Nest has other words for two. */
const LEVEL_NAMES: Readonly<Record<LogLevel, string>> = {
  verbose: 'debug',
  debug: 'debug',
  log: 'info',
  warn: 'warn',
  error: 'error',
  fatal: 'error',
};

/** What is said by Nest itself, or by another part that knows nothing of events. */
const NO_EVENT = 'nest';

/** What a line is made of. */
interface LineParts {
  /** Our own lines have fields, others are texts. */
  readonly message: unknown;
  readonly level: LogLevel;
  readonly context?: string | undefined;
  readonly stack?: unknown;
  readonly error?: unknown;
  readonly now: Date;
}

/**
 * One line as log systems index it: everything at the top level, `time`, `level`, `event` and `msg` in every line. A fact
 * whose name one of these has gets an underscore at its end.
 */
export function logLine({ message, level, context, stack, error, now }: LineParts): Record<string, unknown> {
  const facts = isFields(message) ? message : { event: NO_EVENT, msg: String(message) };
  const { event, msg, ...others } = facts;
  const line: Record<string, unknown> = {
    time: now.toISOString(),
    level: LEVEL_NAMES[level],
    event: event ?? NO_EVENT,
    msg: msg ?? sentenceOf(event, others),
    timestamp: now.getTime(),
    pid: process.pid,
    ...(context === undefined || context === '' ? {} : { context }),
    ...(stack === undefined || stack === null ? {} : { stack }),
    ...(error === undefined ? {} : { error }),
  };
  for (const [name, value] of Object.entries(others)) line[name in line ? `${name}_` : name] = value;
  return line;
}

function isFields(message: unknown): message is Readonly<Record<string, unknown>> {
  return typeof message === 'object' && message !== null && !Array.isArray(message);
}

/** One line for a list of messages: the event, its portal, and why. */
function sentenceOf(event: unknown, { portal, reason }: Readonly<Record<string, unknown>>): string {
  const whose = typeof portal === 'string' ? ` (${portal})` : '';
  const why = typeof reason === 'string' ? `: ${reason}` : '';
  return `${typeof event === 'string' ? event : NO_EVENT}${whose}${why}`;
}
