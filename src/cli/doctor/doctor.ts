import { PortalError } from '../../bitrix24/errors.js';
import { connectOnce, disconnect, NoBroker, type QuickConnection } from '../../broker/connect-once.js';
import { within } from '../../timing/within.js';
import { checkTopology } from '../../broker/topology-check.js';
import { topologyNames } from '../../broker/topology.js';
import { type Settings } from '../../config/settings.js';
import { type Database, openDatabase } from '../../database/database.js';
import { Phrase } from '../../i18n/translate.js';
import { pendingMigrations } from '../../database/migrate.js';
import { REFUSED_ADVICE, refusingQueue } from '../../events/refusal.js';
import { refusedByPortal } from '../../ledger/refused.js';
import { survey } from '../../ledger/lease-book.js';
import { AllowedPortals } from '../../portals/allowed-portals.js';
import { PinnedNames } from '../../portals/pinned-names.js';
import { readPortal } from '../../portals/portal-record.js';
import { TokenVault, TokenVaultError } from '../../portals/token-vault.js';
import { databaseFault } from '../../database/database-fault.js';
import { THRESHOLDS } from '../../monitoring/alert-thresholds.js';
import { checkAlarms } from './check-alarms.js';
import { checkPrefix } from './check-prefix.js';
import { portalFindings } from './check-portals.js';
import { checkProxies } from './check-proxies.js';
import { queueFindings } from './check-queues.js';
import { checkService } from './check-service.js';
import { tokenFindings } from './check-tokens.js';
import { writeAndRemove } from './check-writing.js';
import { type CommandResult } from '../command/command-result.js';
import { type Finding, findingsResult, note, ok, wrong } from '../command/findings.js';
import { Outbound } from '../command/outbound.js';
import { reasonOf } from '../../logging/reason.js';
import { databaseIsMissing } from '../command/command-context.js';

const BROKER_MS = 5000;
const DATABASE_MS = 10_000;
/** Routing keys named in one finding. */
const KEYS_NAMED = 10;

/**
 * Checks everything that the service depends on, and says what to do where something is wrong. It writes a row to the database
 * and removes it again, and changes nothing else.
 * @param remarks on settings that may not be meant as they stand there
 */
export async function doctor(settings: Settings, remarks: readonly string[]): Promise<CommandResult> {
  const parts = await Promise.all([
    checkBroker(settings),
    checkDatabase(settings),
    checkProxies(settings, settings.B24_OAUTH_URL),
    checkAuthorization(settings),
    checkService(settings).then((finding) => [finding]),
  ]);
  return findingsResult([
    ok('settings', Phrase.of('doctor.settings')),
    ...remarks.map((remark) => note('settings', remark)),
    ...parts.flat(),
  ]);
}

async function checkBroker(settings: Settings): Promise<Finding[]> {
  const { RABBITMQ_URL, AMQP_PREFIX } = settings;
  let connection: QuickConnection;
  try {
    connection = await connectOnce(RABBITMQ_URL, BROKER_MS);
  } catch (error) {
    if (!(error instanceof NoBroker)) throw error;
    return [wrong('broker', error.said)];
  }
  try {
    const objects = await checkTopology(connection.model, topologyNames(AMQP_PREFIX));
    const findings = [ok('broker', connection.host), await checkPrefix(connection.model, settings)];
    const bad = objects.filter(({ state }) => state === 'conflict' || state === 'unknown');
    const missing = objects.filter(({ state }) => state === 'missing');
    for (const { kind, name, state, reason } of bad) {
      const said = { object: `${kind} ${name}`, reason: reason ?? '' };
      findings.push(
        wrong(
          'topology',
          state === 'conflict' ? Phrase.of('doctor.conflict', said) : Phrase.of('doctor.unknownObject', said),
        ),
      );
    }
    if (missing.length === objects.length) {
      findings.push(note('topology', Phrase.of('doctor.nothingDeclared')));
    } else if (missing.length > 0) {
      const names = missing.map(({ kind, name }) => `${kind} ${name}`).join(', ');
      findings.push(wrong('topology', Phrase.of('doctor.missing', { objects: names })));
    } else if (bad.length === 0) {
      const given = objects.filter(({ state }) => state === 'given').length;
      const count = objects.length;
      findings.push(
        ok(
          'topology',
          given === 0
            ? Phrase.of('doctor.declared', { count })
            : Phrase.of('doctor.declaredUnseen', { count, given }),
        ),
      );
    }
    findings.push(...queueFindings(objects, topologyNames(AMQP_PREFIX)));
    const alarm = await checkAlarms(connection.model, AMQP_PREFIX);
    if (alarm !== null) findings.push(alarm);
    return findings;
  } catch (error) {
    return [wrong('broker', Phrase.of('doctor.lost', { host: connection.host, reason: reasonOf(error) }))];
  } finally {
    await disconnect(connection);
  }
}

