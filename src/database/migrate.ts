import { type Migration, Migrator } from 'kysely';
import { type Database } from './database.js';
import { ledgerMigration } from './migrations/0001-ledger.js';

/** A migration failed; the database is as it was before that migration. */
export class MigrationError extends Error {
  constructor(name: string, cause: unknown) {
    super(`Database migration ${name} failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = 'MigrationError';
  }
}

/**
 * Brings the schema up to date; running it again, or from several processes at once, is harmless.
 * @throws {MigrationError}
 */
export async function migrate(database: Database): Promise<string[]> {
  const migrations: Record<string, Migration> = {
    '0001-ledger': ledgerMigration(database.dialect),
  };
  const migrator = new Migrator({
    db: database.db,
    provider: { getMigrations: () => Promise.resolve(migrations) },
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const failed = results.find((result) => result.status === 'Error');
    throw new MigrationError(failed?.migrationName ?? '(start)', error);
  }
  return results.map((result) => result.migrationName);
}
