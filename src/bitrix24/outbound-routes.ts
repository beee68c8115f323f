import http from 'node:http';
import https from 'node:https';
import { HttpService } from '@nestjs/axios';
import { type AxiosInstance } from 'axios';
import { CONNECT_ATTEMPT_MS } from '../timing/connect-attempt.js';
import { trusting } from './certificates.js';
import { IDLE_CONNECTION_MS, lookup } from './connections.js';
import { NoProxy } from './no-proxy.js';
import { parseProxy, type Proxy } from './proxy.js';
import { type ProxyConnection, TunnelAgent } from './tunnel-agent.js';

/** The settings that say how portals and authorization servers are reached. */
export interface OutboundSettings {
  readonly HTTPS_PROXY?: string | undefined;
  readonly HTTP_PROXY?: string | undefined;
  readonly NO_PROXY?: readonly string[] | undefined;
  readonly NODE_EXTRA_CA_CERTS?: string | undefined;
}

interface Agents {
  readonly httpAgent: http.Agent;
  readonly httpsAgent: https.Agent;
}

/** Connections that are kept, and connections for one request each. */
interface Connections {
  readonly kept: Agents;
  readonly fresh: Agents;
}

/** How an address is reached. */
interface OutboundRoute {
  readonly proxy: Proxy | null;
  readonly agents: Agents;
}

/** How portals and authorization servers are reached: directly, or through a proxy. Holds the connections. */
export class OutboundRoutes {
  /** For `https://` addresses; null: they are reached directly. */
  readonly httpsProxy: Proxy | null;
  /** For `http://` addresses. */
  readonly httpProxy: Proxy | null;
  /** How a proxy itself is reached. */
  readonly toProxy: ProxyConnection;
  private readonly exceptions: NoProxy;
  private readonly direct: Connections;
  private readonly tunnels: Connections | null;
  private readonly relays: Connections | null;

  /** @throws {TypeError} for a proxy or a file of certificates that is not usable */
  constructor(private readonly settings: OutboundSettings = {}) {
    const { HTTPS_PROXY, HTTP_PROXY, NO_PROXY, NODE_EXTRA_CA_CERTS } = settings;
    this.httpsProxy = HTTPS_PROXY === undefined ? null : parseProxy(HTTPS_PROXY);
    this.httpProxy = HTTP_PROXY === undefined ? null : parseProxy(HTTP_PROXY);
    this.exceptions = new NoProxy(NO_PROXY ?? []);
    const trust = NODE_EXTRA_CA_CERTS === undefined ? {} : { secureContext: trusting(NODE_EXTRA_CA_CERTS) };
    const plain = { lookup, autoSelectFamilyAttemptTimeout: CONNECT_ATTEMPT_MS };
    const toProxy = (this.toProxy = { ...plain, ...trust });
    const plainly: Connect = (options) => ({
      httpAgent: new http.Agent({ ...plain, ...options }),
      httpsAgent: new https.Agent({ ...toProxy, ...options }),
    });
    this.direct = connections(plainly);
    const { httpsProxy, httpProxy } = this;
    this.relays =
      httpProxy === null
        ? null
        : connections((options) => {
            const { httpAgent, httpsAgent } = plainly(options);
            // The proxy is asked for http:// addresses alone, and is reached by its own scheme.
            return { httpsAgent, httpAgent: httpProxy.secure ? httpsAgent : httpAgent };
          });
    this.tunnels =
      httpsProxy === null
        ? null
        : connections((options) => ({
            ...plainly(options),
            httpsAgent: new TunnelAgent(httpsProxy, toProxy, { ...trust, ...options }),
          }));
  }

  /** For the log, without secrets; null where all goes directly and no further authority is trusted. */
  facts(): { httpsProxy?: string; httpProxy?: string; noProxy?: string; extraCertificates?: string } | null {
    const { httpsProxy, httpProxy, settings } = this;
    if (httpsProxy === null && httpProxy === null && settings.NODE_EXTRA_CA_CERTS === undefined) return null;
    return {
      ...(httpsProxy === null ? {} : { httpsProxy: httpsProxy.shown }),
      ...(httpProxy === null ? {} : { httpProxy: httpProxy.shown }),
      ...(settings.NO_PROXY === undefined ? {} : { noProxy: settings.NO_PROXY.join(',') }),
      ...(settings.NODE_EXTRA_CA_CERTS === undefined
        ? {}
        : { extraCertificates: settings.NODE_EXTRA_CA_CERTS }),
    };
  }

  /** Texts that no log line may carry. */
  secrets(): string[] {
    return [this.httpsProxy, this.httpProxy].flatMap((proxy) => proxy?.secrets ?? []);
  }

  /** @param connection whether it may be shared with other requests */
  to(address: string, connection: keyof Connections): OutboundRoute {
    const url = new URL(address);
    const secure = url.protocol === 'https:';
    const proxy = secure ? this.httpsProxy : this.httpProxy;
    const through = secure ? this.tunnels : this.relays;
    if (proxy === null || through === null || this.exceptions.includes(url)) {
      return { proxy: null, agents: this.direct[connection] };
    }
    return { proxy, agents: through[connection] };
  }
}

type Connect = (options: http.AgentOptions) => Agents;

function connections(connect: Connect): Connections {
  return { kept: connect({ keepAlive: true, timeout: IDLE_CONNECTION_MS }), fresh: connect({}) };
}

/** The HTTP client that portals are called with, and the routes of its requests. */
export class OutboundHttp extends HttpService {
  constructor(
    readonly routes: OutboundRoutes,
    instance?: AxiosInstance,
  ) {
    super(instance);
  }
}

/** Shared by every client that was not told otherwise. */
export const DIRECT = new OutboundRoutes();
