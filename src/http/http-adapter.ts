import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { type Duplex } from 'node:stream';
import { ExpressAdapter } from '@nestjs/platform-express';
import { type ConnectionLimits } from './connection-book.js';
import { Front } from './front.js';
import { type RoutedLayer } from './known-routes.js';
import { type Refusals } from './refusals.js';
import { NO_SNIFFING } from './no-sniffing.js';

/** Answers under way, by their connections. */
const UNDER_WAY = new WeakMap<Duplex, number>();

/** Every answer, also those that Node gives before the application is asked: no Host, an expectation, too many requests. */
class OwnAnswer<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  constructor(...given: ConstructorParameters<typeof ServerResponse<Request>>) {
    super(...given);
    this.setHeader(...NO_SNIFFING);
    const { socket } = given[0];
    UNDER_WAY.set(socket, (UNDER_WAY.get(socket) ?? 0) + 1);
    this.once('close', () => UNDER_WAY.set(socket, (UNDER_WAY.get(socket) ?? 1) - 1));
  }
}

/** What Node answers to what it cannot read. */
const UNREADABLE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Refuses what is no request, as Node does. In the middle of another answer there is no place for it. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (socket.writable && (UNDER_WAY.get(socket) ?? 0) === 0) {
    const status = UNREADABLE[error.code ?? ''] ?? 400;
    const lines = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      NO_SNIFFING.join(': '),
      'Connection: close',
      'Content-Length: 0',
    ];
    socket.end(`${lines.join('\r\n')}\r\n\r\n`, () => socket.destroy());
  } else socket.destroy();
}

/** What Express has beside what its adapter tells. */
interface Application extends RequestListener {
  get(setting: string): unknown;
  readonly router: { readonly stack: readonly RoutedLayer[] };
}

/**
 * Express behind a {@link Front}, on a server none of whose answers browsers may take for something else than it says.
 */
export class HttpAdapter extends ExpressAdapter {
  private front: Front | null = null;
  /** Answers where a browser asks for a page that is not there; false: it has not. */
  missingPage: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;

  constructor(
    private readonly limits: ConnectionLimits,
    private readonly refusals: Refusals,
  ) {
    super();
  }

  /** Connections that are open. */
  get connections(): number {
    return this.front?.open ?? 0;
  }

  override initHttpServer(): void {
    const { limits, refusals } = this;
    const application = this.getInstance<Application>();
    const front = new Front(application, {
      limits,
      refusals,
      isProxy: (address) => {
        const trusted = application.get('trust proxy fn') as (address: string, hop: number) => boolean;
        return trusted(address, 0);
      },
      routes: () => application.router.stack,
      missingPage: (request, response) => this.missingPage(request, response),
    });
    const server = createServer({ ServerResponse: OwnAnswer }, front.receive);
    front.guard(server);
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex & { remoteAddress?: string }) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') {
        refusals.count(
          error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'timeout' : 'unreadable',
          socket.remoteAddress ?? '',
        );
      }
      refuse(error, socket);
    });
    this.setHttpServer(server);
    this.front = front;
  }
}
