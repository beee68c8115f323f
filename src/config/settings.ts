import 'reflect-metadata';
import { Transform } from 'class-transformer';
import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  MinLength,
  Validate,
} from 'class-validator';
import {
  AesKeys,
  ApiTokenList,
  BrokerUrls,
  DatabaseUrl,
  Host,
  NamePins,
  ObjectTypeList,
  Networks,
  PortalRules,
  StateFieldList,
  WebAddress,
  WebAddresses,
} from './setting-rules.js';
import { CertificateFile, ProxyAddress } from './outbound-rules.js';
import { asBoolean, asCodes, asList, asNumber, asWords, WholeNumber } from './setting-values.js';

const DAY_MS = 86_400_000;

/**
 * Every setting of the bridge, under the names of its environment variables: one class, since its comments are the
 * documentation. Times are milliseconds, sizes
 * are counts, unless the name says otherwise. `npm run docs:settings` writes the comments, defaults and limits into
 * docs/settings.md, .env.example and the README's table.
 */
export class Settings {
  // --- RabbitMQ, database, HTTP

  /**
   * One broker, or the nodes of one cluster, comma-separated, `amqp://` or `amqps://`; see
   * docs/operations/deployment.md#several-broker-nodes. An address with a user and password of its own
   * (`amqp://user:password@host`) has them percent-encoded.
   */
  @Transform(asList)
  @IsArray()
  @ArrayNotEmpty({ message: 'RABBITMQ_URL must name at least one broker' })
  @Validate(BrokerUrls)
  RABBITMQ_URL: string[] = ['amqp://127.0.0.1:5672'];

  /** RabbitMQ's user, for addresses that name none. As it is: nothing is percent-encoded. */
  @IsString()
  RABBITMQ_USER = 'guest';

  /**
   * That user's password, for addresses that have none: of any characters, as it is. In `.env`, one with `$`, `#`, quotes or
   * backslashes stands in single quotes; see docs/operations/deployment.md#passwords.
   */
  @IsString()
  RABBITMQ_PASSWORD = 'guest';

  /**
   * First word of every exchange and queue. Several bridges can share a broker, each with its own prefix
   * and its own database.
   */
  @Matches(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/, {
    message: 'AMQP_PREFIX must be 1 to 100 of the characters A-Z a-z 0-9 . _ -',
  })
  AMQP_PREFIX = 'bitrix24';

  /**
   * `file:…` is embedded SQLite, for one process; `postgres://…` is PostgreSQL, for one or more
   * replicas.
   */
  @Validate(DatabaseUrl)
  DATABASE_URL = 'file:./data/bridge.db';

  /** PostgreSQL's user, where `DATABASE_URL` names none. As it is: nothing is percent-encoded. */
  @IsOptional()
  @IsString()
  DATABASE_USER?: string;

  /** That user's password, where `DATABASE_URL` has none: of any characters, as it is, like `RABBITMQ_PASSWORD`. */
  @IsOptional()
  @IsString()
  DATABASE_PASSWORD?: string;

  /** Address that the HTTP server listens on: dashboard, health, metrics, calls of the portals. */
  @IsString()
  @IsNotEmpty({ message: 'HTTP_HOST must not be empty' })
  HTTP_HOST = '127.0.0.1';

  /** Port of the HTTP server. */
  @WholeNumber('HTTP_PORT', 0, 65_535)
  HTTP_PORT = 3000;

  /**
   * Reverse proxies whose `X-Forwarded-For` is believed: addresses, networks, `loopback`, `uniquelocal`;
   * comma-separated. As few as can be: a client at one of them may name any sender.
   */
  @IsOptional()
  @Transform(asList)
  @Validate(Networks)
  HTTP_TRUSTED_PROXIES?: string[];

  /**
   * HTTP connections open at once, over all. A tenth is left to those who do not come through a trusted proxy.
   */
  @WholeNumber('HTTP_MAX_CONNECTIONS', 10, 100_000)
  HTTP_MAX_CONNECTIONS = 1000;

