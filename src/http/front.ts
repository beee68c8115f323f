import {
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { type DropArgument, type Socket } from 'node:net';
import { ConnectionBook, type ConnectionLimits } from './connection-book.js';
import { firstWord, KnownRoutes, type Refusal, type RoutedLayer } from './known-routes.js';
import { type Exchange, PacedConnection } from './paced-connection.js';
import { type Refusals } from './refusals.js';
import { FairScheduler, type Lane } from './fair-scheduler.js';

/** Requests have a few hundred bytes: a client that takes longer to send one is only holding the connection. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;
/** After an answer; proxies and Prometheus connect again. */
const KEEP_ALIVE_MS = 5000;
/** How often Node checks for clients that take longer. */
const CONNECTIONS_CHECK_MS = 5000;
/** How long a client may take to accept what is sent to it at once: the largest page has some hundred kilobytes. */
const UNREAD_MS = 30_000;
/** Then the client has to connect again, behind the clients that came meanwhile. */
const MAX_REQUESTS_PER_CONNECTION = 200;
/** Connections that are accepted before their places are free. */
const BEING_CLOSED = 100;
/** What operators ask for has lanes of its own. */
const OPERATORS: ReadonlySet<string> = new Set(['health', 'metrics']);

/** What the front has to know of the application behind it. */
interface FrontOptions {
  readonly limits: ConnectionLimits;
  readonly refusals: Refusals;
  /** Whether an address is that of a trusted proxy. */
  readonly isProxy: (address: string) => boolean;
  /** Asked once, by the first request. */
  readonly routes: () => readonly RoutedLayer[];
  /** Answers where a browser asks for a page that is not there; false: it has not. */
  readonly missingPage?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/**
 * Stands between Node's HTTP server and the application: admits connections, reads from them in turns, refuses what
 * cannot be for us without asking the application, and hands on one request of a connection at a time.
 */
export class Front {
  private readonly scheduler = new FairScheduler();
  private readonly connections: ConnectionBook;
  private known: KnownRoutes | null = null;

  /** @param application what answers the requests that may be for us */
  constructor(
    private readonly application: RequestListener,
    private readonly options: FrontOptions,
  ) {
    const { limits, isProxy, refusals } = options;
    this.connections = new ConnectionBook(limits, isProxy, (from) => refusals.count('connections', from));
  }

  /** Connections that are open. */
  get open(): number {
    return this.connections.size;
  }

  /** Listener for the server's requests. */
  readonly receive = (request: IncomingMessage, response: ServerResponse): void => {
    const connection = request.socket as unknown as PacedConnection;
    connection.waiting.push({ request, response });
    if (connection.current === null) this.next(connection);
    else connection.hold();
  };

  /** Puts itself before the server, which must not listen yet. */
  guard(server: Server): void {
    const { limits, refusals } = this.options;
    server.headersTimeout = HEADERS_TIMEOUT_MS;
    server.requestTimeout = REQUEST_TIMEOUT_MS;
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION;
    server.maxConnections = limits.total + BEING_CLOSED;
    // Read when the server begins to listen; missing in the types.
    Object.assign(server, { connectionsCheckingInterval: CONNECTIONS_CHECK_MS });
    // Node answers it, and goes on reading.
    server.on('dropRequest', ({ socket }: IncomingMessage) => {
      refusals.count('requests', socket.remoteAddress ?? '');
      const connection = socket as unknown as PacedConnection;
      connection.readNoMore();
      setImmediate(() => {
        if (connection.current === null) connection.destroySoon();
      });
    });
    server.on('drop', (connection?: DropArgument) =>
      refusals.count('connections', connection?.remoteAddress ?? ''),
    );
    // Node's server takes any stream for a connection; what it would have done with the socket, it does with ours.
    const accept = server.listeners('connection') as ((connection: unknown) => void)[];
    server.removeAllListeners('connection');
    server.on('connection', (raw: Socket) => {
      const connection = new PacedConnection(raw, this.scheduler, UNREAD_MS, () =>
        refusals.count('unread', raw.remoteAddress ?? ''),
      );
      if (this.connections.admit(connection)) for (const each of accept) each.call(server, connection);
      else connection.destroy();
    });
  }

  private next(connection: PacedConnection): void {
    const exchange = connection.waiting.shift() ?? null;
    connection.current = exchange;
    if (connection.waiting.length === 0) connection.release();
    if (exchange === null) {
      if (connection.isSpent) connection.destroySoon();
      return;
    }
    const { request, response } = exchange;
    response.once('close', () => {
      connection.answered();
      this.next(connection);
    });
    this.known ??= new KnownRoutes(this.options.routes());
    const refusal = this.known.refusalOf(request);
    this.scheduler.schedule(refusal === null ? laneOf(request) : 'others', () => {
      if (connection.destroyed) return;
      if (refusal === null) this.application(request, response);
      else this.refuse(exchange, refusal, this.known?.methods ?? new Set());
    });
  }

  /** As the application would, and at a small part of the expense. */
  private refuse({ request, response }: Exchange, refusal: Refusal, methods: ReadonlySet<string>): void {
    const { status, reason } = refusal;
    this.options.refusals.count(reason, request.socket.remoteAddress ?? '');
    if (reason === 'path' && this.options.missingPage?.(request, response) === true) return;
    const body = JSON.stringify({ message: STATUS_CODES[status], statusCode: status });
    response.statusCode = status;
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.setHeader('Content-Length', Buffer.byteLength(body));
    if (status === 405) response.setHeader('Allow', [...methods].join(', '));
    // Its body will not be read.
    if (!request.complete) response.setHeader('Connection', 'close');
    response.end(request.method === 'HEAD' ? undefined : body);
  }
}

function laneOf({ url = '' }: IncomingMessage): Lane {
  if (url === '/health/live') return 'liveness';
  return OPERATORS.has(firstWord(url)) ? 'operator' : 'others';
}
