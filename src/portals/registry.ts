import { type Database } from '../database/database.js';
import { type PortalState } from '../database/schema.js';
import { type TokenVault } from './token-vault.js';

/** One installation of the application, with its tokens in clear. */
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
  /** Plan feature `rest_offline_extended`; null until first asked. */
  readonly extended: boolean | null;
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

/** Proposes names for a portal's routing keys, best first. */
export type NamePortal = (host: string, memberId: string) => readonly string[];

/**
 * Who installed us. The database is the truth; what is read often is kept in memory and written through.
 */
export class PortalRegistry {
  private readonly portals = new Map<string, Portal>();

  constructor(
    private readonly database: Database,
    private readonly vault: TokenVault,
    private readonly namePortal: NamePortal,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * Reads every portal.
   * @throws {TokenVaultError} when the tokens were sealed with another key
   */
  async load(): Promise<readonly Portal[]> {
    const rows = await this.database.db.selectFrom('portals').selectAll().execute();
    this.portals.clear();
    for (const row of rows) {
      this.portals.set(row.member_id, {
        memberId: row.member_id,
        name: row.name,
        domain: row.domain,
        clientEndpoint: row.client_endpoint,
        accessToken: this.vault.open(row.access_token),
        refreshToken: this.vault.open(row.refresh_token),
        tokenExpiresAt: row.token_expires_at,
        tokenRenewedAt: row.token_renewed_at,
        applicationToken: row.application_token === null ? null : this.vault.open(row.application_token),
        state: row.state,
        stateReason: row.state_reason,
        extended: row.extended === null ? null : row.extended === 1,
      });
    }
    return this.list();
  }

  list(): readonly Portal[] {
    return [...this.portals.values()];
  }

  get(memberId: string): Portal | undefined {
    return this.portals.get(memberId);
  }

  /** The portal of a name in routing keys. */
  byName(name: string): Portal | undefined {
    return this.list().find((portal) => portal.name === name);
  }

  byDomain(domain: string): Portal | undefined {
    return this.list().find((portal) => portal.domain === domain.toLowerCase());
  }

  /**
   * Records an installation, or a new one of a known portal: its tokens are replaced, its name and its deliveries
   * stay.
   */
  async install(grant: GrantedTokens, applicationToken: string | null): Promise<Portal> {
    const now = this.now();
    const known = this.portals.get(grant.memberId);
    const domain = new URL(grant.clientEndpoint).host.toLowerCase();
    const portal: Portal = {
      memberId: grant.memberId,
      name: known?.name ?? this.freeName(domain, grant.memberId),
      domain,
      clientEndpoint: grant.clientEndpoint,
      accessToken: grant.accessToken,
      refreshToken: grant.refreshToken,
      tokenExpiresAt: grant.expiresAt,
      tokenRenewedAt: now,
      applicationToken: applicationToken ?? known?.applicationToken ?? null,
      state: 'active',
      stateReason: null,
      extended: known?.extended ?? null,
    };
    const row = {
      domain: portal.domain,
      client_endpoint: portal.clientEndpoint,
      access_token: this.vault.seal(portal.accessToken),
      refresh_token: this.vault.seal(portal.refreshToken),
      token_expires_at: portal.tokenExpiresAt,
      token_renewed_at: portal.tokenRenewedAt,
      application_token: portal.applicationToken === null ? null : this.vault.seal(portal.applicationToken),
      state: portal.state,
      state_reason: null,
      state_since: now,
    };
    await this.database.db
      .insertInto('portals')
      .values({ member_id: portal.memberId, name: portal.name, extended: null, installed_at: now, ...row })
      .onConflict((conflict) => conflict.column('member_id').doUpdateSet(row))
      .execute();
    this.portals.set(portal.memberId, portal);
    return portal;
  }

  /** Stores a new pair durably; use it only when this has resolved. */
  async saveTokens(grant: GrantedTokens): Promise<void> {
    const portal = this.require(grant.memberId);
    const now = this.now();
    const domain = new URL(grant.clientEndpoint).host.toLowerCase();
    await this.database.db
      .updateTable('portals')
      .set({
        domain,
        client_endpoint: grant.clientEndpoint,
        access_token: this.vault.seal(grant.accessToken),
        refresh_token: this.vault.seal(grant.refreshToken),
        token_expires_at: grant.expiresAt,
        token_renewed_at: now,
      })
      .where('member_id', '=', grant.memberId)
      .execute();
    this.portals.set(grant.memberId, {
      ...portal,
      domain,
      clientEndpoint: grant.clientEndpoint,
      accessToken: grant.accessToken,
      refreshToken: grant.refreshToken,
      tokenExpiresAt: grant.expiresAt,
      tokenRenewedAt: now,
    });
  }

  /** Writes a state only when it changes; returns whether it did. */
  async setState(memberId: string, state: PortalState, reason: string | null): Promise<boolean> {
    const portal = this.require(memberId);
    if (portal.state === state && portal.stateReason === reason) return false;
    await this.database.db
      .updateTable('portals')
      .set({ state, state_reason: reason, state_since: this.now() })
      .where('member_id', '=', memberId)
      .execute();
    this.portals.set(memberId, { ...this.require(memberId), state, stateReason: reason });
    return portal.state !== state;
  }

  /** Whether the portal's plan has reservations and marks. */
  async setExtended(memberId: string, extended: boolean): Promise<void> {
    if (this.require(memberId).extended === extended) return;
    await this.database.db
      .updateTable('portals')
      .set({ extended: extended ? 1 : 0 })
      .where('member_id', '=', memberId)
      .execute();
    this.portals.set(memberId, { ...this.require(memberId), extended });
  }

  private require(memberId: string): Portal {
    const portal = this.portals.get(memberId);
    if (portal === undefined) throw new Error(`portal ${memberId} is not installed`);
    return portal;
  }

  private freeName(domain: string, memberId: string): string {
    const taken = new Set(this.list().map((portal) => portal.name));
    const name = this.namePortal(domain, memberId).find((candidate) => !taken.has(candidate));
    return name ?? `portal${memberId.toLowerCase()}`;
  }
}
