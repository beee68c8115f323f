import { sql, type SqlBool, type RawBuilder } from 'kysely';
import { type Database } from '../../database/database.js';

/** Rows that one statement deletes: others have their turn before the next. */
const SLICE = 500;
/** Of one run: it goes on with the next. */
const SLICES = 100;

interface ChangeSettings {
  readonly STATE_CHANGES: boolean;
  readonly STATE_MAX_OBJECTS: number;
}

/**
 * Forgets states of objects: of portals that are removed, those that have not changed for longest where there are more than
 * `STATE_MAX_OBJECTS`, and all of them where `STATE_CHANGES` is off.
 */
export class LastStatesPurge {
  /** Nothing is there, and nothing comes. */
  private idle = false;

  constructor(
    private readonly database: Pick<Database, 'db'>,
    private readonly settings: ChangeSettings,
  ) {}

  /** Returns how many objects were forgotten. Rejects with the driver's error. */
  async run(): Promise<number> {
    if (this.idle) return 0;
    const { STATE_CHANGES, STATE_MAX_OBJECTS } = this.settings;
    const removed = sql<SqlBool>`member_id in (select member_id from portals where state = 'uninstalled')`;
    let count = await this.deleteWhere(STATE_CHANGES ? removed : sql<SqlBool>`1 = 1`, SLICE * SLICES);
    if (!STATE_CHANGES) {
      this.idle = count === 0;
      return count;
    }
    const { rows } = await sql<{ count: number }>`select count(*) as count from object_states`.execute(
      this.database.db,
    );
    const excess = Number(rows[0]?.count ?? 0) - STATE_MAX_OBJECTS;
    count += await this.deleteWhere(sql<SqlBool>`1 = 1`, Math.min(excess, SLICE * SLICES));
    return count;
  }

  /** Deletes so many at most, those first that have not changed for longest. */
  private async deleteWhere(condition: RawBuilder<SqlBool>, most: number): Promise<number> {
    let count = 0;
    while (count < most) {
      const part = Math.min(SLICE, most - count);
      const result = await this.database.db
        .deleteFrom('object_states')
        .where(
          sql<SqlBool>`(member_id, entity_type_id, object_id) in (
            select member_id, entity_type_id, object_id from object_states where ${condition}
            order by changed_at limit ${part})`,
        )
        .executeTakeFirst();
      const deleted = Number(result.numDeletedRows);
      count += deleted;
      if (deleted < part) break;
    }
    return count;
  }
}
