import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIPv6, type LookupFunction } from 'node:net';
import { type Proxy } from './proxy.js';
import { type ForRequest, serverName } from './tunnel-agent.js';

/**
 * How long an idle connection is kept, in milliseconds. Below the 5 s after which common servers close theirs
 * (nginx and Apache wait longer, Node waits 5 s): a request written to a connection that the other side is just
 * closing ends in a reset, and that is an unknown outcome.
 */
export const IDLE_CONNECTION_MS = 4_000;

/** For how long a name that the system does not know is not asked for again, and how many such names are remembered. */
const UNKNOWN_MS = 60_000;
const UNKNOWN_NAMES = 10_000;

/**
 * Resolves names as the system does; where that does not know `localhost` or a name under `.localhost`, it is this
 * machine (RFC 6761, section 6.3). A container network, which gives such a name to a neighbour, is asked first; what
 * it does not know is not asked for again for a minute, as a resolver may be slow to say so, and Node asks for four
 * names at a time.
 */
export function lookupBy(ask: LookupFunction, now: () => number = () => performance.now()): LookupFunction {
  /** When each name may be asked for again. */
  const unknown = new Map<string, number>();
  return (hostname, options, callback) => {
    if (!/(^|\.)localhost\.?$/i.test(hostname)) {
      ask(hostname, options, callback);
      return;
    }
    const thisMachine = () => {
      const addresses = [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ].filter(
        ({ family }) => !isFamily(options.family) || family === Number(String(options.family).slice(-1)),
      );
      if (options.all === true) callback(null, addresses);
      else callback(null, addresses[0]?.address ?? '127.0.0.1', addresses[0]?.family ?? 4);
    };
    if ((unknown.get(hostname) ?? Number.NEGATIVE_INFINITY) > now()) {
      // Never before this call has ended, as Node expects.
      process.nextTick(thisMachine);
      return;
    }
    ask(hostname, options, (error, ...found) => {
      if (error === null) {
        unknown.delete(hostname);
        callback(null, ...found);
        return;
      }
      if (unknown.size >= UNKNOWN_NAMES) unknown.clear();
      unknown.set(hostname, now() + UNKNOWN_MS);
      thisMachine();
    });
  };
}

export const lookup: LookupFunction = lookupBy((hostname, options, callback) =>
  dns.lookup(hostname, options, callback),
);

function isFamily(family: unknown): boolean {
  return family === 4 || family === 6 || family === 'IPv4' || family === 'IPv6';
}

/** Sends one request and remembers how far it came. Given to axios as its transport. */
export class SendRecorder {
  /** False until a usable connection existed: only then is it certain that nothing was sent. */
  reached = false;
  /** The connection was there, and the request was not permitted any more: nothing was sent. */
  refused = false;
  /** Status of the answer, once its head has come; an answer that breaks off later still had one. */
  status: number | null = null;

  constructor(
    private readonly permitted: () => boolean = () => true,
    /** Through which the request goes. */
    private readonly proxy: Proxy | null = null,
    /** Ends the attempt to connect. */
    private readonly until: AbortSignal | null = null,
  ) {}

  /** Follows no redirect, as Node's own request does not. */
  request = (
    options: https.RequestOptions,
    onAnswer: (answer: http.IncomingMessage) => void,
  ): http.ClientRequest => {
    const { proxy, until } = this;
    const relay = proxy !== null && options.protocol === 'http:';
    const routed: https.RequestOptions & ForRequest = relay ? relayed(options, proxy) : options;
    // A tunnel is opened by the agent, which would go on after the request was given up.
    if (proxy !== null && !relay && until !== null) routed.until = until;
    const secure = routed.protocol === 'https:';
    const request = (secure ? https : http).request(routed, (answer) => {
      this.status = answer.statusCode ?? null;
      onAnswer(answer);
    });
    request.once('socket', (socket) => {
      const opening =
        socket.connecting || (secure && 'secureConnecting' in socket && socket.secureConnecting === true);
      if (!opening || request.reusedSocket) this.meet(request);
      else socket.once(secure ? 'secureConnect' : 'connect', () => this.meet(request));
    });
    return request;
  };

  /** Before the first byte is written. */
  private meet(request: http.ClientRequest): void {
    if (this.permitted()) this.reached = true;
    else {
      this.refused = true;
      request.destroy();
    }
  }
}

/** An http request as a proxy wants it: to the proxy, with the whole address. */
function relayed(options: https.RequestOptions, proxy: Proxy): https.RequestOptions {
  const { hostname, port, path } = options;
  const host = isIPv6(String(hostname)) ? `[${String(hostname)}]` : String(hostname);
  const authority = Number(port || 80) === 80 ? host : `${host}:${port}`;
  return {
    ...options,
    protocol: proxy.secure ? 'https:' : 'http:',
    hostname: proxy.hostname,
    port: proxy.port,
    servername: serverName(proxy),
    path: `http://${authority}${path ?? '/'}`,
    headers: {
      ...options.headers,
      Host: authority,
      ...(proxy.authorization === null ? {} : { 'Proxy-Authorization': proxy.authorization }),
    },
  };
}
