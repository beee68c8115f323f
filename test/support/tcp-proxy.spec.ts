import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { reset, startTcpProxy, type TcpProxy } from './tcp-proxy.js';

/** A client that keeps what it receives. */
class Client {
  received = '';
  ended = false;
  readonly over: Promise<string>;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => (this.received += chunk.toString()));
    socket.on('end', () => (this.ended = true));
    this.over = new Promise((resolve) => {
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.once('close', () => resolve('closed'));
    });
  }

  static async open(port: number): Promise<Client> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Client(socket);
  }

  async until(text: string): Promise<void> {
    while (this.received !== text) {
      await Promise.race([
        once(this.socket, 'data'),
        this.over.then((how) => {
          throw new Error(`${how} after ${JSON.stringify(this.received)}`);
        }),
      ]);
    }
  }
}

describe('tcp proxy', () => {
  let echo: Server;
  let heard = '';
  let proxy: TcpProxy;
  const clients: Client[] = [];
  const open = async () => {
    const client = await Client.open(proxy.port);
    clients.push(client);
    return client;
  };

  beforeEach(async () => {
    heard = '';
    echo = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        heard += chunk.toString();
        socket.write(chunk);
      });
    });
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    proxy = await startTcpProxy('127.0.0.1', (echo.address() as AddressInfo).port);
  });

  afterEach(async () => {
    clients.splice(0).forEach(({ socket }) => socket.destroy());
    await proxy.close();
    echo.close();
  });

  it('passes bytes both ways and a clean end on', async () => {
    const client = await open();
    client.socket.write('hello');
    await client.until('hello');
    expect(proxy.connections).toBe(1);
    client.socket.end();
    expect(await client.over).toBe('closed');
    expect(client.ended).toBe(true);
  });

  it('cuts what is open with a reset and accepts anew', async () => {
    const client = await open();
    client.socket.write('a');
    await client.until('a');
    proxy.cut();
    expect(await client.over).toBe('ECONNRESET');
    expect(proxy.connections).toBe(0);
    const next = await open();
    next.socket.write('b');
    await next.until('b');
  });

  it('holds everything back while stalled, new connections too, and loses none of it', async () => {
    const client = await open();
    client.socket.write('a');
    await client.until('a');
    proxy.stall();
    client.socket.write('b');
    const late = await open();
    late.socket.write('c');
    // A round trip to the same server past the proxy: by then the stalled bytes would have come as well.
    const direct = await Client.open((echo.address() as AddressInfo).port);
    clients.push(direct);
    direct.socket.write('direct');
    await direct.until('direct');
    expect([client.received, late.received, heard]).toEqual(['a', '', 'adirect']);
    proxy.resume();
    await client.until('ab');
    await late.until('c');
  });

  it('refuses and accepts again on the same port; open connections live on', async () => {
    const client = await open();
    const { port } = proxy;
    await proxy.refuse();
    await expect(Client.open(port)).rejects.toThrow('ECONNREFUSED');
    client.socket.write('still here');
    await client.until('still here');
    await proxy.accept();
    expect(proxy.port).toBe(port);
    const next = await open();
    next.socket.write('b');
    await next.until('b');
  });

  it('resets after exactly so many bytes to the target', async () => {
    const client = await open();
    client.socket.write('12');
    await client.until('12');
    proxy.resetAfterBytes(3);
    client.socket.write('345678');
    expect(await client.over).toBe('ECONNRESET');
    expect(heard).toBe('12345');
    const next = await open();
    next.socket.write('whole again');
    await next.until('whole again');
  });

  it('resets after exactly so many bytes from the target', async () => {
    const client = await open();
    proxy.resetAfterBytes(2, 'from-target');
    client.socket.write('abcdef');
    // Bytes and reset that arrive together are told to the reader as an ordinary end.
    expect(await client.over).toMatch(/ECONNRESET|closed/);
    expect(client.received).toBe('ab');
    expect(heard).toBe('abcdef');
  });

  it('closes a socket that is reset just when it ends', async () => {
    const { socket } = await open();
    socket.end();
    reset(socket);
    await once(socket, 'close');
  }, 5000);
});
