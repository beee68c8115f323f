import { type Database } from './database.js';

/** Replicas' clocks may differ by so much. */
const CLOCKS_DIFFER_MS = 3_600_000;

/** Sessions of the dashboard that ended before their time, in the table `ended_sessions`. */
export class EndedSessionsStore {
  constructor(
    private readonly database: Pick<Database, 'db' | 'transact'>,
    private readonly now: () => number = Date.now,
  ) {}

  /** Resolves when it is committed. @param expiresAt when it would have ended anyway, Unix ms: it is forgotten after that */
  async add(id: string, expiresAt: number): Promise<void> {
    await this.database.transact(async (tx) => {
      await tx
        .deleteFrom('ended_sessions')
        .where('expires_at', '<', this.now() - CLOCKS_DIFFER_MS)
        .execute();
      await tx
        .insertInto('ended_sessions')
        .values({ id, expires_at: expiresAt })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }, 1);
  }

  async has(id: string): Promise<boolean> {
    const row = await this.database.db
      .selectFrom('ended_sessions')
      .select('id')
      .where('id', '=', id)
      .executeTakeFirst();
    return row !== undefined;
  }
}
