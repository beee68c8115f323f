import { type Updateable } from 'kysely';
import { type Database } from '../database/database.js';
import { type PortalsTable } from '../database/schema.js';
import { OwnWrites } from './own-writes.js';
import { type Portal, type PortalRow, readPortal } from './portal-record.js';
import { type TokenVault } from './token-vault.js';

/** The portals' rows, and what is known of them in memory: written to the database first, then here. */
export class PortalStore {
  readonly own = new OwnWrites();
  private readonly known = new Map<string, Portal>();

  constructor(
    readonly database: Database,
    readonly vault: TokenVault,
  ) {}

  list(): readonly Portal[] {
    return [...this.known.values()];
  }

  get(memberId: string): Portal | undefined {
    return this.known.get(memberId);
  }

  /** @throws Error for a portal that is not known */
  require(memberId: string): Portal {
    const portal = this.known.get(memberId);
    if (portal === undefined) throw new Error(`portal ${memberId} is not installed`);
    return portal;
  }

  /** Puts what the database has by now into memory. */
  remember(portal: Portal): void {
    this.known.set(portal.memberId, portal);
  }

  forget(memberId: string): void {
    this.known.delete(memberId);
  }

  /** Puts all that the database has into memory, and nothing else. */
  replaceAll(portals: readonly Portal[]): void {
    this.known.clear();
    for (const portal of portals) this.remember(portal);
  }

  /** Writes columns of a known portal, and the same into memory. */
  change(memberId: string, columns: Updateable<PortalsTable>, same: Partial<Portal>): Promise<void> {
    return this.own.during(memberId, async () => {
      await this.database.db.updateTable('portals').set(columns).where('member_id', '=', memberId).execute();
      this.remember({ ...this.require(memberId), ...same });
    });
  }

  rowOf(memberId: string): Promise<PortalRow | undefined> {
    return this.database.db
      .selectFrom('portals')
      .selectAll()
      .where('member_id', '=', memberId)
      .executeTakeFirst();
  }

  /** A portal as the database has it now: its tokens may have been renewed by another process. */
  async current(memberId: string): Promise<Portal | undefined> {
    const row = await this.rowOf(memberId);
    return row === undefined ? undefined : readPortal(this.vault, row);
  }
}
