import { randomUUID } from 'node:crypto';
import { type Kysely, type Selectable } from 'kysely';
import { type TokenGrant } from '../bitrix24/oauth-client.js';
import { type Database } from '../database/database.js';
import { type OfferedTokensTable, type Schema } from '../database/schema.js';
import { type GrantedTokens } from './portal-record.js';
import { type TokenVault } from './token-vault.js';

/** Tokens that a proven installation of a portal brought, while it is not known what they may do there. */
export interface Offer {
  readonly id: string;
  /** The user for whom they act, as the authorization server names them; '' where it did not. */
  readonly userId: string;
  readonly grant: GrantedTokens;
  readonly applicationToken: string | null;
  /** Unix ms. */
  readonly offeredAt: number;
  /** Trials whose outcome is unknown. */
  readonly tries: number;
}

/** At most this many users' tokens wait for one portal. */
export const MOST_OFFERS = 20;
const DUE_AT_ONCE = 20;
/** Of one portal, at most this many at a time: it may hang. */
const DUE_OF_PORTAL = 2;
const LOOKED_AT = 500;

/**
 * The offers of all portals, sealed like any token. They are granted once: stored before they are used, and kept until
 * the portal has said what they are worth. A user has one on a portal, the latest.
 */
export class Offers {
  private readonly inUse = new Map<string, Offer>();

  constructor(
    private readonly database: Database,
    private readonly vault: TokenVault,
    private readonly now: () => number = Date.now,
  ) {}

  /** Stores an offer; no other process takes it up within `reservedMs`. */
  async add(grant: TokenGrant, applicationToken: string | null, reservedMs: number): Promise<Offer> {
    const offeredAt = this.now();
    const userId = grant.userId ?? '';
    const offer: Offer = { id: randomUUID(), userId, grant, applicationToken, offeredAt, tries: 0 };
    const row = {
      id: offer.id,
      ...this.columns(grant),
      application_token: applicationToken === null ? null : this.vault.seal(applicationToken),
      offered_at: offeredAt,
      tries: 0,
      try_at: offeredAt + reservedMs,
    };
    this.inUse.set(offer.id, offer);
    await this.database.db
      .insertInto('offered_tokens')
      .values({ member_id: grant.memberId, user_id: userId, ...row })
      .onConflict((conflict) => conflict.columns(['member_id', 'user_id']).doUpdateSet(row))
      .execute();
    return offer;
  }

