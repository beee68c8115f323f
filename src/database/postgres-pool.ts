import { Socket } from 'node:net';
import pg from 'pg';
import { within } from '../timing/within.js';

/** How long a server may take to end what is under way. */
const END_WITHIN_MS = 3000;

/**
 * Connections to PostgreSQL. One that the server cuts, idle or in use, does not end the process: a query that uses it
 * fails, and the next one opens another. All of them end with the pool, whether the server answers or not.
 */
export class PostgresPool {
  private readonly sockets = new Set<Socket>();
  private readonly pool: pg.Pool;

  /** @param connected is called with each connection that is opened */
  constructor(config: pg.PoolConfig, connected: (client: pg.PoolClient) => void = () => undefined) {
    this.pool = new pg.Pool({ types: postgresTypes(), ...config, stream: () => this.newSocket() });
    this.pool.on('error', () => undefined);
    this.pool.on('connect', (client) => {
      client.on('error', () => undefined);
      connected(client);
    });
  }

  connect(): Promise<pg.PoolClient> {
    return this.pool.connect();
  }

  /** Breaks every connection; what is under way fails. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Ends every connection when it has answered, and breaks those that do not. */
  async end(): Promise<void> {
    await within(END_WITHIN_MS, this.pool.end()).catch(() => undefined);
    this.cut();
  }

  private newSocket(): Socket {
    const socket = new Socket();
    this.sockets.add(socket);
    return socket.once('close', () => this.sockets.delete(socket));
  }
}

/** bigint holds our milliseconds and sequence numbers, all below 2^53. */
function postgresTypes(): pg.CustomTypesConfig {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  return types;
}
