import http from 'node:http';
import https from 'node:https';
import { isIP, isIPv6, type LookupFunction } from 'node:net';
import { type SecureContext } from 'node:tls';
import { type Duplex } from 'node:stream';
import { certificateAdvice } from './certificates.js';
import { type Proxy } from './proxy.js';

/** The proxy opened no connection. Nothing was sent to the portal. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';

  constructor(
    /** `PROXY_REFUSED`: it refused. `PROXY_UNREACHABLE`: it could not be asked. */
    readonly code: 'PROXY_REFUSED' | 'PROXY_UNREACHABLE',
    message: string,
  ) {
    super(message);
  }
}

/** How a proxy itself is reached. */
export interface ProxyConnection {
  readonly lookup: LookupFunction;
  readonly autoSelectFamilyAttemptTimeout: number;
  readonly secureContext?: SecureContext;
}

/** Whose request a connection is made for, among an agent's options. */
export interface ForRequest {
  /** Ends the attempt. */
  until?: AbortSignal;
}

/**
 * Reaches https servers through a proxy: it is asked to connect (`CONNECT`), and what it then passes on it cannot read.
 * A connection is kept and shared like a direct one.
 */
export class TunnelAgent extends https.Agent {
  constructor(
    private readonly proxy: Proxy,
    private readonly toProxy: ProxyConnection,
    options: https.AgentOptions,
  ) {
    super(options);
  }

  override createConnection(
    options: https.RequestOptions & ForRequest,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const { until, ...rest } = options;
    const target = { hostname: String(options.host), port: Number(options.port ?? 443) };
    openTunnel(this.proxy, target, this.toProxy, until).then(
      (socket) => {
        // The types do not know that a connection may be given to build on.
        const over: https.RequestOptions = Object.assign(rest, { socket });
        const secured = super.createConnection(over);
        if (secured !== null && secured !== undefined) callback?.(null, secured);
      },
      // An agent hands on an error alone; the types want a stream beside it.
      (error: unknown) => (callback as ((error: unknown) => void) | undefined)?.(error),
    );
    return undefined;
  }
}

/**
 * Has a proxy connect to a server.
 * @returns the connection, on which nothing was said yet
 * @throws {ProxyError}
 */
export function openTunnel(
  proxy: Proxy,
  target: { readonly hostname: string; readonly port: number },
  toProxy: ProxyConnection,
  until?: AbortSignal,
): Promise<Duplex> {
  const { hostname, port } = target;
  const authority = `${isIPv6(hostname) ? `[${hostname}]` : hostname}:${port}`;
  return new Promise((resolve, reject) => {
    const request = (proxy.secure ? https : http).request({
      ...toProxy,
      host: proxy.hostname,
      port: proxy.port,
      servername: serverName(proxy),
      method: 'CONNECT',
      path: authority,
      headers: {
        Host: authority,
        'User-Agent': 'bitrix24-offline-bridge',
        ...(proxy.authorization === null ? {} : { 'Proxy-Authorization': proxy.authorization }),
      },
      agent: false,
    });
    const unreachable = (reason: string) =>
      new ProxyError('PROXY_UNREACHABLE', `the proxy ${proxy.shown} cannot be reached: ${reason}`);
    const stop = () => request.destroy(unreachable('it did not answer in time'));
    const settled = () => until?.removeEventListener('abort', stop);
    until?.addEventListener('abort', stop, { once: true });
    if (until?.aborted === true) stop();
    request.once('connect', (answer, socket) => {
      settled();
      const status = answer.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(refusalOf(proxy, authority, status));
    });
    request.once('error', (error) => {
      settled();
      reject(error instanceof ProxyError ? error : unreachable(connectionFault(error)));
    });
    request.end();
  });
}

/** What a proxy's certificate has to name; by itself Node would take the name of the portal for it. */
export function serverName({ hostname }: Proxy): string {
  return isIP(hostname) === 0 ? hostname : '';
}

/** What a proxy's own status means. */
export function refusalOf(proxy: Proxy, target: string, status: number): ProxyError {
  const why =
    status === 407
      ? 'it wants another user and password in its address'
      : status === 502 || status === 503 || status === 504
        ? 'it cannot reach it'
        : 'it does not permit it';
  return new ProxyError(
    'PROXY_REFUSED',
    `the proxy ${proxy.shown} answered ${status} for ${target}: ${why}; nothing was sent`,
  );
}

/** In a few words why there is no connection. */
function connectionFault(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  const advice = certificateAdvice(code);
  return advice === null ? code : `${code}, ${advice}`;
}
