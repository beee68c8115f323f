import { IsOptional, Matches, validateSync } from 'class-validator';

/** What a portal's request must not be: `faults` names the fields and never repeats a value. */
export class MalformedNotification extends Error {
  constructor(readonly faults: readonly string[]) {
    super(faults.join('; '));
    this.name = 'MalformedNotification';
  }
}

/** Also a part of event ids and correlation ids, so it holds none of their separators. */
const MEMBER_ID = /^[A-Za-z0-9_]{8,64}$/;
/** Printable and on one line, whatever else it is. */
const TOKEN = /^[\x21-\x7e]{1,1024}$/;
const EVENT = /^[A-Za-z0-9_.:]{1,100}$/;

/**
 * What is read of a portal's POST. Nothing of it is believed yet, and nothing else in the body is looked at: no access
 * token, and no address that would ever be called.
 */
export class Notification {
  /** Event code in capitals; null for the call of the initial installation path, which has none. */
  @IsOptional()
  @Matches(EVENT, { message: 'event is not an event code' })
  event: string | null = null;

  @IsOptional()
  @Matches(MEMBER_ID, { message: 'member_id is not of its form' })
  memberId: string | null = null;

  @IsOptional()
  @Matches(TOKEN, { message: 'application_token is not of its form' })
  applicationToken: string | null = null;

  @IsOptional()
  @Matches(TOKEN, { message: 'refresh_token is not of its form' })
  refreshToken: string | null = null;

  /**
   * Which authorization server it claims to belong to (`https://oauth.bitrix24.tech/rest/`), and its host: both only
   * help to choose among the configured servers. What cannot be read counts as untold.
   */
  serverEndpoint: string | null = null;
  domain: string | null = null;

  get installs(): boolean {
    return this.event === null || this.event === 'ONAPPINSTALL';
  }
}

/**
 * Reads a parsed body: an event (`event`, `auth[member_id]`, …), or the fields with which an application with an
 * interface is opened or installed (`member_id`, `REFRESH_ID`, `APPLICATION_TOKEN`, …), some of which may stand in the
 * address.
 * @param query the address's parameters
 * @throws {MalformedNotification}
 */
export function readNotification(body: unknown, query: unknown = null): Notification {
  const auth = field(body, 'auth');
  const notification = new Notification();
  // A page's fields are in capitals, save for some.
  const opened = (...names: string[]) =>
    [body, query].flatMap((from) => names.map((name) => field(from, name))).find((value) => value !== null) ??
    null;
  const given = {
    event: field(body, 'event'),
    memberId: field(auth, 'member_id') ?? opened('member_id', 'MEMBER_ID'),
    applicationToken: field(auth, 'application_token') ?? opened('APPLICATION_TOKEN', 'application_token'),
    refreshToken: field(auth, 'refresh_token') ?? opened('REFRESH_ID', 'refresh_token'),
  };
  Object.assign(notification, given, {
    serverEndpoint: hint(
      field(auth, 'server_endpoint') ?? field(body, 'SERVER_ENDPOINT') ?? field(body, 'server_endpoint'),
    ),
    domain: hint(field(auth, 'domain') ?? field(body, 'DOMAIN') ?? field(body, 'domain')),
  });
  const faults = validateSync(notification, { forbidUnknownValues: true }).flatMap(({ constraints }) =>
    Object.values(constraints ?? {}),
  );
  if (faults.length === 0) faults.push(...missing(notification));
  if (faults.length > 0) throw new MalformedNotification(faults);
  notification.event = notification.event?.toUpperCase() ?? null;
  return notification;
}

function missing(notification: Notification): string[] {
  const { event, memberId, applicationToken, refreshToken } = notification;
  if (event === null || event.toUpperCase() === 'ONAPPINSTALL') {
    return refreshToken === null
      ? [event === null ? 'neither event nor REFRESH_ID is given' : 'auth[refresh_token] is missing']
      : [];
  }
  return [
    ...(memberId === null ? ['auth[member_id] is missing'] : []),
    ...(applicationToken === null ? ['auth[application_token] is missing'] : []),
  ];
}

function hint(value: unknown): string | null {
  return typeof value === 'string' && TOKEN.test(value) ? value : null;
}

/** An own field of a map; null where there is none, or an empty one, which is how PHP writes "none". */
function field(map: unknown, name: string): unknown {
  if (typeof map !== 'object' || map === null || !Object.hasOwn(map, name)) return null;
  const value = (map as Record<string, unknown>)[name];
  return value === undefined || value === '' ? null : value;
}
