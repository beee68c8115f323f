import { dataVersion } from '../database/data-version.js';
import { CHANGING_COLUMNS, type Portal, readPortal, sameAs } from './portal-record.js';
import { type PortalStore } from './portal-store.js';

/** What another process changed in the database: `before` is missing for a new portal, `after` for one that is gone. */
export interface PortalChange {
  readonly memberId: string;
  readonly before: Portal | undefined;
  readonly after: Portal | undefined;
}

/** Rows read by one query, so that the list of their keys stays short. */
const CHUNK = 500;
/** So often in a row the data version is believed; then memory is compared with the rows anyway. */
const UNREAD_IN_A_ROW = 20;

/** Finds what other processes have changed of the portals. */
export class PortalRefresh {
  /** The data version up to which everything is known; null where that is not certain. */
  private knownUpTo: number | null = null;
  private unread = 0;

  constructor(private readonly store: PortalStore) {}

  /**
   * Reads what others have changed since it was last read, into memory, and reports it.
   * @throws {TokenVaultError} when a changed portal's tokens were sealed with a key that is not set
   */
  async run(): Promise<PortalChange[]> {
    const { own, database } = this.store;
    own.readingBegins();
    // Asked before the rows are read: what is committed in between is read twice, and not missed.
    const version = await dataVersion(database);
    if (version !== null && version === this.knownUpTo && this.unread < UNREAD_IN_A_ROW) {
      this.unread += 1;
      return [];
    }
    this.unread = 0;
    this.knownUpTo = null;
    const rows = await database.db.selectFrom('portals').select(CHANGING_COLUMNS).execute();
    const gone = new Set(this.store.list().map(({ memberId }) => memberId));
    const stale: string[] = [];
    for (const row of rows) {
      gone.delete(row.member_id);
      const portal = this.store.get(row.member_id);
      if (portal === undefined || !sameAs(portal, row)) stale.push(row.member_id);
    }
    const changes = [...this.forget(gone), ...(await this.read(stale))];
    // A portal that was skipped for a write of our own is compared again next time.
    if (!own.any) this.knownUpTo = version;
    return changes;
  }

  private forget(gone: Iterable<string>): PortalChange[] {
    const changes: PortalChange[] = [];
    for (const memberId of gone) {
      const before = this.store.get(memberId);
      if (before === undefined || this.store.own.touched(memberId)) continue;
      this.store.forget(memberId);
      changes.push({ memberId, before, after: undefined });
    }
    return changes;
  }

  private async read(stale: readonly string[]): Promise<PortalChange[]> {
    const { database, vault, own } = this.store;
    const changes: PortalChange[] = [];
    for (let start = 0; start < stale.length; start += CHUNK) {
      const part = await database.db
        .selectFrom('portals')
        .selectAll()
        .where('member_id', 'in', stale.slice(start, start + CHUNK))
        .execute();
      for (const row of part) {
        const before = this.store.get(row.member_id);
        if (own.touched(row.member_id)) continue;
        const after = readPortal(vault, row);
        this.store.remember(after);
        changes.push({ memberId: row.member_id, before, after });
      }
    }
    return changes;
  }
}
