import { ConsoleLogger, Logger, type LogLevel } from '@nestjs/common';
import { printable } from './printable.js';
import { redactValue } from './redact.js';

/** One structured line: a stable `event` name and whatever explains it. */
export type LogFields = { readonly event: string } & Readonly<Record<string, unknown>>;

/** What the rooms need of a logger; each line has a level, a name and facts, never a secret. */
export interface Log {
  debug(fields: LogFields): void;
  info(fields: LogFields): void;
  warn(fields: LogFields): void;
  error(fields: LogFields): void;
}

const LEVELS: Record<'error' | 'warn' | 'info' | 'debug', LogLevel[]> = {
  error: ['fatal', 'error'],
  warn: ['fatal', 'error', 'warn'],
  info: ['fatal', 'error', 'warn', 'log'],
  debug: ['fatal', 'error', 'warn', 'log', 'debug'],
};

/** What Nest says of every module and route at a start: for whoever debugs, as it hides our own first lines. */
const CHATTER: ReadonlySet<unknown> = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer']);

/**
 * Nest's logger with two habits added: our structured lines, and secrets removed from whatever anybody logs. Which
 * texts are secret is asked at each line, since tokens change.
 */
export class BridgeLogger extends ConsoleLogger implements Log {
  constructor(
    settings: { readonly LOG_LEVEL: keyof typeof LEVELS; readonly LOG_FORMAT: 'json' | 'pretty' },
    private readonly secrets: () => Iterable<string>,
  ) {
    super({ json: settings.LOG_FORMAT === 'json', logLevels: LEVELS[settings.LOG_LEVEL] });
  }

  info(fields: LogFields): void {
    this.log(this.line(fields));
  }
  override log(message: unknown, ...rest: unknown[]): void {
    if (CHATTER.has(rest.at(-1)) && !this.isLevelEnabled('debug')) return;
    super.log(message, ...rest);
  }
  override debug(fields: unknown, ...rest: unknown[]): void {
    super.debug(this.line(fields), ...rest);
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

  protected override printMessages(
    messages: unknown[],
    context?: string,
    level?: LogLevel,
    writeStreamType?: 'stdout' | 'stderr',
    errorStack?: unknown,
  ): void {
    const secrets = [...this.secrets()];
    const clean = messages.map((message) => redactValue(message, secrets));
    super.printMessages(clean, context, level, writeStreamType, redactValue(errorStack, secrets));
  }
}

/** A log that writes to another one, secrets removed. */
export function redactingLog(log: Log, secrets: () => Iterable<string>): Log {
  const clean = (fields: LogFields) => redactValue(fields, [...secrets()]) as LogFields;
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
