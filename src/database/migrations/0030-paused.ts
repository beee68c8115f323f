import { type Kysely, type Migration } from 'kysely';

/** A portal that people have paused: since when, why and who did it. */
export function pausedMigration(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      const columns = { paused_at: 'bigint', paused_reason: 'text', paused_by: 'text' } as const;
      for (const [name, type] of Object.entries(columns))
        await db.schema.alterTable('portals').addColumn(name, type).execute();
    },
  };
}
