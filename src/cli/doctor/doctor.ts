import { PortalError } from '../../bitrix24/errors.js';
import { shownAddress } from '../../bitrix24/portal-address.js';
import { connectOnce, disconnect, NoBroker, type QuickConnection } from '../../broker/connect-once.js';
import { within } from '../../timing/within.js';
import { checkTopology } from '../../broker/topology-check.js';
import { topologyNames } from '../../broker/topology.js';
import { type Settings } from '../../config/settings.js';
import { type Database, openDatabase } from '../../database/database.js';
import { type PortalState } from '../../database/schema.js';
import { ADVICE } from '../../drain/pacing/pacing.js';
import { pendingMigrations } from '../../database/migrate.js';
import { REFUSED_ADVICE, refusingQueue } from '../../events/refusal.js';
import { refusedByPortal } from '../../ledger/refused.js';
import { survey } from '../../ledger/lease-book.js';
import { AllowedPortals, notAllowed } from '../../portals/allowed-portals.js';
import { PinnedNames } from '../../portals/pinned-names.js';
import { readPortal } from '../../portals/portal-record.js';
import { SHARED_ADVICE, sharedLately } from '../../portals/shared-queue.js';
import { TokenVault, TokenVaultError } from '../../portals/token-vault.js';
import { databaseFault } from '../../database/database-fault.js';
import { THRESHOLDS } from '../../monitoring/alert-thresholds.js';
import { pauseWords } from '../portals/list-portals.js';
import { checkAlarms } from './check-alarms.js';
import { checkPrefix } from './check-prefix.js';
import { checkProxies } from './check-proxies.js';
import { queueFindings } from './check-queues.js';
import { checkService } from './check-service.js';
import { tokenFindings } from './check-tokens.js';
import { writeAndRemove } from './check-writing.js';
import { type CommandResult } from '../command/command-result.js';
import { type Finding, findingsResult, note, ok, wrong } from '../command/findings.js';
import { Outbound } from '../command/outbound.js';
import { reasonOf } from '../../logging/reason.js';
import { utcTime } from '../command/table.js';
import { databaseIsMissing } from '../command/command-context.js';

/** Portals in trouble that are drained all the same. */
const RUNNING: ReadonlySet<PortalState> = new Set<PortalState>(['unfinished', 'unmarkable']);
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
    ok('settings', 'every setting is usable'),
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
    return [wrong('broker', error.message)];
  }
  try {
    const objects = await checkTopology(connection.model, topologyNames(AMQP_PREFIX));
    const findings = [ok('broker', connection.host), await checkPrefix(connection.model, settings)];
    const bad = objects.filter(({ state }) => state === 'conflict' || state === 'unknown');
    const missing = objects.filter(({ state }) => state === 'missing');
    for (const { kind, name, state, reason } of bad) {
      const advice =
        state === 'conflict'
          ? `delete it (a queue: once it is drained) and the service declares it anew, or set another AMQP_PREFIX`
          : 'look into the log of RabbitMQ';
      findings.push(wrong('topology', `${kind} ${name}: ${reason ?? ''}; ${advice}`));
    }
    if (missing.length === objects.length) {
      findings.push(note('topology', 'nothing is declared yet; the service does that when it starts'));
    } else if (missing.length > 0) {
      const names = missing.map(({ kind, name }) => `${kind} ${name}`).join(', ');
      findings.push(wrong('topology', `missing: ${names}. Restart the service, which declares them`));
    } else if (bad.length === 0) {
      const given = objects.filter(({ state }) => state === 'given').length;
      const unseen = `, ${given} of them made by another user: this one may not look at their properties`;
      findings.push(
        ok('topology', `${objects.length} exchanges and queues as needed${given === 0 ? '' : unseen}`),
      );
    }
    findings.push(...queueFindings(objects, topologyNames(AMQP_PREFIX)));
    const alarm = await checkAlarms(connection.model, AMQP_PREFIX);
    if (alarm !== null) findings.push(alarm);
    return findings;
  } catch (error) {
    return [wrong('broker', `${connection.host} was lost meanwhile: ${reasonOf(error)}`)];
  } finally {
    await disconnect(connection);
  }
}

async function checkDatabase(settings: Settings): Promise<Finding[]> {
  const { DATABASE_URL } = settings;
  const shown = reasonOf(DATABASE_URL);
  if (databaseIsMissing(DATABASE_URL)) {
    return [note('database', `there is none at ${shown} yet; the service makes it when it starts`)];
  }
  let database: Database | null = null;
  try {
    database = openDatabase(DATABASE_URL);
    const pending = await within(DATABASE_MS, pendingMigrations(database));
    if (pending.length > 0) {
      const text = `${shown} lacks ${pending.join(', ')}; the service brings it up to date when it starts`;
      return [note('database', text)];
    }
    await within(DATABASE_MS, writeAndRemove(database));
    const findings = [ok('database', `${shown}, up to date, takes writes`)];
    if (database.dialect === 'postgres') findings.push(await replicasFinding(database));
    findings.push(...(await checkPortals(database, settings)));
    findings.push(...(await checkRefused(database)));
    return findings;
  } catch (error) {
    return [wrong('database', `${shown}: ${databaseFault(error)}`)];
  } finally {
    await database?.db.destroy();
  }
}

