import { ConsoleLogger, Logger, type LogLevel } from '@nestjs/common';
import { logLine } from './log-line.js';
import { printable } from './printable.js';
import { redactValue, type SecretsIn } from './redact.js';

/** One structured line: a stable `event` name and whatever explains it. */
export type LogFields = { readonly event: string } & Readonly<Record<string, unknown>>;

/** What the rooms need of a logger; each line has a level, a name and facts, never a secret. */
export interface Log {
  debug(fields: LogFields): void;
  info(fields: LogFields): void;
  warn(fields: LogFields): void;
  error(fields: LogFields): void;
}

/** The same log, with these facts in every line. */
export function withFields(log: Log, facts: Readonly<Record<string, unknown>>): Log {
  return {
    debug: (fields) => log.debug({ ...fields, ...facts }),
    info: (fields) => log.info({ ...fields, ...facts }),
    warn: (fields) => log.warn({ ...fields, ...facts }),
    error: (fields) => log.error({ ...fields, ...facts }),
  };
}

const LEVELS: Record<'error' | 'warn' | 'info' | 'debug', LogLevel[]> = {
  error: ['fatal', 'error'],
  warn: ['fatal', 'error', 'warn'],
  info: ['fatal', 'error', 'warn', 'log'],
  debug: ['fatal', 'error', 'warn', 'log', 'debug'],
};

/** The two streams that a log is written to. */
export type LogOutput = Readonly<Record<'stdout' | 'stderr', { write(text: string): unknown }>>;

/** What Nest says of every module and route at a start: for debugging, as it hides our own first lines. */
const CHATTER: ReadonlySet<unknown> = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer']);
/** Said before the port is bound and the database opened, and so beside the reason why neither could be. */
const PREMATURE = 'Nest application successfully started';

/**
 * Nest's logger with our habits: structured lines in the form of {@link logLine}, and secrets removed from every line.
 * Which texts are secret is asked at each line, since tokens change.
 */
export class BridgeLogger extends ConsoleLogger implements Log {
  /** @param output where lines in JSON go */
  constructor(
    settings: { readonly LOG_LEVEL: keyof typeof LEVELS; readonly LOG_FORMAT: 'json' | 'pretty' },
    private readonly secrets: SecretsIn,
    private readonly output: LogOutput = process,
  ) {
    super({
      json: settings.LOG_FORMAT === 'json',
      logLevels: LEVELS[settings.LOG_LEVEL],
      colors: settings.LOG_FORMAT === 'pretty' && onTerminal(),
    });
  }

  info(fields: LogFields): void {
    this.log(this.line(fields));
  }
  override log(message: unknown, ...rest: unknown[]): void {
    if (message === PREMATURE || (CHATTER.has(rest.at(-1)) && !this.isLevelEnabled('debug'))) return;
    super.log(message, ...rest);
  }
  override debug(fields: unknown, ...rest: unknown[]): void {
    // Every round of an idle portal has such a line: none is formed that is not written.
    if (this.isLevelEnabled('debug')) super.debug(this.line(fields), ...rest);
  }
  override warn(fields: unknown, ...rest: unknown[]): void {
    super.warn(this.line(fields), ...rest);
  }
  override error(fields: unknown, ...rest: unknown[]): void {
    super.error(this.line(fields), ...rest);
  }

  private line(fields: unknown): unknown {
    if (typeof fields !== 'object' || fields === null || fields instanceof Error || this.options.json)
      return fields;
    const { event, ...facts } = fields as Record<string, unknown>;
    const words = Object.entries(facts).map(([key, value]) => {
      const plain = typeof value === 'string' && /^\S+$/.test(value);
      return `${key}=${printable(plain ? value : String(JSON.stringify(value)), true)}`;
    });
    return [String(event), ...words].join(' ');
  }

  /** Local time to the millisecond, `2026-11-29 14:03:07.042`. */
  protected override getTimestamp(): string {
    const now = new Date();
    const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
    return local.toISOString().replace('T', ' ').replace('Z', '');
  }

  protected override printAsJson(
    message: unknown,
    options: {
      context: string;
      logLevel: LogLevel;
      writeStreamType?: 'stdout' | 'stderr';
      errorStack?: unknown;
      error?: Error;
    },
  ): void {
    const { context, logLevel: level, errorStack: stack, error, writeStreamType = 'stdout' } = options;
    const serialized = error === undefined ? undefined : this.serializeError(error);
    const line = logLine({ message, level, context, stack, error: serialized, now: new Date() });
    this.output[writeStreamType].write(`${this.stringifyJsonLogObject(line)}\n`);
  }

  /** Control characters that JSON leaves as they are would act on a terminal; to a program the text means the same. */
  protected override stringifyJsonLogObject(line: Record<string, unknown>): string {
    return printable(super.stringifyJsonLogObject(line));
  }

  protected override printMessages(
    messages: unknown[],
    context?: string,
    level?: LogLevel,
    writeStreamType?: 'stdout' | 'stderr',
    errorStack?: unknown,
  ): void {
    const clean = messages.map((message) => redactValue(message, this.secrets));
    super.printMessages(clean, context, level, writeStreamType, redactValue(errorStack, this.secrets));
  }
}

/** Whether people read what is written: files and pipes get no colours. */
function onTerminal(): boolean {
  return (
    process.stdout.isTTY === true && process.stderr.isTTY === true && process.env['NO_COLOR'] === undefined
  );
}

/** A log that writes to another one, secrets removed. */
export function redactingLog(log: Log, secrets: SecretsIn): Log {
  const clean = (fields: LogFields) => redactValue(fields, secrets) as LogFields;
  return {
    debug: (fields) => log.debug(clean(fields)),
    info: (fields) => log.info(clean(fields)),
    warn: (fields) => log.warn(clean(fields)),
    error: (fields) => log.error(clean(fields)),
  };
}

/** The application's own Nest logger, which gets our lines as objects. */
export function nestLog(context: string): Log {
  const logger = new Logger(context);
  return {
    debug: (fields) => logger.debug(fields),
    info: (fields) => logger.log(fields),
    warn: (fields) => logger.warn(fields),
    error: (fields) => logger.error(fields),
  };
}
