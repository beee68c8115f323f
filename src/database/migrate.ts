import { type Migration, Migrator } from 'kysely';
import { type Database } from './database.js';
import { type Dialect } from './dialect.js';
import { ensureStamp } from './stamp.js';
import { ledgerMigration } from './migrations/0001-ledger.js';
import { retryByHandMigration } from './migrations/0002-retry-by-hand.js';
import { notificationHandlerMigration } from './migrations/0003-notification-handler.js';
import { leasesMigration } from './migrations/0004-leases.js';
import { troubleMigration } from './migrations/0005-trouble.js';
import { replicaReportsMigration } from './migrations/0006-replica-reports.js';
import { authorizationServerMigration } from './migrations/0007-authorization-server.js';
import { marksFailingMigration } from './migrations/0008-marks-failing.js';
import { sourceKeyMigration } from './migrations/0009-source-key.js';
import { formerNameMigration } from './migrations/0010-former-name.js';
import { assumedTimesMigration } from './migrations/0011-assumed-times.js';
import { refusedMigration } from './migrations/0012-refused.js';
import { identityMigration } from './migrations/0013-identity.js';
import { formerProcessIdsMigration } from './migrations/0014-former-process-ids.js';
import { badAnswersMigration } from './migrations/0015-bad-answers.js';
import { offeredTokensMigration } from './migrations/0016-offered-tokens.js';
import { endedSessionsMigration } from './migrations/0018-ended-sessions.js';
import { bulkTasksMigration } from './migrations/0032-bulk-tasks.js';
import { standsForNewerMigration } from './migrations/0021-stands-for-newer.js';
import { historyMigration } from './migrations/0022-history.js';
import { auditMigration } from './migrations/0027-audit.js';
import { idempotencyKeysMigration } from './migrations/0028-idempotency-keys.js';
import { pausedMigration } from './migrations/0030-paused.js';
import { narrowIndexesMigration } from './migrations/0033-narrow-indexes.js';
import { markSentMigration } from './migrations/0034-mark-sent.js';
import { snapshotsMigration } from './migrations/0035-snapshots.js';
import { objectStatesMigration } from './migrations/0036-object-states.js';
import { reconcileMigration } from './migrations/0037-reconcile.js';
import { portalChangesMigration } from './migrations/0038-portal-changes.js';
import { reasonOf } from '../logging/reason.js';

/** A migration failed; the database is as it was before that migration. */
export class MigrationError extends Error {
  constructor(name: string, cause: unknown) {
    super(`Database migration ${name} failed: ${reasonOf(cause)}`, { cause });
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
  await ensureStamp(database);
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
    '0007-authorization-server': authorizationServerMigration(),
    '0008-marks-failing': marksFailingMigration(),
    '0009-source-key': sourceKeyMigration(),
    '0010-former-name': formerNameMigration(),
    '0011-assumed-times': assumedTimesMigration(),
    '0012-refused': refusedMigration(),
    '0013-identity': identityMigration(),
    '0014-former-process-ids': formerProcessIdsMigration(),
    '0015-bad-answers': badAnswersMigration(),
    '0016-offered-tokens': offeredTokensMigration(),
    '0018-ended-sessions': endedSessionsMigration(),
    '0021-stands-for-newer': standsForNewerMigration(),
    '0022-history': historyMigration(dialect),
    '0027-audit': auditMigration(dialect),
    '0028-idempotency-keys': idempotencyKeysMigration(),
    '0030-paused': pausedMigration(),
    '0032-bulk-tasks': bulkTasksMigration(),
    '0033-narrow-indexes': narrowIndexesMigration(),
    '0034-mark-sent': markSentMigration(),
    '0035-snapshots': snapshotsMigration(dialect),
    '0036-object-states': objectStatesMigration(),
    '0037-reconcile': reconcileMigration(dialect),
    '0038-portal-changes': portalChangesMigration(dialect),
  };
}
