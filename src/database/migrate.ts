import { type Migration, Migrator } from 'kysely';
import { type Database } from './database.js';
import { type Dialect } from './dialect.js';
import { ledgerMigration } from './migrations/0001-ledger.js';
import { retryByHandMigration } from './migrations/0002-retry-by-hand.js';
import { notificationHandlerMigration } from './migrations/0003-notification-handler.js';
import { leasesMigration } from './migrations/0004-leases.js';
import { troubleMigration } from './migrations/0005-trouble.js';
import { replicaReportsMigration } from './migrations/0006-replica-reports.js';

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
  const { error, results = [] } = await migratorOf(database).migrateToLatest();
  if (error !== undefined) {
    const failed = results.find((result) => result.status === 'Error');
    throw new MigrationError(failed?.migrationName ?? '(start)', error);
  }
  return results.map((result) => result.migrationName);
}

/**
 * Names of the migrations that this version brings and the database does not have yet, in order. Changes nothing.
 * @throws the driver's error while the database cannot be read
 */
export async function pendingMigrations(database: Database): Promise<string[]> {
  const migrations = await migratorOf(database).getMigrations();
  return migrations.filter((migration) => migration.executedAt === undefined).map(({ name }) => name);
}

function migratorOf({ db, dialect }: Database): Migrator {
  return new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrationsOf(dialect)) } });
}

function migrationsOf(dialect: Dialect): Record<string, Migration> {
  return {
    '0001-ledger': ledgerMigration(dialect),
    '0002-retry-by-hand': retryByHandMigration(),
    '0003-notification-handler': notificationHandlerMigration(),
    '0004-leases': leasesMigration(),
    '0005-trouble': troubleMigration(),
    '0006-replica-reports': replicaReportsMigration(),
  };
}
