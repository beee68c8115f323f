import diagnostics from 'node:diagnostics_channel';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OutboundHttp, OutboundRoutes } from './outbound-routes.js';
import { sendRequest } from './send-request.js';

/** Longer than Node by itself waits for one address before it gives it up and turns to the next. */
const BUSY_MS = 400;

describe('a server with several addresses', () => {
  let server: Server;
  let port: number;
  beforeEach(async () => {
    server = createServer((_request, response) => response.end('{"result":true}'));
    // Of the two addresses of a name under .localhost it listens at the first.
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => {
    diagnostics.unsubscribe('net.client.socket', keepBusy);
    server.close();
    server.closeAllConnections();
  });

  /** While the connection is under way. */
  function keepBusy(message: unknown): void {
    const { socket } = message as { socket: Socket };
    socket.once('connectionAttempt', () =>
      setImmediate(() => {
        for (const until = performance.now() + BUSY_MS; performance.now() < until;);
      }),
    );
  }

  const ask = (routes: OutboundRoutes, connection: 'kept' | 'fresh') =>
    sendRequest(new OutboundHttp(routes), {
      name: 'test',
      verb: 'GET',
      url: `http://acme.localhost:${port}/`,
      timeoutMs: 20_000,
      connection,
      limits: { bytes: 1000, values: 100, depth: 10 },
    });

  it.each(['kept', 'fresh'] as const)(
    'is reached at the right one also by a process that is busy: %s connection',
    async (connection) => {
      diagnostics.subscribe('net.client.socket', keepBusy);
      expect((await ask(new OutboundRoutes(), connection)).body).toEqual({ result: true });
    },
  );

  it('is reached at the right one also where it is a proxy', async () => {
    diagnostics.subscribe('net.client.socket', keepBusy);
    const routes = new OutboundRoutes({ HTTP_PROXY: `http://proxy.localhost:${port}` });
    expect((await ask(routes, 'fresh')).body).toEqual({ result: true });
  });
});
