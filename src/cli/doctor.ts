import { PortalError } from '../bitrix24/errors.js';
import { connectOnce, disconnect, NoBroker, type QuickConnection } from '../broker/connect-once.js';
import { within } from '../broker/deadlines.js';
import { checkTopology } from '../broker/topology-check.js';
import { topologyNames } from '../broker/topology.js';
import { type Settings } from '../config.js';
import { type Database, openDatabase } from '../database/database.js';
import { pendingMigrations } from '../database/migrate.js';
import { survey } from '../ledger/lease-book.js';
import { readPortal } from '../portals/portal-record.js';
import { TokenVault, TokenVaultError } from '../portals/token-vault.js';
import { type CommandResult } from './command-result.js';
import { type Finding, findingsResult, note, ok, wrong } from './findings.js';
import { Outbound } from './outbound.js';
import { reasonOf } from './reason.js';
import { databaseIsMissing } from './workbench.js';

const BROKER_MS = 5000;
const DATABASE_MS = 10_000;

/** Looks at everything that the service stands on, and says what to do where something is wrong. Changes nothing. */
export async function doctor(settings: Settings): Promise<CommandResult> {
  const parts = await Promise.all([
    checkBroker(settings),
    checkDatabase(settings),
    checkAuthorization(settings),
  ]);
  return findingsResult([ok('settings', 'every setting is usable'), ...parts.flat()]);
}

async function checkBroker({ RABBITMQ_URL, AMQP_PREFIX }: Settings): Promise<Finding[]> {
  let connection: QuickConnection;
  try {
    connection = await connectOnce(RABBITMQ_URL, BROKER_MS);
  } catch (error) {
    if (!(error instanceof NoBroker)) throw error;
    return [wrong('broker', `${error.message}. Start RabbitMQ, or correct RABBITMQ_URL`)];
  }
  try {
    const objects = await checkTopology(connection.model, topologyNames(AMQP_PREFIX));
    const findings = [ok('broker', connection.host)];
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
    } else if (bad.length === 0)
      findings.push(ok('topology', `${objects.length} exchanges and queues as needed`));
    const queues = objects.filter(({ messages }) => messages !== null);
    if (queues.length > 0) {
      findings.push(ok('queues', queues.map(({ name, messages }) => `${name} ${messages}`).join(', ')));
    }
    const replies = queues.find(({ name }) => name === topologyNames(AMQP_PREFIX).replies);
    if (replies?.consumers === 0) {
      findings.push(note('service', 'none is running: nobody reads the replies'));
    } else if (replies !== undefined)
      findings.push(ok('service', `running: ${replies.consumers} read the replies`));
    return findings;
  } catch (error) {
    return [wrong('broker', `${connection.host} was lost meanwhile: ${reasonOf(error)}`)];
  } finally {
    await disconnect(connection);
  }
}

async function checkDatabase({ DATABASE_URL, TOKEN_ENCRYPTION_KEY }: Settings): Promise<Finding[]> {
  const shown = reasonOf(DATABASE_URL);
  if (databaseIsMissing(DATABASE_URL)) {
    return [note('database', `there is none at ${shown} yet; the service makes it when it starts`)];
  }
  let database: Database | null = null;
  try {
    database = openDatabase(DATABASE_URL);
    // A disk that is full or a lock that nobody lets go of shows only when writing begins.
    const writing = database.db.transaction().execute(() => Promise.resolve());
    await within(DATABASE_MS, writing);
    const pending = await pendingMigrations(database);
    if (pending.length > 0) {
      const text = `${shown} lacks ${pending.join(', ')}; the service brings it up to date when it starts`;
      return [note('database', text)];
    }
    const findings = [ok('database', `${shown}, up to date`)];
    if (database.dialect === 'postgres') findings.push(await replicasFinding(database));
    findings.push(...(await checkPortals(database, TOKEN_ENCRYPTION_KEY)));
    return findings;
  } catch (error) {
    return [wrong('database', `${shown}: ${reasonOf(error)}. Start it, or correct DATABASE_URL`)];
  } finally {
    await database?.db.destroy();
  }
}

/** Who shares the portals, and how. */
async function replicasFinding(database: Database): Promise<Finding> {
  const { replicas, portals, owned } = await survey(database.db);
  if (replicas.length === 0) return note('replicas', 'none is alive; portals wait for one');
  const shares = replicas.map((replica) => `${replica} ${owned[replica] ?? 0}`).join(', ');
  return ok('replicas', `${replicas.length} share ${portals} portals: ${shares}`);
}

async function checkPortals(database: Database, key: string | undefined): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (key === undefined) {
    findings.push(
      note('tokens', 'they are stored in clear: set TOKEN_ENCRYPTION_KEY (openssl rand -base64 32)'),
    );
  }
  try {
    const vault = new TokenVault(key);
    const rows = await database.db.selectFrom('portals').selectAll().orderBy('name').execute();
    const portals = rows.map((row) => readPortal(vault, row));
    if (key !== undefined) findings.push(ok('tokens', 'they can be read with TOKEN_ENCRYPTION_KEY'));
    const installed = portals.filter(({ state }) => state !== 'uninstalled');
    if (installed.length === 0) findings.push(note('portals', 'none is installed'));
    for (const { name, state, stateReason } of installed) {
      if (state === 'active') findings.push(ok('portals', `${name} is active`));
      else {
        const text = `${name} is ${state}: ${stateReason ?? 'no reason'}; see: bitrix24-bridge portals check ${name}`;
        findings.push(wrong('portals', text));
      }
    }
  } catch (error) {
    if (!(error instanceof TokenVaultError)) throw error;
    findings.push(wrong('tokens', `${error.message}; set the key that they were stored with`));
  }
  return findings;
}

/** A made-up token tells whether the server answers and knows our keys, and is refused for itself. */
async function checkAuthorization(settings: Settings): Promise<Finding[]> {
  const subject = 'oauth';
  const server = settings.B24_OAUTH_URL;
  try {
    await new Outbound(settings).oauth.refresh('doctor');
    return [wrong(subject, `${server} granted tokens for a made-up one: it is no authorization server`)];
  } catch (error) {
    if (!(error instanceof PortalError)) throw error;
    switch (error.action) {
      case 'unauthorized':
        return [ok(subject, `${server} answers and takes the application's keys`)];
      case 'configuration':
        return [
          wrong(
            subject,
            `${server} refuses the application: ${error.message}. Check B24_CLIENT_ID and B24_CLIENT_SECRET`,
          ),
        ];
      case 'suspend':
        return [wrong(subject, `${server} has suspended the application: ${error.message}`)];
      case 'throttle':
        return [note(subject, `${server} is asked too much at present: ${error.message}`)];
      case 'retry':
      case 'refresh':
      case 'unknown-outcome':
      case 'unlicensed':
      case 'bug':
        return [
          wrong(
            subject,
            `${server} gives no usable answer: ${error.message}. Check the network and B24_OAUTH_URL`,
          ),
        ];
    }
  }
}
