import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { type LookupFunction } from 'node:net';

/**
 * How long an idle connection is kept, in milliseconds. Below the 5 s after which common servers close theirs
 * (nginx and Apache wait longer, Node waits 5 s): a request written to a connection that the other side is just
 * closing ends in a reset, and that is an unknown outcome.
 */
export const IDLE_CONNECTION_MS = 4_000;

/**
 * Resolves names as the system does; where that does not know `localhost` or a name under `.localhost`, it is this
 * machine (RFC 6761, section 6.3). A container network, which gives such a name to a neighbour, is asked first.
 */
export const lookup: LookupFunction = (hostname, options, callback) => {
  if (!/(^|\.)localhost\.?$/i.test(hostname)) {
    dns.lookup(hostname, options, callback);
    return;
  }
  dns.lookup(hostname, options, (error, ...found) => {
    if (error === null) {
      callback(null, ...found);
      return;
    }
    const addresses = [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ].filter(
      ({ family }) => !isFamily(options.family) || family === Number(String(options.family).slice(-1)),
    );
    if (options.all === true) callback(null, addresses);
    else callback(null, addresses[0]?.address ?? '127.0.0.1', addresses[0]?.family ?? 4);
  });
};

function isFamily(family: unknown): boolean {
  return family === 4 || family === 6 || family === 'IPv4' || family === 'IPv6';
}

const kept = { keepAlive: true, timeout: IDLE_CONNECTION_MS, lookup };

/** Connections that are kept alive and shared by the whole process. */
export const keptAgents = { httpAgent: new http.Agent(kept), httpsAgent: new https.Agent(kept) };

/**
 * A new connection for every request. For rare requests whose lost answer costs more than a handshake: it cannot
 * happen to them that the other side was just closing an idle connection.
 */
export const freshAgents = { httpAgent: new http.Agent({ lookup }), httpsAgent: new https.Agent({ lookup }) };

/** Sends one request and remembers whether it reached a connection. Given to axios as its transport. */
export class SendRecorder {
  /** False until a usable connection existed: only then is it certain that nothing was sent. */
  reached = false;
  /** The connection was there, and the request was not permitted any more: nothing was sent. */
  refused = false;

  constructor(private readonly permitted: () => boolean = () => true) {}

  /** Follows no redirect, as Node's own request does not. */
  request = (
    options: https.RequestOptions,
    onAnswer: (answer: http.IncomingMessage) => void,
  ): http.ClientRequest => {
    const secure = options.protocol === 'https:';
    const request = (secure ? https : http).request(options, onAnswer);
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
