import { type AuditLog } from '../../audit/audit-log.js';
import { StoredAuditLog } from '../../audit/stored-audit-log.js';
import { type Settings } from '../../config/settings.js';
import { type Database } from '../../database/database.js';
import { printable } from '../../logging/printable.js';
import { type PortalRegistry } from '../../portals/registry.js';

/** The audit log of commands: they have no log, so the running service writes their lines. */
export function commandLineAudit(
  database: Pick<Database, 'transact'>,
  registry: Pick<PortalRegistry, 'nameOf' | 'list'>,
  settings: Settings,
): AuditLog {
  return new StoredAuditLog({
    database,
    log: null,
    nameOf: (memberId) => registry.nameOf(memberId),
    secrets: () => [
      settings.B24_CLIENT_SECRET,
      ...registry.list().flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken]),
    ],
    lost: (reason, { action, target }) =>
      void process.stderr.write(
        `${printable(`warning: that ${target} was ${action} could not be written into the audit log: ${reason}`)}\n`,
      ),
  });
}
