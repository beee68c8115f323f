import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the range from which Linux (32768 on), macOS and Windows (49152 on) give ports to connections and to
 * whoever listens on port 0: a server that is down for a moment finds its port free when it comes back.
 */
const FIRST = 20_000;
const AFTER_LAST = 32_000;

/** Different TCP ports of the loopback interface on which nothing listened a moment ago. */
export async function freePorts(count) {
  const ports = new Set();
  while (ports.size < count) {
    const port = randomInt(FIRST, AFTER_LAST);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

/** One such port. */
export async function freePort() {
  const [port] = await freePorts(1);
  return port;
}

function isFree(port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
