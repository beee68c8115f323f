import { type Kysely, type Migration } from 'kysely';

/**
 * When a mark of a failed delivery was last sent. Of those that were sent before, it is not known: what has failed by
 * now counts as sent just now.
 */
export function markSentMigration(now: () => number = Date.now): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('deliveries').addColumn('mark_sent_at', 'bigint').execute();
      await (db as Kysely<{ deliveries: { mark_sent_at: number | null; state: string } }>)
        .updateTable('deliveries')
        .set({ mark_sent_at: now() })
        .where('state', '=', 'failed')
        .execute();
    },
  };
}
