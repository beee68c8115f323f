import { randomBytes } from 'node:crypto';
import { AuthorizationServer } from './authorization-server.js';
import { FaultSet } from './faults.js';
import { type Authority } from './oauth.js';
import { EmulatedPortal } from './portal.js';
import { type PortalOptions } from './portal-options.js';

export interface EmulatorOptions {
  /** Address to listen on, 127.0.0.1 by default. */
  host?: string;
  /** Serves this machine alone, though it listens on all of its addresses (`host` 0.0.0.0). */
  loopbackOnly?: boolean;
  /** 0, the default, takes any free port. */
  port?: number;
  clientId?: string;
  clientSecret?: string;
  /**
   * Where a portal's `client_endpoint` points: `host` = `http://acme.localhost:port/rest/` (needs a resolver
   * that knows *.localhost), `path` = `http://127.0.0.1:port/acme/rest/`. Both are always served.
   */
  endpointStyle?: 'host' | 'path';
  accessTokenTtlSeconds?: number;
  /**
   * Names of further authorization servers, each at a port of its own; the first one, `main`, is at the emulator's. A
   * portal belongs to one of them by its option `authorizationServer`.
   */
  authorizationServers?: readonly string[];
  /** Clock, milliseconds since the epoch. */
  now?: () => number;
  /** How clients reach the emulator where a proxy stands before it, `http://127.0.0.1:5000`. */
  publicUrl?: string;
}

/** What the emulator needs of whatever listens for it. */
interface Listener {
  listen(host: string, port: number): Promise<number>;
  close(): Promise<void>;
}

/** Name of the authorization server at the emulator's own address. */
const MAIN_AUTHORIZATION_SERVER = 'main';

/** Any number of portals behind one address, and the authorization servers that they belong to. */
export class Emulator {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The authorization servers by name, `main` first. */
  readonly authorizationServers: ReadonlyMap<string, AuthorizationServer>;
  /** Faults that hit every portal and, under `oauth`, every authorization server. */
  readonly faults = new FaultSet();
  private readonly byName = new Map<string, EmulatedPortal>();
  private readonly now: () => number;
  private readonly host: string;
  private listener: Listener | null = null;
  private listeningPort = 0;
  private readonly serverPorts = new Map<string, number>();

  constructor(private readonly options: EmulatorOptions = {}) {
    this.host = options.host ?? '127.0.0.1';
    this.now = options.now ?? Date.now;
    this.clientId =
      options.clientId ?? `local.${randomBytes(7).toString('hex')}.${randomBytes(4).readUInt32BE()}`;
    this.clientSecret = options.clientSecret ?? randomBytes(25).toString('hex');
    const names = [MAIN_AUTHORIZATION_SERVER, ...(options.authorizationServers ?? [])];
    this.authorizationServers = new Map(
      names.map((name) => [
        name,
        new AuthorizationServer({
          now: this.now,
          clientId: this.clientId,
          clientSecret: this.clientSecret,
          accessTokenTtlSeconds: options.accessTokenTtlSeconds ?? 3600,
          url: () => this.serverUrl(name),
          faults: this.faults,
        }),
      ]),
    );
  }

  /** What the main authorization server knows. */
  get authority(): Authority {
    return this.authorizationServer().authority;
  }

  /** @throws Error when there is none of that name */
  authorizationServer(name: string = MAIN_AUTHORIZATION_SERVER): AuthorizationServer {
    const server = this.authorizationServers.get(name);
    if (server === undefined) throw new Error(`There is no authorization server ${name}`);
    return server;
  }

  /** The main authorization server's address. */
  get url(): string {
    return `http://${this.host === '0.0.0.0' ? '127.0.0.1' : this.host}:${this.listeningPort}`;
  }

  /** The same as clients see it. */
  get publicUrl(): string {
    return this.options.publicUrl?.replace(/\/$/, '') ?? this.url;
  }

  get loopbackOnly(): boolean {
    return this.options.loopbackOnly ?? false;
  }

  get port(): number {
    return this.listeningPort;
  }

  /** @throws Error when the address is taken */
  async start(listener: Listener): Promise<void> {
    this.listeningPort = await listener.listen(this.host, this.options.port ?? 0);
    this.listener = listener;
    for (const [name, server] of this.authorizationServers) {
      if (name !== MAIN_AUTHORIZATION_SERVER) this.serverPorts.set(name, await server.listen(this.host));
    }
  }

  /** @throws Error when there is one of that name already, or the name is unusable */
  addPortal(options: PortalOptions): EmulatedPortal {
    if (this.byName.has(options.name)) throw new Error(`There is a portal ${options.name} already`);
    const { name } = options;
    const server = this.authorizationServer(options.authorizationServer);
    const portal = new EmulatedPortal(options, {
      clientId: this.clientId,
      authority: server.authority,
      now: this.now,
      faults: this.faults,
      clientEndpoint: (site) => this.endpointOf(name, site),
      serverEndpoint: () => `${server.url}/rest/`,
    });
    this.byName.set(name, portal);
    return portal;
  }

  findPortal(name: string): EmulatedPortal | null {
    return this.byName.get(name) ?? null;
  }

  /** @throws Error when there is none of that name */
  portal(name: string): EmulatedPortal {
    const portal = this.byName.get(name);
    if (!portal) throw new Error(`There is no portal ${name}`);
    return portal;
  }

  portals(): EmulatedPortal[] {
    return [...this.byName.values()];
  }

  /** @throws Error listing every change of any portal that a careless call threw away */
  assertNothingDestroyed(): void {
    const lost = this.portals().flatMap((portal) =>
      portal.destroyed.map(
        ({ row, by }) =>
          `${portal.name}: row ${row.ID} ${row.EVENT_NAME} ${JSON.stringify(row.EVENT_DATA)} (message ${row.MESSAGE_ID}, ` +
          `held by '${row.PROCESS_ID}') by ${by.method} with process_id '${by.processId}'`,
      ),
    );
    if (lost.length > 0) throw new Error(`${lost.length} live events were destroyed:\n${lost.join('\n')}`);
  }

  /** Stops listening and breaks every open connection. */
  async close(): Promise<void> {
    for (const portal of this.byName.values()) portal.close();
    for (const server of this.authorizationServers.values()) await server.close();
    await this.listener?.close();
    this.listener = null;
  }

  private serverUrl(name: string): string {
    if (name === MAIN_AUTHORIZATION_SERVER) return this.publicUrl;
    const { protocol, hostname } = new URL(this.publicUrl);
    return `${protocol}//${hostname}:${this.serverPorts.get(name) ?? 0}`;
  }

  private endpointOf(name: string, site: string | null): string {
    const base = new URL(this.publicUrl);
    if (site !== null) {
      const [host = '', ...folders] = site.split('/');
      return `${base.protocol}//${host}:${base.port}/${folders.map((folder) => `${folder}/`).join('')}rest/`;
    }
    if (this.options.endpointStyle === 'path') return `${base.origin}/${name}/rest/`;
    return `${base.protocol}//${name}.localhost:${base.port}/rest/`;
  }
}
