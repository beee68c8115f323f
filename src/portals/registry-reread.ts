import { dataVersion } from '../database/data-version.js';
import { changedPortals, forgetFutureChanges, recountPortals } from './changed-portals.js';
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
/** SQLite: so often in a row the data version is believed; then memory is compared with the rows anyway. */
const UNREAD_IN_A_ROW = 20;
/** PostgreSQL: so long what is noted of changes is believed; then memory is compared with all rows anyway. */
const BELIEVED_MS = 600_000;

/** Reads the registry anew: finds what other processes have changed of the portals. Refreshes no token. */
export class RegistryReread {
  /** The data version up to which everything is known; null where that is not certain. */
  private knownUpTo: number | null = null;
  private unread = 0;
  /** Where the next look at what PostgreSQL has noted begins; null: with all rows. */
  private lookFrom: number | null = null;
  private comparedAt = Number.NEGATIVE_INFINITY;
  private doubted = false;
  /** Changed by others while we changed them: they are read once more. */
  private readonly skipped = new Set<string>();

  constructor(private readonly store: PortalStore) {}

  /** Changes may have been missed: the next reading compares everything. */
  doubt(): void {
    this.doubted = true;
  }

  /**
   * Reads what others have changed since it was last read, into memory, and reports it.
   * @throws {TokenVaultError} when a changed portal's tokens were sealed with a key that is not set
   */
  run(): Promise<PortalChange[]> {
    this.store.own.readingBegins();
    return this.store.database.dialect === 'sqlite' ? this.byVersion() : this.byNotes();
  }

  private async byVersion(): Promise<PortalChange[]> {
    const { own, database } = this.store;
    // Asked before the rows are read: what is committed in between is read twice, and not missed.
    const version = await dataVersion(database);
    if (version !== null && version === this.knownUpTo && this.unread < UNREAD_IN_A_ROW) {
      this.unread += 1;
      return [];
    }
    this.unread = 0;
    this.knownUpTo = null;
    const changes = await this.compareAll();
    // A portal that was skipped for a write of our own is compared again next time.
    if (!own.any) this.knownUpTo = version;
    return changes;
  }

  private async byNotes(): Promise<PortalChange[]> {
    const { database } = this.store;
    const isAll = this.doubted || this.lookFrom === null || performance.now() - this.comparedAt > BELIEVED_MS;
    const from = isAll ? null : this.lookFrom;
    this.doubted = false;
    // Until all of it is read: where that fails, it begins from all rows.
    this.lookFrom = null;
    if (isAll) {
      await forgetFutureChanges(database);
      await recountPortals(database);
    }
    const { memberIds, upTo } = await changedPortals(database, from);
    const again = [...this.skipped];
    this.skipped.clear();
    const changes = isAll ? await this.compareAll() : await this.read([...new Set([...memberIds, ...again])]);
    if (isAll) this.comparedAt = performance.now();
    this.lookFrom = upTo;
    return changes;
  }

  private async compareAll(): Promise<PortalChange[]> {
    const { database } = this.store;
    const rows = await database.db.selectFrom('portals').select(CHANGING_COLUMNS).execute();
    const stale = new Set(this.store.list().map(({ memberId }) => memberId));
    for (const row of rows) {
      const portal = this.store.get(row.member_id);
      if (portal !== undefined && sameAs(portal, row)) stale.delete(row.member_id);
      else stale.add(row.member_id);
    }
    return this.read([...stale]);
  }

  /** Puts these into memory as the database has them now, those that it has no more included. */
  private async read(memberIds: readonly string[]): Promise<PortalChange[]> {
    const { database, vault, own } = this.store;
    const changes: PortalChange[] = [];
    for (let start = 0; start < memberIds.length; start += CHUNK) {
      const part = memberIds.slice(start, start + CHUNK);
      const rows = await database.db
        .selectFrom('portals')
        .selectAll()
        .where('member_id', 'in', part)
        .execute();
      const found = new Map(rows.map((row) => [row.member_id, row]));
      for (const memberId of part) {
        if (own.touched(memberId)) {
          this.skipped.add(memberId);
          continue;
        }
        const before = this.store.get(memberId);
        const row = found.get(memberId);
        if (row === undefined) {
          if (before === undefined) continue;
          this.store.forget(memberId);
          changes.push({ memberId, before, after: undefined });
        } else if (before === undefined || !sameAs(before, row)) {
          const after = readPortal(vault, row);
          this.store.remember(after);
          changes.push({ memberId, before, after });
        }
      }
    }
    return changes;
  }
}
