import {
  createServer,
  type IncomingMessage,
  request as send,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type Duplex } from 'node:stream';
import { type Certified } from './certificates.js';

/** What the proxy was asked: `CONNECT acme.localhost:443` or `POST http://acme.localhost/rest/batch`. */
export interface Asked {
  readonly line: string;
  readonly authorization: string | undefined;
}

export interface HttpProxyOptions {
  /** `user:password`; others are answered 407. */
  readonly login?: string;
  /** Answers instead of leading on. */
  readonly refuse?: number;
  /** Takes connections and never says a word. */
  readonly silent?: boolean;
  /** It is itself reached by TLS. */
  readonly tls?: Certified;
}

/** A forward proxy on a loopback port: `CONNECT` and absolute addresses. Names under .localhost are this machine. */
export class HttpProxy {
  readonly asked: Asked[] = [];
  private readonly sockets = new Set<Duplex>();
  private port = 0;

  private constructor(
    private readonly server: Server,
    public options: HttpProxyOptions,
  ) {}

  static async open(options: HttpProxyOptions = {}): Promise<HttpProxy> {
    const server = options.tls === undefined ? createServer() : createSecureServer(options.tls);
    const proxy = new HttpProxy(server, options);
    server.on('connection', (socket: Duplex) => proxy.keep(socket));
    server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      proxy.tunnel(request, socket, head),
    );
    server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      proxy.relay(request, response),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy.port = (server.address() as AddressInfo).port;
    return proxy;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Connections from its clients and to their servers. */
  get connections(): number {
    return this.sockets.size;
  }

  close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private keep(socket: Duplex): void {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.sockets.delete(socket));
  }

  /** Status with which it refuses; null: it leads on. */
  private judge(line: string, request: IncomingMessage): number | null {
    const authorization = request.headers['proxy-authorization'];
    this.asked.push({ line, authorization });
    const { login, refuse } = this.options;
    if (refuse !== undefined) return refuse;
    const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
    return login !== undefined && authorization !== wanted ? 407 : null;
  }

  private tunnel(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const target = request.url ?? '';
    const refusal = this.judge(`CONNECT ${target}`, request);
    if (this.options.silent === true) {
      // It would not notice that its client leaves, unless it reads.
      socket.resume().once('end', () => socket.destroy());
      return;
    }
    if (refusal !== null) {
      socket.end(`HTTP/1.1 ${refusal} No\r\nContent-Length: 2\r\n\r\nno`);
      return;
    }
    const server = new URL(`http://${target}`);
    const on: Socket = connect(Number(server.port || 80), reached(server.hostname), () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      on.write(head);
      on.pipe(socket).pipe(on);
    });
    this.keep(on);
    on.once('close', () => socket.destroy());
    socket.once('close', () => on.destroy());
  }

  private relay(request: IncomingMessage, response: ServerResponse): void {
    const address = request.url ?? '';
    const refusal = this.judge(`${request.method} ${address}`, request);
    if (this.options.silent === true) return;
    if (refusal !== null || !URL.canParse(address)) {
      response.writeHead(refusal ?? 400).end('<html>no</html>');
      return;
    }
    const { hostname, port, pathname, search } = new URL(address);
    const { 'proxy-authorization': _own, ...headers } = request.headers;
    const on = send(
      { host: reached(hostname), port: port || 80, method: request.method, path: pathname + search, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    on.once('error', () => response.writeHead(502).end());
    request.pipe(on);
  }
}

function reached(hostname: string): string {
  const plain = hostname.replace(/^\[|\]$/g, '');
  return plain.endsWith('localhost') || plain.endsWith('.test') ? '127.0.0.1' : plain;
}
