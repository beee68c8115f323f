import { type Database } from '../database/database.js';
import { foreignCommits } from '../database/foreign-commits.js';
import { type PortalState } from '../database/schema.js';
import { OwnWrites } from './own-writes.js';
import {
  CHANGING_COLUMNS,
  type GrantedTokens,
  hostOf,
  type Portal,
  type PortalRow,
  readPortal,
  resealed,
  sameAs,
  tokenColumns,
} from './portal-record.js';
import { type TokenVault } from './token-vault.js';

export { type GrantedTokens, type Portal } from './portal-record.js';

/** What somebody else changed in the database: `before` is missing for a new portal, `after` for one that is gone. */
export interface PortalChange {
  readonly memberId: string;
  readonly before: Portal | undefined;
  readonly after: Portal | undefined;
}

/** Proposes names for a portal's routing keys, best first. */
export type NamePortal = (host: string, memberId: string) => readonly string[];

/** Rows read by one query, so that the list of their keys stays short. */
const CHUNK = 500;
/** So many times in a row nothing is read where nobody else has written; then what memory says is compared anyway. */
const UNREAD_IN_A_ROW = 20;

/**
 * Who installed us. The database is the truth; what is read often is kept in memory and written through. Other
 * processes write there as well, and {@link refresh} finds what they did.
 */
export class PortalRegistry {
  private readonly portals = new Map<string, Portal>();
  private readonly own = new OwnWrites();
  private isLoaded = false;
  /** The foreign commits up to which everything is known; null where that is not certain. */
  private knownUpTo: number | null = null;
  private unread = 0;

  constructor(
    private readonly database: Database,
    private readonly vault: TokenVault,
    private readonly namePortal: NamePortal,
    private readonly now: () => number = Date.now,
  ) {}

  /** Whether it knows who is installed: false until the database was read once. */
  get loaded(): boolean {
    return this.isLoaded;
  }

  /**
   * Reads every portal, and seals with the first key what was sealed with another one or not at all.
   * @throws {TokenVaultError} when the tokens were sealed with a key that is not set
   */
  async load(): Promise<readonly Portal[]> {
    const rows = await this.database.db.selectFrom('portals').selectAll().execute();
    const portals = rows.map((row) => readPortal(this.vault, row));
    for (const row of rows) await this.reseal(row);
    this.portals.clear();
    for (const portal of portals) this.portals.set(portal.memberId, portal);
    this.isLoaded = true;
    return this.list();
  }

