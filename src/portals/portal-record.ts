import { type Selectable } from 'kysely';
import { domainOf } from '../bitrix24/portal-address.js';
import { type PortalsTable, type PortalState } from '../database/schema.js';
import { parseKeys, type SourceKeys, writeKeys } from './source-keys.js';
import { type TokenVault } from './token-vault.js';

/** One installation of the application, with its tokens in clear; they are empty once it was uninstalled. */
export interface Portal {
  readonly memberId: string;
  /** First word of its routing keys. */
  readonly name: string;
  /** The name that it had before another portal, installed in its place, got it; null where it has its own. */
  readonly formerName: string | null;
  /** Host as it is compared (`xn--…`), with the port where it is not the scheme's own. */
  readonly domain: string;
  readonly clientEndpoint: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Unix ms. */
  readonly tokenExpiresAt: number;
  readonly tokenRenewedAt: number;
  readonly applicationToken: string | null;
  readonly state: PortalState;
  /** Why it is in its state; of an active one, what troubles it at present. */
  readonly stateReason: string | null;
  readonly stateSince: number;
  /** Plan feature `rest_offline_extended`; null until first asked. */
  readonly extended: boolean | null;
  /** Address that we had the portal notify; null where it notifies none of ours. */
  readonly notificationHandler: string | null;
  readonly sourceKeys: SourceKeys;
  /** When another program was last seen to drain its queue, Unix ms; null where none was. */
  readonly sharedSeenAt: number | null;
  /** Host of the authorization server that it belongs to; null where it is not known yet. */
  readonly authorizationServer: string | null;
  /** Since when it takes no marks, Unix ms; null while it does. */
  readonly marksFailingSince: number | null;
  /** So many of its answers in a row could not be taken in. */
  readonly badAnswers: number;
  /** It is not asked before then, Unix ms; null: at any time. */
  readonly askAgainAt: number | null;
  /** The latest installation whose tokens were of a lesser right, since it was installed; null where there was none. */
  readonly installRefused: InstallRefused | null;
  /** What people have ordered: nothing new is reserved. Independent of its state; null where it is not paused. */
  readonly paused: Paused | null;
}

/** A pause that people have ordered. */
export interface Paused {
  /** Unix ms. */
  readonly since: number;
  /** Why, in their words; null where they gave none. */
  readonly reason: string | null;
  /** Who ordered it. */
  readonly by: string;
}

/** What is said of such an installation. */
export const INSTALL_REFUSED = 'an installation was refused, since its user may not do what draining needs';

/** An installation that was proven, and changed nothing. */
export interface InstallRefused {
  /** Unix ms. */
  readonly at: number;
  readonly reason: string;
}

/** What an authorization server granted: the proof of an installation. */
export interface GrantedTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Unix ms. */
  readonly expiresAt: number;
  readonly clientEndpoint: string;
  readonly memberId: string;
  /** Host of the authorization server that the portal belongs to, where that is known. */
  readonly authorizationServer?: string;
}

export type PortalRow = Selectable<PortalsTable>;

/** Columns that tell whether a portal was changed; its sealed tokens are not among them. */
export const CHANGING_COLUMNS = [
  'member_id',
  'name',
  'former_name',
  'client_endpoint',
  'token_renewed_at',
  'state',
  'state_reason',
  'state_since',
  'extended',
  'notification_handler',
  'source_key',
  'former_source_keys',
  'shared_seen_at',
  'authorization_server',
  'marks_failing_since',
  'bad_answers',
  'ask_again_at',
  'install_refused_at',
  'paused_at',
  'paused_reason',
] as const;

/** @throws {TokenVaultError} when the tokens were sealed with a key that is not set */
export function readPortal(vault: TokenVault, row: PortalRow): Portal {
  return {
    memberId: row.member_id,
    name: row.name,
    formerName: row.former_name,
    domain: row.domain,
    clientEndpoint: row.client_endpoint,
    accessToken: vault.open(row.access_token),
    refreshToken: vault.open(row.refresh_token),
    tokenExpiresAt: row.token_expires_at,
    tokenRenewedAt: row.token_renewed_at,
    applicationToken: row.application_token === null ? null : vault.open(row.application_token),
    state: row.state,
    stateReason: row.state_reason,
    stateSince: row.state_since,
    extended: row.extended === null ? null : row.extended === 1,
    notificationHandler: row.notification_handler,
    sourceKeys: { present: row.source_key, former: parseKeys(row.former_source_keys) },
    sharedSeenAt: row.shared_seen_at,
    authorizationServer: row.authorization_server,
    marksFailingSince: row.marks_failing_since,
    badAnswers: row.bad_answers,
    askAgainAt: row.ask_again_at,
    installRefused:
      row.install_refused_at === null
        ? null
        : { at: row.install_refused_at, reason: row.install_refused_reason ?? '' },
    paused: readPaused(row),
  };
}

/** The pause that a row tells of. */
export function readPaused({
  paused_at: since,
  paused_reason: reason,
  paused_by: by,
}: Pick<PortalRow, 'paused_at' | 'paused_reason' | 'paused_by'>): Paused | null {
  return since === null ? null : { since, reason, by: by ?? '' };
}

/** Whether a row still says what was read of it. */
export function sameAs(portal: Portal, row: Pick<PortalRow, (typeof CHANGING_COLUMNS)[number]>): boolean {
  return (
    portal.name === row.name &&
    portal.formerName === row.former_name &&
    portal.clientEndpoint === row.client_endpoint &&
    portal.tokenRenewedAt === row.token_renewed_at &&
    portal.state === row.state &&
    portal.stateReason === row.state_reason &&
    portal.stateSince === row.state_since &&
    portal.extended === (row.extended === null ? null : row.extended === 1) &&
    portal.notificationHandler === row.notification_handler &&
    portal.sourceKeys.present === row.source_key &&
    writeKeys(portal.sourceKeys.former) === row.former_source_keys &&
    portal.sharedSeenAt === row.shared_seen_at &&
    portal.authorizationServer === row.authorization_server &&
    portal.marksFailingSince === row.marks_failing_since &&
    (portal.paused?.since ?? null) === row.paused_at &&
    (portal.paused?.reason ?? null) === row.paused_reason &&
    portal.badAnswers === row.bad_answers &&
    portal.askAgainAt === row.ask_again_at &&
    (portal.installRefused?.at ?? null) === row.install_refused_at
  );
}

/** What a grant changes of a portal's row. */
export function tokenColumns(vault: TokenVault, grant: GrantedTokens, now: number) {
  return {
    domain: domainOf(grant.clientEndpoint),
    client_endpoint: grant.clientEndpoint,
    access_token: vault.seal(grant.accessToken),
    refresh_token: vault.seal(grant.refreshToken),
    token_expires_at: grant.expiresAt,
    token_renewed_at: now,
    ...(grant.authorizationServer === undefined ? {} : { authorization_server: grant.authorizationServer }),
  };
}

/** The tokens sealed with the key that seals now; null where they are already. */
export function resealed(vault: TokenVault, row: PortalRow) {
  const stored = [row.access_token, row.refresh_token, row.application_token ?? ''];
  if (!stored.some((token) => vault.stale(token))) return null;
  const again = (token: string) => vault.seal(vault.open(token));
  return {
    access_token: again(row.access_token),
    refresh_token: again(row.refresh_token),
    application_token: row.application_token === null ? null : again(row.application_token),
  };
}
