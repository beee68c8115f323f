import { type Database } from '../../database/database.js';
import { type SnapshotRecord, withTypes } from './snapshot-record.js';
import { startSnapshot, type SnapshotWanted } from './start-snapshot.js';
import { steerSnapshot, type Steering } from './steer-snapshot.js';

/** Of a portal, so many are listed. */
const LISTED = 20;

/**
 * Snapshots as people see and steer them; whoever owns the portal reads them. Methods reject with the driver's error, and
 * then have changed nothing.
 */
export class Snapshots {
  constructor(
    private readonly database: Database,
    private readonly now: () => number = Date.now,
  ) {}

  /** Returns its number; null where the portal has one that is not over. */
  start(wanted: SnapshotWanted): Promise<number | null> {
    return this.database.transact((tx) => startSnapshot(tx, wanted, this.now()));
  }

  /** Returns whether its state allowed it. */
  steer(no: number, steering: Steering): Promise<boolean> {
    return this.database.transact((tx) => steerSnapshot(tx, no, steering, this.now()));
  }

  /** Of one portal, or of all, the latest first. */
  async list(memberId?: string): Promise<SnapshotRecord[]> {
    const rows = await this.database.db
      .selectFrom('snapshots')
      .selectAll()
      .$if(memberId !== undefined, (query) => query.where('member_id', '=', memberId ?? ''))
      .orderBy('no', 'desc')
      .limit(LISTED)
      .execute();
    return withTypes(this.database.db, rows);
  }

  async find(no: number): Promise<SnapshotRecord | null> {
    const rows = await this.database.db.selectFrom('snapshots').selectAll().where('no', '=', no).execute();
    return (await withTypes(this.database.db, rows))[0] ?? null;
  }

  /** The one of a portal that runs; null where none does. */
  async running(memberId: string): Promise<SnapshotRecord | null> {
    const rows = await this.database.db
      .selectFrom('snapshots')
      .selectAll()
      .where('member_id', '=', memberId)
      .where('state', '=', 'running')
      .execute();
    return (await withTypes(this.database.db, rows))[0] ?? null;
  }

  /** Portals of which one runs: a look into an index that is empty as a rule. */
  async runningPortals(): Promise<string[]> {
    const rows = await this.database.db
      .selectFrom('snapshots')
      .select('member_id')
      // Word for word within the condition of the partial index.
      .where('state', 'in', ['running', 'paused'])
      .where('state', '=', 'running')
      .execute();
    return rows.map((row) => row.member_id);
  }
}