async function checkDatabase(settings: Settings): Promise<Finding[]> {
  const { DATABASE_URL } = settings;
  const place = reasonOf(DATABASE_URL);
  if (databaseIsMissing(DATABASE_URL)) {
    return [note('database', Phrase.of('doctor.noDatabase', { place }))];
  }
  let database: Database | null = null;
  try {
    database = openDatabase(DATABASE_URL);
    const pending = await within(DATABASE_MS, pendingMigrations(database));
    if (pending.length > 0) {
      return [note('database', Phrase.of('doctor.pending', { place, migrations: pending.join(', ') }))];
    }
    await within(DATABASE_MS, writeAndRemove(database));
    const findings = [ok('database', Phrase.of('doctor.database', { place }))];
    if (database.dialect === 'postgres') findings.push(await replicasFinding(database));
    findings.push(...(await checkPortals(database, settings)));
    findings.push(...(await checkRefused(database)));
    return findings;
  } catch (error) {
    return [wrong('database', Phrase.of('doctor.databaseFault', { place, fault: databaseFault(error) }))];
  } finally {
    await database?.db.destroy();
  }
}

/** The replicas that share the portals. */
async function replicasFinding(database: Database): Promise<Finding> {
  const { replicas, portals, owned } = await survey(database.db);
  if (replicas.length === 0) return note('replicas', Phrase.of('doctor.noReplica'));
  const shares = replicas.map((replica) => `${replica} ${owned[replica] ?? 0}`).join(', ');
  return ok('replicas', Phrase.of('doctor.replicas', { count: replicas.length, portals, shares }));
}

/** Events that a queue refuses, a consumer's or one of ours. */
async function checkRefused({ db }: Database): Promise<Finding[]> {
  const refused = await refusedByPortal(db);
  const keys = [...refused.values()].flat();
  if (keys.reduce((sum, { count }) => sum + count, 0) <= THRESHOLDS.refused) return [];
  const queues = keys
    .slice(0, KEYS_NAMED)
    .map(({ key, count }) => Phrase.of('doctor.refusedBy', { count, queue: refusingQueue(key) }));
  const more = keys.length - KEYS_NAMED;
  const said = { queues, advice: REFUSED_ADVICE };
  return [
    wrong(
      'refused',
      more > 0 ? Phrase.of('doctor.refusedMore', { ...said, more }) : Phrase.of('doctor.refused', said),
    ),
  ];
}

async function checkPortals(
  database: Database,
  { TOKEN_ENCRYPTION_KEY: key, B24_ALLOWED_PORTALS: rules, PORTAL_NAMES }: Settings,
): Promise<Finding[]> {
  const pins = new PinnedNames(PORTAL_NAMES ?? []);
  const allowed = new AllowedPortals(rules);
  const findings: Finding[] = [];
  try {
    const vault = new TokenVault(key);
    const rows = await database.db.selectFrom('portals').selectAll().orderBy('name').execute();
    const portals = rows.map((row) => readPortal(vault, row));
    findings.push(...tokenFindings(rows, vault, key));
    const installed = portals.filter(({ state }) => state !== 'uninstalled');
    if (installed.length === 0) findings.push(note('portals', Phrase.of('doctor.noPortals')));
    for (const portal of installed) findings.push(...portalFindings(portal, pins, allowed));
  } catch (error) {
    if (!(error instanceof TokenVaultError)) throw error;
    findings.push(wrong('tokens', Phrase.of('doctor.tokensUnread', { reason: error.message })));
  }
  return findings;
}

/**
 * Asks each authorization server about a made-up token: where the keys are right, only the token is refused. One of
 * several servers may know the application.
 */
async function checkAuthorization(settings: Settings): Promise<Finding[]> {
  const { oauth, servers } = new Outbound(settings);
  const examined = await Promise.all(
    servers.hosts.map(async (server) => ({ server, error: await errorOf(oauth, server) })),
  );
  const known = examined.some(({ error }) => error?.action === 'unauthorized');
  return examined.map(({ server, error }) => authorizationFinding(server, error, known, examined.length > 1));
}

async function errorOf(oauth: Outbound['oauth'], server: string): Promise<PortalError | null> {
  try {
    await oauth.refresh('doctor', { told: server });
    return null;
  } catch (error) {
    if (!(error instanceof PortalError)) throw error;
    return error;
  }
}

/** @param known whether any server takes the application's keys */
function authorizationFinding(
  server: string,
  error: PortalError | null,
  known: boolean,
  several: boolean,
): Finding {
  const subject = 'oauth';
  const said = { server, reason: error?.message ?? '' };
  switch (error?.action) {
    case undefined:
      return wrong(subject, Phrase.of('doctor.oauthGrants', { server }));
    case 'unauthorized':
      return ok(subject, Phrase.of('doctor.oauth', { server }));
    case 'configuration':
      return known && error.executed === 'no'
        ? note(subject, Phrase.of('doctor.oauthUnknown', said))
        : wrong(subject, Phrase.of('doctor.oauthRefuses', said));
    case 'suspend':
      return wrong(subject, Phrase.of('doctor.oauthSuspends', said));
    case 'throttle':
      return note(subject, Phrase.of('doctor.oauthBusy', said));
    case 'retry':
    case 'refresh':
    case 'unknown-outcome':
    case 'unlicensed':
    case 'not-allowed':
    case 'bug':
      return wrong(
        subject,
        several ? Phrase.of('doctor.oauthNoAnswerOf', said) : Phrase.of('doctor.oauthNoAnswer', said),
      );
  }
}
