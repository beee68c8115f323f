import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** A port of this machine on which nothing listens just now. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Settings of a service that portals can reach. */
export async function publicAddress(): Promise<Record<string, string>> {
  const port = await freePort();
  return { HTTP_PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}` };
}