  /** How many wait of a portal. */
  async count(memberId: string): Promise<number> {
    const { count } = await this.database.db
      .selectFrom('offered_tokens')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('member_id', '=', memberId)
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /**
   * Takes up those whose trial is due, of the portals that `ours` names; no other process does within `reservedMs`.
   * @throws {TokenVaultError} where one was sealed with a key that is not set
   */
  async takeDue(ours: (memberId: string) => boolean, reservedMs: number): Promise<Offer[]> {
    const now = this.now();
    const rows = await this.database.db
      .selectFrom('offered_tokens')
      .selectAll()
      .where('try_at', '<=', now)
      .orderBy('try_at')
      .limit(LOOKED_AT)
      .execute();
    const taken: Offer[] = [];
    for (const row of rows) {
      const before = taken.filter(({ grant }) => grant.memberId === row.member_id).length;
      if (taken.length >= DUE_AT_ONCE || before >= DUE_OF_PORTAL || !ours(row.member_id)) continue;
      const result = await this.database.db
        .updateTable('offered_tokens')
        .set({ try_at: now + reservedMs })
        .where('id', '=', row.id)
        .where('try_at', '=', row.try_at)
        .executeTakeFirst();
      if (Number(result.numUpdatedRows) === 0) continue;
      const offer = this.read(row);
      this.inUse.set(offer.id, offer);
      taken.push(offer);
    }
    return taken;
  }

  /** For when no other process works on the database: what is reserved was so by one that is gone, and is due. */
  async release(): Promise<void> {
    const now = this.now();
    await this.database.db
      .updateTable('offered_tokens')
      .set({ try_at: now })
      .where('tries', '=', 0)
      .where('try_at', '>', now)
      .execute();
  }

  /** As it is stored now; undefined where it is decided upon, or its user has brought a later one. */
  async current(id: string): Promise<Offer | undefined> {
    const row = await this.database.db
      .selectFrom('offered_tokens')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row === undefined ? undefined : this.read(row);
  }

  /** Stores the pair that replaces the offered one; use it only when this has resolved. */
  async renewed({ id }: Pick<Offer, 'id'>, grant: TokenGrant): Promise<void> {
    await this.database.db
      .updateTable('offered_tokens')
      .set(this.columns(grant))
      .where('id', '=', id)
      .execute();
    const offer = this.inUse.get(id);
    if (offer !== undefined) this.inUse.set(id, { ...offer, grant });
  }

  /** The portal has not said what they are worth: they are tried again in `inMs`. */
  async postpone({ id, tries }: Offer, inMs: number): Promise<void> {
    await this.database.db
      .updateTable('offered_tokens')
      .set({ tries: tries + 1, try_at: this.now() + inMs })
      .where('id', '=', id)
      .execute();
    this.inUse.delete(id);
  }

  async drop({ id }: Offer): Promise<void> {
    await this.database.db.deleteFrom('offered_tokens').where('id', '=', id).execute();
    this.inUse.delete(id);
  }

  /** Another process has decided on the offer. */
  forget({ id }: Offer): void {
    this.inUse.delete(id);
  }

  /** Those in use, which no log line may carry. */
  secrets(): string[] {
    return [...this.inUse.values()].flatMap(({ grant }) => [grant.accessToken, grant.refreshToken]);
  }

  private columns(grant: GrantedTokens) {
    return {
      access_token: this.vault.seal(grant.accessToken),
      refresh_token: this.vault.seal(grant.refreshToken),
      token_expires_at: grant.expiresAt,
      client_endpoint: grant.clientEndpoint,
      authorization_server: grant.authorizationServer ?? null,
    };
  }

  private read(row: Selectable<OfferedTokensTable>): Offer {
    const { vault } = this;
    return {
      id: row.id,
      userId: row.user_id,
      grant: {
        memberId: row.member_id,
        accessToken: vault.open(row.access_token),
        refreshToken: vault.open(row.refresh_token),
        expiresAt: row.token_expires_at,
        clientEndpoint: row.client_endpoint,
        ...(row.authorization_server === null ? {} : { authorizationServer: row.authorization_server }),
      },
      applicationToken: row.application_token === null ? null : vault.open(row.application_token),
      offeredAt: row.offered_at,
      tries: row.tries,
    };
  }
}

/** The offer is decided upon already: by another process, or because its user has brought a later one. */
export class OfferGone extends Error {
  constructor() {
    super('these tokens are decided upon already');
    this.name = 'OfferGone';
  }
}

/**
 * Ends what an installation decides: the offer that is installed, and those that are older.
 * @param offer null where a portal is installed without one: then no earlier one is of use
 * @throws {OfferGone}
 */
export async function endOffers(db: Kysely<Schema>, memberId: string, offer: Offer | null): Promise<void> {
  if (offer === null) {
    await db.deleteFrom('offered_tokens').where('member_id', '=', memberId).execute();
    return;
  }
  const taken = await db.deleteFrom('offered_tokens').where('id', '=', offer.id).executeTakeFirst();
  if (Number(taken.numDeletedRows) === 0) throw new OfferGone();
  await db
    .deleteFrom('offered_tokens')
    .where('member_id', '=', memberId)
    .where('offered_at', '<=', offer.offeredAt)
    .execute();
}

/** Seals with the first key what was sealed with another one or not at all. @throws {TokenVaultError} */
export async function resealOffers({ db }: Database, vault: TokenVault): Promise<void> {
  const again = (token: string) => vault.seal(vault.open(token));
  for (const row of await db.selectFrom('offered_tokens').selectAll().execute()) {
    if (
      ![row.access_token, row.refresh_token, row.application_token ?? ''].some((token) => vault.stale(token))
    )
      continue;
    await db
      .updateTable('offered_tokens')
      .set({
        access_token: again(row.access_token),
        refresh_token: again(row.refresh_token),
        application_token: row.application_token === null ? null : again(row.application_token),
      })
      .where('id', '=', row.id)
      .where('refresh_token', '=', row.refresh_token)
      .execute();
  }
}
