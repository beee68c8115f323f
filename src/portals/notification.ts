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
 * What is read of a portal's POST. Nothing of it is believed yet, and nothing else in the body is looked at: no
 * address, no access token.
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

  get installs(): boolean {
    return this.event === null || this.event === 'ONAPPINSTALL';
  }
}

/**
 * Reads a parsed body: an event (`event`, `auth[member_id]`, …), or the fields of the initial installation path
 * (`member_id`, `REFRESH_ID`, …), which come without an application token as a rule.
 * @throws {MalformedNotification}
 */
export function readNotification(body: unknown): Notification {
  const auth = field(body, 'auth');
  const notification = new Notification();
  const given = {
    event: field(body, 'event'),
    memberId: field(auth, 'member_id') ?? field(body, 'member_id'),
    applicationToken: field(auth, 'application_token') ?? field(body, 'application_token'),
    refreshToken: field(auth, 'refresh_token') ?? field(body, 'REFRESH_ID') ?? field(body, 'refresh_token'),
  };
  Object.assign(notification, given);
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

/** An own field of a map; null where there is none, or an empty one, which is how PHP writes "none". */
function field(map: unknown, name: string): unknown {
  if (typeof map !== 'object' || map === null || !Object.hasOwn(map, name)) return null;
  const value = (map as Record<string, unknown>)[name];
  return value === undefined || value === '' ? null : value;
}