  /** Of these from one address (IPv6: one /64) that is none of `HTTP_TRUSTED_PROXIES`. */
  @WholeNumber('HTTP_MAX_CONNECTIONS_PER_ADDRESS', 2, 100_000)
  HTTP_MAX_CONNECTIONS_PER_ADDRESS = 100;

  /** Opens the dashboard at `/` to those who know it; at least 12 characters. See docs/dashboard.md. */
  @IsOptional()
  @MinLength(12, { message: 'DASHBOARD_PASSWORD must have at least 12 characters' })
  DASHBOARD_PASSWORD?: string;

  /**
   * Opens the dashboard to the user whom an authenticating proxy among `HTTP_TRUSTED_PROXIES` names in this
   * header.
   */
  @IsOptional()
  @Matches(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, {
    message: "DASHBOARD_PROXY_HEADER must be a header's name, such as X-Forwarded-User",
  })
  DASHBOARD_PROXY_HEADER?: string;

  /**
   * Opens the HTTP API at `/api/v1`: `name:read:secret` or `name:operate:secret`, comma-separated; a secret has at
   * least 32 characters (`openssl rand -hex 32`). See docs/api.md.
   */
  @IsOptional()
  @Validate(ApiTokenList)
  API_TOKEN?: string;

  /** Requests of one token of the API in a minute; more are answered 429. */
  @WholeNumber('API_RATE_PER_MINUTE', 1, 1_000_000)
  API_RATE_PER_MINUTE = 600;

  // --- Portals

  /** The application's `client_id`, from its page on the portal. */
  @IsString({ message: "B24_CLIENT_ID is required: the application's client_id" })
  @IsNotEmpty({ message: "B24_CLIENT_ID is required: the application's client_id" })
  B24_CLIENT_ID!: string;

  /** The application's `client_secret`, from the same page. */
  @IsString({ message: "B24_CLIENT_SECRET is required: the application's client_secret" })
  @IsNotEmpty({ message: "B24_CLIENT_SECRET is required: the application's client_secret" })
  B24_CLIENT_SECRET!: string;

  /**
   * The authorization servers, comma-separated: the only hosts that are ever sent the secret. The second
   * serves the portals of ru, by, kz, uz, am, az, ge and kg; each portal tells by itself which one is
   * its own.
   */
  @Transform(asList)
  @IsArray()
  @ArrayNotEmpty({ message: 'B24_OAUTH_URL must name at least one authorization server' })
  @Validate(WebAddresses)
  B24_OAUTH_URL: string[] = ['https://oauth.bitrix.info', 'https://oauth.bitrix24.tech'];

  /**
   * A first portal that is installed at the start, without a browser: `host` or `host:port`. Needs
   * `B24_REFRESH_TOKEN`.
   */
  @IsOptional()
  @Validate(Host)
  B24_DOMAIN?: string;

  /**
   * A refresh token of the portal in `B24_DOMAIN`. It is used once; from then on the bridge keeps the
   * tokens itself.
   */
  @IsOptional()
  @IsNotEmpty({ message: 'B24_REFRESH_TOKEN must not be empty' })
  B24_REFRESH_TOKEN?: string;

  /**
   * Codes of the events that are kept bound as offline events, comma-separated. Other offline events of
   * this application are unbound.
   */
  @Transform(asCodes)
  @IsArray()
  @ArrayNotEmpty({ message: 'B24_EVENTS must name at least one event' })
  @Matches(/^[A-Z0-9_.:]{1,100}$/, {
    each: true,
    message: 'B24_EVENTS must be event codes such as ONCRMDEALUPDATE, comma-separated',
  })
  B24_EVENTS: string[] = ['ONCRMDEALADD', 'ONCRMDEALUPDATE', 'ONCRMDEALDELETE'];