  /**
   * Reads what others have changed in the database since it was last read, and reports it.
   * @throws {TokenVaultError} when a changed portal's tokens were sealed with a key that is not set
   */
  async refresh(): Promise<PortalChange[]> {
    this.own.readingBegins();
    // Asked before the rows are read: what is committed in between is read twice, and not missed.
    const commits = await foreignCommits(this.database);
    if (commits !== null && commits === this.knownUpTo && this.unread < UNREAD_IN_A_ROW) {
      this.unread += 1;
      return [];
    }
    this.unread = 0;
    this.knownUpTo = null;
    const rows = await this.database.db.selectFrom('portals').select(CHANGING_COLUMNS).execute();
    const gone = new Set(this.portals.keys());
    const stale: string[] = [];
    for (const row of rows) {
      gone.delete(row.member_id);
      const portal = this.portals.get(row.member_id);
      if (portal === undefined || !sameAs(portal, row)) stale.push(row.member_id);
    }
    const changes: PortalChange[] = [];
    for (const memberId of gone) {
      const before = this.portals.get(memberId);
      if (before === undefined || this.own.touched(memberId)) continue;
      this.portals.delete(memberId);
      changes.push({ memberId, before, after: undefined });
    }
    for (let start = 0; start < stale.length; start += CHUNK) {
      const part = await this.database.db
        .selectFrom('portals')
        .selectAll()
        .where('member_id', 'in', stale.slice(start, start + CHUNK))
        .execute();
      for (const row of part) {
        const before = this.portals.get(row.member_id);
        if (this.own.touched(row.member_id)) continue;
        const after = readPortal(this.vault, row);
        this.portals.set(row.member_id, after);
        changes.push({ memberId: row.member_id, before, after });
      }
    }
    // What was passed over for a write of our own is looked at again.
    if (!this.own.any) this.knownUpTo = commits;
    return changes;
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

  /** Member id by that name, also of a portal that another process has just installed. */
  async memberIdOf(name: string): Promise<string | undefined> {
    const known = this.byName(name)?.memberId;
    if (known !== undefined) return known;
    const row = await this.database.db
      .selectFrom('portals')
      .select('member_id')
      .where('name', '=', name)
      .executeTakeFirst();
    return row?.member_id;
  }

  byDomain(domain: string): Portal | undefined {
    return this.list().find((portal) => portal.domain === domain.toLowerCase());
  }

  /** A portal as the database has it now: its tokens may have been renewed by another process. */
  async current(memberId: string): Promise<Portal | undefined> {
    const row = await this.rowOf(memberId);
    return row === undefined ? undefined : readPortal(this.vault, row);
  }

  /**
   * Records an installation, or a new one of a known portal: its tokens are replaced, its name and its deliveries
   * stay. Without an application token the known one stays, too.
   */
  install(grant: GrantedTokens, applicationToken: string | null): Promise<Portal> {
    return this.own.during(grant.memberId, async () => {
      const now = this.now();
      const known = await this.current(grant.memberId);
      const domain = hostOf(grant.clientEndpoint);
      const portal: Portal = {
        memberId: grant.memberId,
        name: known?.name ?? (await this.freeName(domain, grant.memberId)),
        domain,
        clientEndpoint: grant.clientEndpoint,
        accessToken: grant.accessToken,
        refreshToken: grant.refreshToken,
        tokenExpiresAt: grant.expiresAt,
        tokenRenewedAt: now,
        applicationToken: applicationToken ?? known?.applicationToken ?? null,
        state: 'active',
        stateReason: null,
        stateSince: now,
        extended: known?.extended ?? null,
        notificationHandler: known?.notificationHandler ?? null,
      };
      const row = {
        ...tokenColumns(this.vault, grant, now),
        application_token: portal.applicationToken === null ? null : this.vault.seal(portal.applicationToken),
        state: portal.state,
        state_reason: null,
        state_since: now,
      };
      await this.database.db
        .insertInto('portals')
        .values({
          member_id: portal.memberId,
          name: portal.name,
          extended: null,
          installed_at: now,
          notification_handler: null,
          ...row,
        })
        .onConflict((conflict) => conflict.column('member_id').doUpdateSet(row))
        .execute();
      this.portals.set(portal.memberId, portal);
      return portal;
    });
  }

  /**
   * Records that the application was uninstalled, and forgets its tokens. Its deliveries stay, for the day on which
   * it is installed again.
   */
  uninstall(memberId: string, stateReason = 'uninstalled on the portal'): Promise<void> {
    return this.own.during(memberId, async () => {
      const stateSince = this.now();
      await this.database.db
        .updateTable('portals')
        .set({
          access_token: '',
          refresh_token: '',
          application_token: null,
          state: 'uninstalled',
          state_reason: stateReason,
          state_since: stateSince,
        })
        .where('member_id', '=', memberId)
        .execute();
      this.portals.set(memberId, {
        ...this.require(memberId),
        accessToken: '',
        refreshToken: '',
        applicationToken: null,
        state: 'uninstalled',
        stateReason,
        stateSince,
      });
    });
  }

  /**
   * Stores a new pair durably; use it only when this has resolved.
   * @param replaces the refresh token that was exchanged for it: when another one is stored by now, a new
   *   installation was quicker, and its tokens stay
   * @returns whether it was stored
   */
  saveTokens(grant: GrantedTokens, replaces?: string): Promise<boolean> {
    return this.own.during(grant.memberId, async () => {
      const now = this.now();
      // Sealed anew meanwhile, the same token is another text: then it is compared once more.
      for (;;) {
        const row = await this.rowOf(grant.memberId);
        if (row === undefined || row.state === 'uninstalled') return false;
        if (replaces !== undefined && this.vault.open(row.refresh_token) !== replaces) return false;
        const result = await this.database.db
          .updateTable('portals')
          .set(tokenColumns(this.vault, grant, now))
          .where('member_id', '=', grant.memberId)
          .where('refresh_token', '=', row.refresh_token)
          .executeTakeFirst();
        if (Number(result.numUpdatedRows) > 0) break;
      }
      this.portals.set(grant.memberId, {
        ...this.require(grant.memberId),
        domain: hostOf(grant.clientEndpoint),
        clientEndpoint: grant.clientEndpoint,
        accessToken: grant.accessToken,
        refreshToken: grant.refreshToken,
        tokenExpiresAt: grant.expiresAt,
        tokenRenewedAt: now,
      });
      return true;
    });
  }

  /**
   * Writes a state only when it changes; returns whether it did. Out of `uninstalled` leads a new installation, and
   * nothing else.
   */
  async setState(memberId: string, state: PortalState, reason: string | null): Promise<boolean> {
    const portal = this.require(memberId);
    if (portal.state === 'uninstalled' || (portal.state === state && portal.stateReason === reason)) {
      return false;
    }
    return this.own.during(memberId, async () => {
      const stateSince = this.now();
      const result = await this.database.db
        .updateTable('portals')
        .set({ state, state_reason: reason, state_since: stateSince })
        .where('member_id', '=', memberId)
        .where('state', '<>', 'uninstalled')
        .executeTakeFirst();
      if (Number(result.numUpdatedRows) === 0) return false;
      this.portals.set(memberId, { ...this.require(memberId), state, stateReason: reason, stateSince });
      return portal.state !== state;
    });
  }

  /** Whether the portal's plan has reservations and marks. */
  async setExtended(memberId: string, extended: boolean): Promise<void> {
    if (this.require(memberId).extended === extended) return;
    await this.own.during(memberId, async () => {
      await this.database.db
        .updateTable('portals')
        .set({ extended: extended ? 1 : 0 })
        .where('member_id', '=', memberId)
        .execute();
      this.portals.set(memberId, { ...this.require(memberId), extended });
    });
  }

  /** Remembers which address the portal notifies on our behalf; null for none. */
  async setNotificationHandler(memberId: string, handler: string | null): Promise<void> {
    if (this.require(memberId).notificationHandler === handler) return;
    await this.own.during(memberId, async () => {
      await this.database.db
        .updateTable('portals')
        .set({ notification_handler: handler })
        .where('member_id', '=', memberId)
        .execute();
      this.portals.set(memberId, { ...this.require(memberId), notificationHandler: handler });
    });
  }

  private require(memberId: string): Portal {
    const portal = this.portals.get(memberId);
    if (portal === undefined) throw new Error(`portal ${memberId} is not installed`);
    return portal;
  }

  private rowOf(memberId: string): Promise<PortalRow | undefined> {
    return this.database.db
      .selectFrom('portals')
      .selectAll()
      .where('member_id', '=', memberId)
      .executeTakeFirst();
  }

  /** Only what is still as it was read: a pair renewed meanwhile is sealed by whoever renewed it. */
  private async reseal(row: PortalRow): Promise<void> {
    const columns = resealed(this.vault, row);
    if (columns === null) return;
    await this.database.db
      .updateTable('portals')
      .set(columns)
      .where('member_id', '=', row.member_id)
      .where('access_token', '=', row.access_token)
      .where('refresh_token', '=', row.refresh_token)
      .execute();
  }

  private async freeName(domain: string, memberId: string): Promise<string> {
    const rows = await this.database.db.selectFrom('portals').select('name').execute();
    const taken = new Set(rows.map(({ name }) => name));
    const name = this.namePortal(domain, memberId).find((candidate) => !taken.has(candidate));
    return name ?? `portal${memberId.toLowerCase()}`;
  }
}
