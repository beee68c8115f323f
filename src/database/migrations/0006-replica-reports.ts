import { type Kysely, type Migration } from 'kysely';

/** What each replica tells the others of its portals. One that does not know of it leaves it empty. */
export function replicaReportsMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('replicas').addColumn('report', 'text').execute();
      await db.schema.alterTable('replicas').addColumn('reported_at', 'bigint').execute();
    },
  };
}