/** The replicas that share the portals. */
async function replicasFinding(database: Database): Promise<Finding> {
  const { replicas, portals, owned } = await survey(database.db);
  if (replicas.length === 0) return note('replicas', 'none is alive; portals wait for one');
  const shares = replicas.map((replica) => `${replica} ${owned[replica] ?? 0}`).join(', ');
  return ok('replicas', `${replicas.length} share ${portals} portals: ${shares}`);
}

/** Events that a queue refuses, a consumer's or one of ours. */
async function checkRefused({ db }: Database): Promise<Finding[]> {
  const refused = await refusedByPortal(db);
  const keys = [...refused.values()].flat();
  if (keys.reduce((sum, { count }) => sum + count, 0) <= THRESHOLDS.refused) return [];
  const named = keys
    .slice(0, KEYS_NAMED)
    .map(({ key, count }) => `${count} by ${refusingQueue(key).in('en')}`);
  const more = keys.length > KEYS_NAMED ? `, and under ${keys.length - KEYS_NAMED} more routing keys` : '';
  return [
    wrong(
      'refused',
      `events are refused and tried again: ${named.join(', ')}${more}; ${REFUSED_ADVICE.in('en')}`,
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
    if (installed.length === 0) findings.push(note('portals', 'none is installed'));
    for (const portal of installed) {
      const { name, state, stateReason, memberId, clientEndpoint } = portal;
      if (sharedLately(portal, Date.now())) {
        const seen = utcTime(portal.sharedSeenAt) ?? '';
        findings.push(
          wrong('twin', `another program drains ${name}, last seen ${seen}: ${SHARED_ADVICE.in('en')}`),
        );
      }
      const pinned = pins.nameOf(portal);
      if (pinned !== null && pinned !== name) {
        const text = `PORTAL_NAMES says that ${name} (${shownAddress(clientEndpoint)}) is ${pinned}: a restart of the service renames it, unless another portal at its address has that name`;
        findings.push(note('names', text));
      }
      if (portal.paused !== null) {
        findings.push(
          note(
            'paused',
            `${name} is ${pauseWords(portal.paused)}: nothing new is reserved there until bitrix24-bridge portals resume ${name}`,
          ),
        );
      }
      if (!allowed.allows(memberId, clientEndpoint)) {
        const reason = notAllowed(memberId, clientEndpoint);
        findings.push(wrong('portals', `${name} is left alone: ${reason}; ${ADVICE.not_allowed.in('en')}`));
      } else if (state === 'active' && stateReason !== null) {
        findings.push(note('portals', `${name} is active, but: ${stateReason}; it is tried again by itself`));
      } else if (state === 'active') findings.push(ok('portals', `${name} is active`));
      else {
        const advice = RUNNING.has(state) ? `; ${ADVICE[state]?.in('en') ?? ''}` : '';
        const text = `${name} is ${state}: ${stateReason ?? 'no reason'}${advice}; see: bitrix24-bridge portals check ${name}`;
        findings.push(wrong('portals', text));
      }
    }
  } catch (error) {
    if (!(error instanceof TokenVaultError)) throw error;
    findings.push(wrong('tokens', `${error.message}; set the key that they were stored with`));
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
  switch (error?.action) {
    case undefined:
      return wrong(subject, `${server} granted tokens for a made-up one: it is no authorization server`);
    case 'unauthorized':
      return ok(subject, `${server} answers and takes the application's keys`);
    case 'configuration':
      return known && error.executed === 'no'
        ? note(
            subject,
            `${server} does not know the application: portals that belong to it cannot install it (${error.message})`,
          )
        : wrong(
            subject,
            `${server} refuses the application: ${error.message}. Check B24_CLIENT_ID and B24_CLIENT_SECRET`,
          );
    case 'suspend':
      return wrong(subject, `${server} has suspended the application: ${error.message}`);
    case 'throttle':
      return note(subject, `${server} is asked too much at present: ${error.message}`);
    case 'retry':
    case 'refresh':
    case 'unknown-outcome':
    case 'unlicensed':
    case 'not-allowed':
    case 'bug': {
      const advice = several
        ? 'Check the network, or leave it out of B24_OAUTH_URL where no portal belongs to it'
        : 'Check the network and B24_OAUTH_URL';
      return wrong(subject, `${server} gives no usable answer: ${error.message}. ${advice}`);
    }
  }
}
