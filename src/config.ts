import 'reflect-metadata';
import { plainToInstance, Transform, type TransformFnParams } from 'class-transformer';
import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  MinLength,
  Validate,
  validateSync,
} from 'class-validator';
import { redact } from './redact.js';
import {
  AesKeys,
  BrokerUrls,
  DatabaseUrl,
  Host,
  Networks,
  WebAddress,
  withoutCredentials,
} from './setting-rules.js';

/** The settings are wrong. `message` names every fault, one a line; the process exits with 78. */
export class SettingsError extends Error {
  static readonly exitCode = 78;

  constructor(readonly faults: readonly string[]) {
    super(`Settings are not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}

const asNumber = ({ value }: TransformFnParams): unknown => {
  if (typeof value !== 'string') return value;
  return value.trim() === '' ? Number.NaN : Number(value);
};
const asBoolean = ({ value }: TransformFnParams): unknown => {
  if (typeof value !== 'string') return value;
  const word = value.trim().toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : value;
};
const asList = ({ value }: TransformFnParams): unknown =>
  typeof value === 'string'
    ? value
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== '')
    : value;
const asCodes = (params: TransformFnParams): unknown => {
  const list = asList(params);
  return Array.isArray(list) ? list.map((code) => String(code).toUpperCase()) : list;
};

const whole = (name: string, min: number, max: number) => ({
  message: `${name} must be a whole number from ${min} to ${max}`,
});

function WholeNumber(name: string, min: number, max: number): PropertyDecorator {
  return (target, key) => {
    Transform(asNumber)(target, key);
    IsInt(whole(name, min, max))(target, key);
    Min(min, whole(name, min, max))(target, key);
    Max(max, whole(name, min, max))(target, key);
  };
}

const DAY_MS = 86_400_000;

/**
 * Every setting of the bridge, under the names of its environment variables. Times are milliseconds, sizes
 * are counts, unless the name says otherwise.
 */
export class Settings {
  @Transform(asList)
  @IsArray()
  @ArrayNotEmpty({ message: 'RABBITMQ_URL must name at least one broker' })
  @Validate(BrokerUrls)
  RABBITMQ_URL: string[] = ['amqp://guest:guest@127.0.0.1:5672'];

  @Matches(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/, {
    message: 'AMQP_PREFIX must be 1 to 100 of the characters A-Z a-z 0-9 . _ -',
  })
  AMQP_PREFIX = 'bitrix24';

  @Validate(DatabaseUrl)
  DATABASE_URL = 'file:./data/bridge.db';

  @IsString()
  @IsNotEmpty({ message: 'HTTP_HOST must not be empty' })
  HTTP_HOST = '127.0.0.1';

  @WholeNumber('HTTP_PORT', 0, 65_535)
  HTTP_PORT = 3000;

  @IsOptional()
  @Transform(asList)
  @Validate(Networks)
  HTTP_TRUSTED_PROXIES?: string[];

  /** Opens the dashboard at `/` to whoever knows it. */
  @IsOptional()
  @MinLength(12, { message: 'DASHBOARD_PASSWORD must have at least 12 characters' })
  DASHBOARD_PASSWORD?: string;

  /** Opens the dashboard to whom an authenticating proxy among HTTP_TRUSTED_PROXIES names in this header. */
  @IsOptional()
  @Matches(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, {
    message: "DASHBOARD_PROXY_HEADER must be a header's name, such as X-Forwarded-User",
  })
  DASHBOARD_PROXY_HEADER?: string;

  @IsString({ message: "B24_CLIENT_ID is required: the application's client_id" })
  @IsNotEmpty({ message: "B24_CLIENT_ID is required: the application's client_id" })
  B24_CLIENT_ID!: string;

  @IsString({ message: "B24_CLIENT_SECRET is required: the application's client_secret" })
  @IsNotEmpty({ message: "B24_CLIENT_SECRET is required: the application's client_secret" })
  B24_CLIENT_SECRET!: string;

  @Validate(WebAddress)
  B24_OAUTH_URL = 'https://oauth.bitrix.info';

  @IsOptional()
  @Validate(Host)
  B24_DOMAIN?: string;

  @IsOptional()
  @IsNotEmpty({ message: 'B24_REFRESH_TOKEN must not be empty' })
  B24_REFRESH_TOKEN?: string;

  @Transform(asCodes)
  @IsArray()
  @ArrayNotEmpty({ message: 'B24_EVENTS must name at least one event' })
  @Matches(/^[A-Z0-9_.:]{1,100}$/, {
    each: true,
    message: 'B24_EVENTS must be event codes such as ONCRMDEALUPDATE, comma-separated',
  })
  B24_EVENTS: string[] = ['ONCRMDEALADD', 'ONCRMDEALUPDATE', 'ONCRMDEALDELETE'];

  @IsOptional()
  @Matches(/^[^\s]{1,50}$/, { message: 'B24_AUTH_CONNECTOR must be 1 to 50 characters without spaces' })
  B24_AUTH_CONNECTOR?: string;

  @Transform(asList)
  @IsArray()
  @ArrayNotEmpty({ message: 'B24_ALLOWED_PORTALS must name at least one portal, or be *' })
  @Matches(/^(\*|(\*\.)?[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?(:\d{1,5})?)$/, {
    each: true,
    message: 'B24_ALLOWED_PORTALS must be *, domains (acme.bitrix24.com, *.acme.com) or member ids',
  })
  B24_ALLOWED_PORTALS: string[] = ['*'];

  @Transform(asBoolean)
  @IsBoolean({ message: 'B24_ALLOW_HTTP must be true or false' })
  B24_ALLOW_HTTP = false;

  @Transform(asNumber)
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: 'B24_RATE_PER_SECOND must be a number' })
  @Min(0.1, { message: 'B24_RATE_PER_SECOND must be at least 0.1' })
  @Max(10_000, { message: 'B24_RATE_PER_SECOND must be at most 10000' })
  B24_RATE_PER_SECOND = 2;

  @WholeNumber('B24_RATE_BURST', 5, 100_000)
  B24_RATE_BURST = 50;

  @IsOptional()
  @Validate(WebAddress)
  PUBLIC_URL?: string;

  @WholeNumber('DRAIN_LIMIT', 1, 10_000)
  DRAIN_LIMIT = 500;

  @WholeNumber('DRAIN_INTERVAL_MS', 100, DAY_MS)
  DRAIN_INTERVAL_MS = 5000;

  @WholeNumber('DRAIN_MAX_INTERVAL_MS', 100, DAY_MS)
  DRAIN_MAX_INTERVAL_MS = 60_000;

  @WholeNumber('DRAIN_CONCURRENCY', 1, 10_000)
  DRAIN_CONCURRENCY = 100;

  @WholeNumber('DRAIN_MAX_IN_FLIGHT', 1, 10_000_000)
  DRAIN_MAX_IN_FLIGHT = 100_000;

  @WholeNumber('PORTAL_RECHECK_MS', 1000, DAY_MS)
  PORTAL_RECHECK_MS = 300_000;

  @WholeNumber('SETTLE_AFTER_MS', 100, 30 * DAY_MS)
  SETTLE_AFTER_MS = 60_000;

  @IsIn(['timeout', 'ack'], { message: 'SETTLE_MODE must be timeout or ack' })
  SETTLE_MODE: 'timeout' | 'ack' = 'timeout';

  @WholeNumber('FAILURE_BATCH_SIZE', 1, 10_000)
  FAILURE_BATCH_SIZE = 500;

  @WholeNumber('FAILURE_BATCH_WAIT_MS', 0, 3_600_000)
  FAILURE_BATCH_WAIT_MS = 1000;

  @WholeNumber('RETRY_MAX_ATTEMPTS', 1, 1000)
  RETRY_MAX_ATTEMPTS = 5;

  @WholeNumber('RETRY_BASE_DELAY_MS', 10, 30 * DAY_MS)
  RETRY_BASE_DELAY_MS = 30_000;

  @WholeNumber('RETRY_MAX_DELAY_MS', 10, 30 * DAY_MS)
  RETRY_MAX_DELAY_MS = 3_600_000;

  @WholeNumber('LATE_FAILURE_WINDOW_MS', 0, 365 * DAY_MS)
  LATE_FAILURE_WINDOW_MS = 3_600_000;

  @WholeNumber('LEASE_MS', 1000, 3_600_000)
  LEASE_MS = 15_000;

  @IsOptional()
  @Validate(AesKeys)
  TOKEN_ENCRYPTION_KEY?: string;

  @IsIn(['error', 'warn', 'info', 'debug'], { message: 'LOG_LEVEL must be error, warn, info or debug' })
  LOG_LEVEL: 'error' | 'warn' | 'info' | 'debug' = 'info';

  @IsIn(['json', 'pretty'], { message: 'LOG_FORMAT must be json or pretty' })
  LOG_FORMAT: 'json' | 'pretty' = process.stdout.isTTY ? 'pretty' : 'json';
}

/** Names of all settings, as in the environment. */
export type SettingName = keyof Settings;

const SECRETS: ReadonlySet<string> = new Set([
  'B24_CLIENT_SECRET',
  'B24_REFRESH_TOKEN',
  'TOKEN_ENCRYPTION_KEY',
  'DASHBOARD_PASSWORD',
]);

/**
 * Settings by the names of their environment variables, each as a text or as what it means: `process.env` fits, and
 * so does `{ DRAIN_LIMIT: 200, B24_EVENTS: ['ONCRMDEALADD'] }`. What is left out, or an empty text, has its default.
 */
export type SettingsInput = { readonly [Name in SettingName]?: Settings[Name] | string | undefined };

/**
 * Reads the settings, all of them in one pass. An empty variable counts as absent, as compose files pass unset
 * ones on.
 * @throws {SettingsError} naming every fault; a fault never repeats the value of a secret.
 */
export function parseSettings(input: SettingsInput): Settings {
  const given: Record<string, unknown> = {};
  for (const name of settingNames()) {
    const value = input[name];
    const plain = typeof value === 'string' ? value.trim() : value;
    if (plain !== undefined && plain !== null && plain !== '') given[name] = plain;
  }
  const settings = plainToInstance(Settings, given, { exposeDefaultValues: true });
  const faults = validateSync(settings, { forbidUnknownValues: true }).flatMap((error) => {
    const wrong = [...new Set(Object.values(error.constraints ?? {}))];
    const shown =
      given[error.property] === undefined || SECRETS.has(error.property) || error.property === 'RABBITMQ_URL'
        ? ''
        : ` (got ${redact(withoutCredentials(JSON.stringify(given[error.property])), []).slice(0, 82)})`;
    return wrong.map((text) => text + shown);
  });
  // Unless it is said, polling is never more frequent than it was asked to be.
  if (
    given['DRAIN_MAX_INTERVAL_MS'] === undefined &&
    settings.DRAIN_INTERVAL_MS > settings.DRAIN_MAX_INTERVAL_MS
  )
    settings.DRAIN_MAX_INTERVAL_MS = settings.DRAIN_INTERVAL_MS;
  faults.push(...contradictions(settings));
  if (faults.length > 0) throw new SettingsError(faults);
  return settings;
}

/** Faults that only show when two settings are read together. */
function contradictions(settings: Settings): string[] {
  const faults: string[] = [];
  if ((settings.B24_DOMAIN === undefined) !== (settings.B24_REFRESH_TOKEN === undefined)) {
    faults.push('B24_DOMAIN and B24_REFRESH_TOKEN go together: one is set, the other is missing');
  }
  if (settings.DRAIN_MAX_INTERVAL_MS < settings.DRAIN_INTERVAL_MS) {
    faults.push('DRAIN_MAX_INTERVAL_MS must not be less than DRAIN_INTERVAL_MS');
  }
  if (settings.DASHBOARD_PROXY_HEADER !== undefined && (settings.HTTP_TRUSTED_PROXIES ?? []).length === 0) {
    faults.push(
      'DASHBOARD_PROXY_HEADER needs HTTP_TRUSTED_PROXIES: from anybody else the header proves nothing',
    );
  }
  if (settings.RETRY_MAX_DELAY_MS < settings.RETRY_BASE_DELAY_MS) {
    faults.push('RETRY_MAX_DELAY_MS must not be less than RETRY_BASE_DELAY_MS');
  }
  if (
    typeof settings.B24_OAUTH_URL === 'string' &&
    settings.B24_OAUTH_URL.startsWith('http://') &&
    settings.B24_ALLOW_HTTP !== true
  ) {
    faults.push('B24_OAUTH_URL is http:// and B24_ALLOW_HTTP is not true: the secret would travel in clear');
  }
  return faults;
}

function settingNames(): SettingName[] {
  return [
    ...(Object.keys(new Settings()) as SettingName[]),
    'B24_CLIENT_ID',
    'B24_CLIENT_SECRET',
    ...OPTIONAL_NAMES,
  ];
}

/** Settings without a default do not appear as own keys of a fresh instance. */
const OPTIONAL_NAMES: SettingName[] = [
  'B24_DOMAIN',
  'B24_REFRESH_TOKEN',
  'B24_AUTH_CONNECTOR',
  'PUBLIC_URL',
  'HTTP_TRUSTED_PROXIES',
  'DASHBOARD_PASSWORD',
  'DASHBOARD_PROXY_HEADER',
  'TOKEN_ENCRYPTION_KEY',
];