  /**
   * Source key of the bindings: what is written with a token of this application under the same key
   * makes no event. It may be changed at any time; see docs/operations/deployment.md#upgrades.
   */
  @IsOptional()
  @Matches(/^[^\s]{1,50}$/, { message: 'B24_AUTH_CONNECTOR must be 1 to 50 characters without spaces' })
  B24_AUTH_CONNECTOR?: string;

  /**
   * Who may install the application, and is called: domains (`*.acme.com` is a wildcard) or member ids,
   * comma-separated; `*` is all portals.
   */
  @Transform(asList)
  @IsArray()
  @ArrayNotEmpty({ message: 'B24_ALLOWED_PORTALS must name at least one portal, or be *' })
  @Validate(PortalRules)
  B24_ALLOWED_PORTALS: string[] = ['*'];

  /**
   * Which portal is called what in routing keys: `<member id or address>=<name>`, comma-separated
   * (`acme.bitrix24.com=acme`). No other portal gets such a name, even if it comes first; one that has it gives it up.
   * See docs/operations/deployment.md#whose-a-name-is.
   */
  @IsOptional()
  @Transform(asList)
  @Validate(NamePins)
  PORTAL_NAMES?: string[];

  /** Permits `http://` portals and authorization servers: a self-hosted portal without TLS, the emulator. */
  @Transform(asBoolean)
  @IsBoolean({ message: 'B24_ALLOW_HTTP must be true or false' })
  B24_ALLOW_HTTP = false;

  /**
   * Proxy for the `https://` portals and authorization servers, `http://user:password@host:port`; see
   * docs/operations/deployment.md#proxy-and-certificates.
   */
  @IsOptional()
  @Validate(ProxyAddress)
  HTTPS_PROXY?: string;

  /** The same for the `http://` ones. */
  @IsOptional()
  @Validate(ProxyAddress)
  HTTP_PROXY?: string;

  /** What is called directly all the same: hosts, domains, addresses, networks; comma-separated. */
  @IsOptional()
  @Transform(asWords)
  @IsArray({ message: 'NO_PROXY must be hosts, addresses or networks, comma-separated' })
  @IsString({ each: true, message: 'NO_PROXY must be hosts, addresses or networks, comma-separated' })
  NO_PROXY?: string[];

  /**
   * File with certificates (PEM) of your own authorities. For `amqps://`, PostgreSQL and traces it counts only
   * where it is set in the environment of the process, not in `.env`; see
   * docs/operations/deployment.md#proxy-and-certificates.
   */
  @IsOptional()
  @Validate(CertificateFile)
  NODE_EXTRA_CA_CERTS?: string;

