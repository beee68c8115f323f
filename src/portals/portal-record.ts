import { type Selectable } from 'kysely';
import { type PortalsTable, type PortalState } from '../database/schema.js';
import { type TokenVault } from './token-vault.js';

/** One installation of the application, with its tokens in clear; they are empty once it was uninstalled. */
export interface Portal {
  readonly memberId: string;
  /** First word of its routing keys. */
  readonly name: string;
  /** Host, with the port where it is not the scheme's own. */
  readonly domain: string;
  readonly clientEndpoint: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Unix ms. */
  readonly tokenExpiresAt: number;
  readonly tokenRenewedAt: number;
  readonly applicationToken: string | null;
  readonly state: PortalState;
  readonly stateReason: string | null;
  readonly stateSince: number;
  /** Plan feature `rest_offline_extended`; null until first asked. */
  readonly extended: boolean | null;
  /** Address that we had the portal notify; null where it notifies none of ours. */
  readonly notificationHandler: string | null;
}

/** What an authorization server granted: the proof of an installation. */
export interface GrantedTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Unix ms. */
  readonly expiresAt: number;
  readonly clientEndpoint: string;
  readonly memberId: string;
}

export type PortalRow = Selectable<PortalsTable>;

/** Columns that tell whether a portal was changed; its sealed tokens are not among them. */
export const CHANGING_COLUMNS = [
  'member_id',
  'name',
  'client_endpoint',
  'token_renewed_at',
  'state',
  'state_reason',
  'state_since',
  'extended',
  'notification_handler',
] as const;

/** @throws {TokenVaultError} when the tokens were sealed with a key that is not set */
export function readPortal(vault: TokenVault, row: PortalRow): Portal {
  return {
    memberId: row.member_id,
    name: row.name,
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
  };
}

/** Whether a row still says what was read of it. */
export function sameAs(portal: Portal, row: Pick<PortalRow, (typeof CHANGING_COLUMNS)[number]>): boolean {
  return (
    portal.name === row.name &&
    portal.clientEndpoint === row.client_endpoint &&
    portal.tokenRenewedAt === row.token_renewed_at &&
    portal.state === row.state &&
    portal.stateReason === row.state_reason &&
    portal.stateSince === row.state_since &&
    portal.extended === (row.extended === null ? null : row.extended === 1) &&
    portal.notificationHandler === row.notification_handler
  );
}

/** What a grant changes of a portal's row. */
export function tokenColumns(vault: TokenVault, grant: GrantedTokens, now: number) {
  return {
    domain: hostOf(grant.clientEndpoint),
    client_endpoint: grant.clientEndpoint,
    access_token: vault.seal(grant.accessToken),
    refresh_token: vault.seal(grant.refreshToken),
    token_expires_at: grant.expiresAt,
    token_renewed_at: now,
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

export function hostOf(clientEndpoint: string): string {
  return new URL(clientEndpoint).host.toLowerCase();
}
