import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { aptInstall, canAptInstall, canCompose, composeUp } from './installers.mjs';
import { freePort } from './free-ports.mjs';
import { findProgram, TemporaryServer } from './temporary-server.mjs';

const NOWHERE =
  'No PostgreSQL: neither POSTGRES_URL nor DATABASE_URL_TEST is set, none on 127.0.0.1:5432 lets ' +
  'postgres/postgres or bridge/bridge in, the server is not installed and cannot be installed here (that takes ' +
  'root on Debian or Ubuntu), and no Docker engine answers. Start one (docker compose --env-file .env.demo up -d postgres) or set ' +
  'POSTGRES_URL.';

const COMPOSE_URL = 'postgres://bridge:bridge@127.0.0.1:5432/bridge';

/**
 * A PostgreSQL to work with: the one of DATABASE_URL_TEST or POSTGRES_URL, or one that lets us in on this
 * machine, or a private cluster, installed first if need be, or a container. The user may create databases.
 * `stop()` ends what this call started and nothing else. Needs `npm ci` to have run.
 * @throws {Error} saying what to do when there is no way
 */
export async function providePostgres({ log = () => {}, private: own = false } = {}) {
  if (!own) {
    const given = process.env.DATABASE_URL_TEST || process.env.POSTGRES_URL;
    if (given) return { url: given, stop: async () => {} };
    const port = Number(process.env.POSTGRES_PROBE_PORT ?? 5432);
    for (const user of ['postgres', 'bridge']) {
      const url = `postgres://${user}:${user}@127.0.0.1:${port}/${user}`;
      if ((await portIsOpen(port)) && (await postgresAnswers(url))) return { url, stop: async () => {} };
    }
  }
  if (findInitdb() === undefined && canAptInstall()) await aptInstall(['postgresql'], log);
  const initdb = findInitdb();
  if (initdb !== undefined) return startPrivateCluster(dirname(initdb), log);
  if (!own && (await canCompose())) return { url: COMPOSE_URL, stop: await composeUp('postgres', log) };
  throw new Error(NOWHERE);
}

function findInitdb() {
  const versions = '/usr/lib/postgresql';
  const folders = existsSync(versions)
    ? readdirSync(versions)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => join(versions, version, 'bin'))
    : [];
  return findProgram('initdb', folders);
}

async function startPrivateCluster(programs, log) {
  // SIGQUIT is PostgreSQL's immediate shutdown: as abrupt as a crash, yet its shared memory goes too.
  const temporary = new TemporaryServer({ name: 'postgres', account: 'postgres', stopSignal: 'SIGQUIT' });
  try {
    if (process.getuid?.() === 0 && !temporary.owner) {
      throw new Error('PostgreSQL refuses to run as root and there is no account named postgres');
    }
    const port = await freePort();
    const password = randomBytes(12).toString('hex');
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    const began = Date.now();
    await temporary.run(join(programs, 'initdb'), [
      ...[
        '--pgdata',
        temporary.path('data'),
        '--username',
        'postgres',
        '--encoding',
        'UTF8',
        '--locale',
        'C',
      ],
      ...['--auth', 'scram-sha-256', '--pwfile', temporary.write('password', password), '--no-sync'],
    ]);
    let server;
    const start = async () => {
      server = temporary.start(
        join(programs, 'postgres'),
        ['-D', temporary.path('data'), '-p', String(port), '-h', '127.0.0.1', '-k', temporary.folder],
        { output: 'postgres.log' },
      );
      await temporary.until(server, () => postgresAnswers(url), { seconds: 60, output: 'postgres.log' });
    };
    await start();
    log(`PostgreSQL: private cluster on port ${port}, up in ${((Date.now() - began) / 1000).toFixed(1)} s`);
    const kill = () => temporary.end(server, 'SIGKILL');
    return {
      url,
      folder: temporary.folder,
      processes: () => temporary.processes(),
      kill,
      restart: async () => {
        await kill();
        await start();
      },
      stop: () => temporary.stop(),
    };
  } catch (error) {
    await temporary.stop();
    throw error;
  }
}

async function postgresAnswers(url) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

function portIsOpen(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 2000 });
    const done = (open) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => done(true));
    socket.once('timeout', () => done(false));
    socket.once('error', () => done(false));
  });
}