  /** The portal's request budget: requests a second in the long run. Enterprise: 5. */
  @Transform(asNumber)
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: 'B24_RATE_PER_SECOND must be a number' })
  @Min(0.1, { message: 'B24_RATE_PER_SECOND must be at least 0.1' })
  @Max(10_000, { message: 'B24_RATE_PER_SECOND must be at most 10000' })
  B24_RATE_PER_SECOND = 2;

  /** The portal's request budget: requests at once. Enterprise: 250. */
  @WholeNumber('B24_RATE_BURST', 5, 100_000)
  B24_RATE_BURST = 50;

  /**
   * Where portals reach the bridge from outside: they then notify it of new events at
   * `${PUBLIC_URL}/bitrix24/events`. Without it the bridge polls.
   */
  @IsOptional()
  @Validate(WebAddress)
  PUBLIC_URL?: string;

  // --- Draining

  /**
   * Events reserved in one request at most. It begins with 500, takes more while a backlog comes in quick answers, and
   * fewer where a portal answers slowly.
   */
  @WholeNumber('DRAIN_LIMIT', 1, 10_000)
  DRAIN_LIMIT = 2000;

  /** Pause before the next round when the queue was empty and nothing is due. */
  @WholeNumber('DRAIN_INTERVAL_MS', 100, DAY_MS)
  DRAIN_INTERVAL_MS = 5000;

  /**
   * The longest pause of an idle portal that notifies the bridge (`PUBLIC_URL`): its pauses double up to
   * this. Not less than `DRAIN_INTERVAL_MS`.
   */
  @WholeNumber('DRAIN_MAX_INTERVAL_MS', 100, DAY_MS)
  DRAIN_MAX_INTERVAL_MS = 60_000;

  /**
   * Requests under way at once to portals that answer in time; one that asks for more than 500 events counts as one
   * for every 500 of them. Portals that take more than a second, hang, or are not known yet have 500 places of their
   * own and take none of these; 200 more take over rounds that turn out to be slow.
   */
  @WholeNumber('DRAIN_CONCURRENCY', 1, 10_000)
  DRAIN_CONCURRENCY = 100;

  /**
   * What an event may weigh in an answer, bytes of JSON, on average over a page. An answer is read and
   * unpacked up to this times the events that were asked for, 10 MiB at least; one that is larger is asked for again
   * with fewer events. An event larger than 50 times this, and than 10 MiB, suspends its portal until this is raised:
   * nothing is lost.
   */
  @WholeNumber('DRAIN_EVENT_BYTES', 1024, 16_777_216)
  DRAIN_EVENT_BYTES = 16_384;

  /**
   * Bytes of portals' answers in hand over all portals: larger answers wait for each other. One of them may
   * have half of it, whatever `DRAIN_EVENT_BYTES` allows.
   */
  @WholeNumber('DRAIN_ANSWER_BYTES', 20_971_520, 4_294_967_296)
  DRAIN_ANSWER_BYTES = 33_554_432;

  /** Unsettled events of a portal beyond which nothing new is reserved. */
  @WholeNumber('DRAIN_MAX_IN_FLIGHT', 1, 10_000_000)
  DRAIN_MAX_IN_FLIGHT = 100_000;

  /** How often a portal that refuses all calls (overload, payment, rights) is tried again. */
  @WholeNumber('PORTAL_RECHECK_MS', 1000, DAY_MS)
  PORTAL_RECHECK_MS = 300_000;

  // --- Outcomes

  /**
   * An event without a failure report this long after its publish counts as processed (with
   * `SETTLE_MODE=ack`: as failed).
   */
  @WholeNumber('SETTLE_AFTER_MS', 100, 30 * DAY_MS)
  SETTLE_AFTER_MS = 60_000;

  /**
   * `timeout`: silence settles an event. `ack`: only a `processed` reply settles it, silence is a
   * failure.
   */
  @IsIn(['timeout', 'ack'], { message: 'SETTLE_MODE must be timeout or ack' })
  SETTLE_MODE: 'timeout' | 'ack' = 'timeout';

  /** Failures of one portal go to `event.offline.error` when this many wait. */
  @WholeNumber('FAILURE_BATCH_SIZE', 1, 10_000)
  FAILURE_BATCH_SIZE = 500;

  /** They go as well when the oldest of them has waited this long. */
  @WholeNumber('FAILURE_BATCH_WAIT_MS', 0, 3_600_000)
  FAILURE_BATCH_WAIT_MS = 1000;

  /** Deliveries of one event in all, the first included; then it is dead. */
  @WholeNumber('RETRY_MAX_ATTEMPTS', 1, 1000)
  RETRY_MAX_ATTEMPTS = 5;

  /** Pause before the first retry; it doubles with each, with jitter. */
  @WholeNumber('RETRY_BASE_DELAY_MS', 10, 30 * DAY_MS)
  RETRY_BASE_DELAY_MS = 30_000;

  /** The longest pause before a retry. Not less than `RETRY_BASE_DELAY_MS`. */
  @WholeNumber('RETRY_MAX_DELAY_MS', 10, 30 * DAY_MS)
  RETRY_MAX_DELAY_MS = 3_600_000;

  /**
   * Events a second that are delivered again where more than that are retried by hand: consumers that have just
   * recovered are not flooded. All replicas together.
   */
  @WholeNumber('RETRY_BY_HAND_PER_SECOND', 1, 100_000)
  RETRY_BY_HAND_PER_SECOND = 100;

  /** How long a settled event's record is kept, so that a late failure can still be retried. */
  @WholeNumber('LATE_FAILURE_WINDOW_MS', 0, 365 * DAY_MS)
  LATE_FAILURE_WINDOW_MS = 3_600_000;

  /**
   * For how many days it is remembered what became of settled events, for people who look for them; 0: not at all. See
   * docs/operations/history.md.
   */
  @WholeNumber('HISTORY_DAYS', 0, 365)
  HISTORY_DAYS = 7;

  /**
   * How many settled events are remembered at most; the oldest are forgotten first. A million of them take about
   * 120 MB in SQLite and 260 MB in PostgreSQL.
   */
  @WholeNumber('HISTORY_MAX_EVENTS', 1000, 100_000_000)
  HISTORY_MAX_EVENTS = 1_000_000;

  /**
   * Bytes that a consumer's reply may weigh. A larger one is set aside unread; events that come back may be
   * larger.
   */
  @WholeNumber('REPLY_MAX_BYTES', 1024, 16_777_216)
  REPLY_MAX_BYTES = 262_144;

  // --- What objects are

  /**
   * Kinds of objects whose state is read from the portal and put into their events, comma-separated: `crm.lead`,
   * `crm.deal`, `crm.contact`, `crm.company`, `crm.quote`, `crm.invoice`, `crm.dynamic-item-134`, `crm.dynamic-item`
   * for every smart process; `*` is all of them. See docs/state.md.
   */
  @IsOptional()
  @Transform(asList)
  @Validate(ObjectTypeList)
  STATE?: string[];

  /**
   * Which fields of them, by type: `crm.deal:id,title,stageId;crm.contact:*`. Where nothing is said, the fields without
   * personal data that docs/state.md#fields names.
   */
  @IsOptional()
  @Validate(StateFieldList)
  STATE_FIELDS?: string;

  /** An event waits no longer for its state: then it is delivered without. */
  @WholeNumber('STATE_WAIT_MS', 100, 600_000)
  STATE_WAIT_MS = 10_000;

  /** Bytes of JSON that a state may have; a larger one is left out of its event. */
  @WholeNumber('STATE_MAX_BYTES', 256, 1_048_576)
  STATE_MAX_BYTES = 65_536;

  /**
   * Events also tell what has changed in their object since the event before: its last state is kept in the database, encrypted
   * where `TOKEN_ENCRYPTION_KEY` is set. Needs `STATE`. The same for all replicas.
   */
  @Transform(asBoolean)
  @IsBoolean({ message: 'STATE_CHANGES must be true or false' })
  STATE_CHANGES = false;

  /** Of how many objects the last state is kept, over all portals; those that have not changed for longest go first. */
  @WholeNumber('STATE_MAX_OBJECTS', 1000, 100_000_000)
  STATE_MAX_OBJECTS = 1_000_000;

  /**
   * Kinds of objects that are looked through for changes that no event has announced, comma-separated: `crm.lead`, `crm.deal`,
   * `crm.contact`, `crm.company`, `crm.quote`, `crm.invoice`, `crm.dynamic-item-<number>`; `crm.dynamic-item` for every smart
   * process, `*` for everything. Such a change is delivered as an event of its own and stands in a report; see
   * docs/state.md#changes-that-no-event-announced. The same for all replicas.
   */
  @IsOptional()
  @Transform(asList)
  @Validate(ObjectTypeList)
  RECONCILE?: string[];

  /** How often what was changed lately is looked through. */
  @WholeNumber('RECONCILE_EVERY_MS', 1000, DAY_MS)
  RECONCILE_EVERY_MS = 900_000;

  /**
   * When once a day all objects are compared, `HH:MM` in the process's own time zone (`TZ`): this finds deletes, and what was
   * imported with an old date.
   */
  @Matches(/^([01]\d|2[0-3]):[0-5]\d$/, { message: 'RECONCILE_SWEEP_AT must be a time of the day, HH:MM' })
  RECONCILE_SWEEP_AT = '03:00';

  // --- Operation

  /**
   * With PostgreSQL: a replica that stops renewing its lease loses its portals after this long. The same
   * for all replicas.
   */
  @WholeNumber('LEASE_MS', 1000, 3_600_000)
  LEASE_MS = 15_000;

  /**
   * 32 bytes in base64 (`openssl rand -base64 32`): portals' tokens, and states kept by `STATE_CHANGES`, are stored
   * encrypted. Without it the start warns. To replace a key, put the new one before the old one, comma-separated,
   * restart, and drop the old one when `doctor` says that it can go.
   */
  @IsOptional()
  @Validate(AesKeys)
  TOKEN_ENCRYPTION_KEY?: string;

  /**
   * How long the audit log is kept: who retried, discarded, installed, renamed, logged in and the like; at most a million
   * entries are. See docs/audit.md.
   */
  @WholeNumber('AUDIT_DAYS', 1, 3650)
  AUDIT_DAYS = 365;

  /** Lines of this level and above are written. */
  @IsIn(['error', 'warn', 'info', 'debug'], { message: 'LOG_LEVEL must be error, warn, info or debug' })
  LOG_LEVEL: 'error' | 'warn' | 'info' | 'debug' = 'info';

  /**
   * One JSON object a line, or text for people.
   * @defaultValue `pretty` on a terminal, else `json`
   */
  @IsIn(['json', 'pretty'], { message: 'LOG_FORMAT must be json or pretty' })
  LOG_FORMAT: 'json' | 'pretty' = process.stdout.isTTY ? 'pretty' : 'json';
}

