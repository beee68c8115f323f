import { domainOf } from '../bitrix24/portal-address.js';
import { type GrantedTokens, type PortalRow, resealed, tokenColumns } from './portal-record.js';
import { type PortalStore } from './portal-store.js';

/**
 * Stores a new pair of tokens durably; use it only when this has resolved.
 * @param replaces the refresh token that was exchanged for it: when another one is stored by now, a new
 *   installation was quicker, and its tokens stay
 * @returns whether it was stored
 */
export function saveTokens(
  store: PortalStore,
  grant: GrantedTokens,
  replaces: string | undefined,
  now: number,
): Promise<boolean> {
  const { own, database, vault } = store;
  return own.during(grant.memberId, async () => {
    // Sealed anew meanwhile, the same token is another text: then it is compared once more.
    for (;;) {
      const row = await store.rowOf(grant.memberId);
      if (row === undefined || row.state === 'uninstalled') return false;
      if (replaces !== undefined && vault.open(row.refresh_token) !== replaces) return false;
      const result = await database.db
        .updateTable('portals')
        .set(tokenColumns(vault, grant, now))
        .where('member_id', '=', grant.memberId)
        .where('refresh_token', '=', row.refresh_token)
        .executeTakeFirst();
      if (Number(result.numUpdatedRows) > 0) break;
    }
    const known = store.require(grant.memberId);
    store.remember({
      ...known,
      authorizationServer: grant.authorizationServer ?? known.authorizationServer,
      domain: domainOf(grant.clientEndpoint),
      clientEndpoint: grant.clientEndpoint,
      accessToken: grant.accessToken,
      refreshToken: grant.refreshToken,
      tokenExpiresAt: grant.expiresAt,
      tokenRenewedAt: now,
    });
    return true;
  });
}

/** Seals a row's tokens with the present key, unless another process has stored others since it was read. */
export async function resealTokens({ database, vault }: PortalStore, row: PortalRow): Promise<void> {
  const columns = resealed(vault, row);
  if (columns === null) return;
  await database.db
    .updateTable('portals')
    .set(columns)
    .where('member_id', '=', row.member_id)
    .where('access_token', '=', row.access_token)
    .where('refresh_token', '=', row.refresh_token)
    .execute();
}
