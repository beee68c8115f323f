import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { freePort } from '../../scripts/free-ports.mjs';

/** Which way bytes travel: from the client to the server behind the proxy, or back. */
type ProxyDirection = 'to-target' | 'from-target';

/** A TCP proxy on the loopback interface whose connections can be broken in the ways that a network breaks. */
export interface TcpProxy {
  readonly port: number;
  /** Connections that are open at present. */
  readonly connections: number;
  /** Resets every open connection; new ones are accepted as before. */
  cut(): void;
  /** Nothing travels any more, either way, on present and new connections; nothing is closed. */
  stall(): void;
  /** Ends `stall`; what was held back travels on. */
  resume(): void;
  /** What the server sends arrives this much later from now on, ms; its order is kept. */
  delayAnswers(ms: number): void;
  /** New connections are refused, as with no server there; open ones live on. */
  refuse(): Promise<void>;
  /** Ends `refuse`, on the same port. */
  accept(): Promise<void>;
  /**
   * Lets exactly `bytes` more bytes pass in that direction, over all connections together, then resets all of
   * them. Holds once; a later call replaces an earlier one.
   */
  resetAfterBytes(bytes: number, direction?: ProxyDirection): void;
  /** Resets what is open and stops listening. */
  close(): Promise<void>;
}

/** Starts a proxy on a free port in front of `targetHost:targetPort`, which need not listen yet. */
export async function startTcpProxy(targetHost: string, targetPort: number): Promise<TcpProxy> {
  const port = await freePort();
  const proxy = new Proxy(targetHost, targetPort);
  await proxy.listen(port);
  return proxy;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'amqp:': 5672,
  'postgres:': 5432,
  'postgresql:': 5432,
};

/** A proxy in front of the server that a URL names, and the URL that leads through it. */
export async function startProxyTo(address: string): Promise<{ proxy: TcpProxy; url: string }> {
  const url = new URL(address);
  const port = url.port === '' ? DEFAULT_PORTS[url.protocol] : Number(url.port);
  if (port === undefined) throw new Error(`no port is known of ${url.protocol}`);
  const proxy = await startTcpProxy(url.hostname, port);
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  return { proxy, url: url.href };
}

class Proxy implements TcpProxy {
  port = 0;
  private server: Server | null = null;
  private readonly pairs = new Set<{ client: Socket; target: Socket }>();
  private stalled = false;
  private answerDelayMs = 0;
  private fuse: { direction: ProxyDirection; bytes: number } | null = null;

  constructor(
    private readonly targetHost: string,
    private readonly targetPort: number,
  ) {}

  get connections(): number {
    return this.pairs.size;
  }

  async listen(port: number): Promise<void> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (client) => this.join(client));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  cut(): void {
    const open = [...this.pairs];
    this.pairs.clear();
    for (const { client, target } of open) {
      reset(client);
      reset(target);
    }
  }

  stall(): void {
    this.stalled = true;
    this.eachSocket((socket) => socket.pause());
  }

  resume(): void {
    this.stalled = false;
    this.eachSocket((socket) => socket.resume());
  }

  delayAnswers(ms: number): void {
    this.answerDelayMs = ms;
  }

  refuse(): Promise<void> {
    const { server } = this;
    this.server = null;
    // Its callback waits for the open connections; listening ends at once.
    server?.close();
    return Promise.resolve();
  }

  async accept(): Promise<void> {
    if (this.server === null) await this.listen(this.port);
  }

  resetAfterBytes(bytes: number, direction: ProxyDirection = 'to-target'): void {
    this.fuse = { direction, bytes };
  }

  async close(): Promise<void> {
    await this.refuse();
    this.cut();
  }

  private join(client: Socket): void {
    const target = connect({ host: this.targetHost, port: this.targetPort, allowHalfOpen: true });
    const pair = { client, target };
    this.pairs.add(pair);
    const part = () => {
      this.pairs.delete(pair);
      // A reset on one side is a reset on the other.
      reset(client);
      reset(target);
    };
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      socket.on('error', part);
    }
    target.once('connect', () => {
      this.forward(client, target, 'to-target');
      this.forward(target, client, 'from-target');
      client.on('close', () => target.destroySoon());
      target.on('close', () => {
        this.pairs.delete(pair);
        client.destroySoon();
      });
    });
  }

  private forward(from: Socket, to: Socket, direction: ProxyDirection): void {
    from.on('data', (chunk: Buffer) => {
      const rest = this.fuseLeft(direction);
      if (chunk.length < rest) {
        this.burn(direction, chunk.length);
        if (direction === 'from-target' && this.answerDelayMs > 0) {
          setTimeout(() => to.write(chunk), this.answerDelayMs);
          return;
        }
        // The receiver's pace is kept; a stall must not be lifted by its drain.
        if (!to.write(chunk)) {
          from.pause();
          to.once('drain', () => this.stalled || from.resume());
        }
        return;
      }
      this.fuse = null;
      from.pause();
      to.write(chunk.subarray(0, rest), () => this.cut());
    });
    from.on('end', () => to.end());
    if (this.stalled) from.pause();
    else from.resume();
  }

  private fuseLeft(direction: ProxyDirection): number {
    return this.fuse?.direction === direction ? this.fuse.bytes : Number.POSITIVE_INFINITY;
  }

  private burn(direction: ProxyDirection, bytes: number): void {
    if (this.fuse?.direction === direction) this.fuse.bytes -= bytes;
  }

  private eachSocket(act: (socket: Socket) => void): void {
    for (const { client, target } of this.pairs) [client, target].forEach(act);
  }
}

/**
 * Node's own `resetAndDestroy()` ends the socket politely before it resets, and the other side may take that for
 * an ordinary end. This is what it sets before it destroys.
 */
export function reset(socket: Socket): void {
  // One that is just ending cannot be reset: Node would neither close it nor ever come to its own end.
  if (!socket.writableEnded || socket.writableFinished) Object.assign(socket, { resetAndClosing: true });
  socket.destroy();
}