/** Names of all settings, as in the environment. */
export type SettingName = keyof Settings;

/** Other programs read these in small letters too, and those first; so do we. */
const SMALL_LETTERS = { HTTPS_PROXY: 'https_proxy', HTTP_PROXY: 'http_proxy', NO_PROXY: 'no_proxy' } as const;

/** The other spelling of a variable; its own where there is none. */
export function smallLetters(name: string): string {
  return Object.entries(SMALL_LETTERS).find(([known]) => known === name)?.[1] ?? name;
}

/**
 * Settings by the names of their environment variables, each as a text or as what it means: `process.env` fits, and
 * so does `{ DRAIN_LIMIT: 200, B24_EVENTS: ['ONCRMDEALADD'] }`. What is left out, or an empty text, has its default.
 */
export type SettingsInput = {
  readonly [Name in SettingName]?: Settings[Name] | string | undefined;
} & {
  readonly [Name in keyof typeof SMALL_LETTERS as (typeof SMALL_LETTERS)[Name]]?:
    Settings[Name] | string | undefined;
};

/** The names of all settings. */
export function settingNames(): SettingName[] {
  return [
    ...(Object.keys(new Settings()) as SettingName[]),
    'B24_CLIENT_ID',
    'B24_CLIENT_SECRET',
    ...OPTIONAL_NAMES,
  ];
}

/** Settings without a default do not appear as own keys of a fresh instance. */
const OPTIONAL_NAMES: SettingName[] = [
  'DATABASE_USER',
  'DATABASE_PASSWORD',
  'B24_DOMAIN',
  'B24_REFRESH_TOKEN',
  'B24_AUTH_CONNECTOR',
  'PORTAL_NAMES',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'NODE_EXTRA_CA_CERTS',
  'PUBLIC_URL',
  'HTTP_TRUSTED_PROXIES',
  'DASHBOARD_PASSWORD',
  'DASHBOARD_PROXY_HEADER',
  'API_TOKEN',
  'TOKEN_ENCRYPTION_KEY',
  'STATE',
  'STATE_FIELDS',
  'RECONCILE',
];
