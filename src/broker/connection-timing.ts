/** How patient a connection is. With several addresses there is somewhere else to go, so it is less so. */
export interface ConnectionTiming {
  /** A silent broker is given up after two to three of these. */
  readonly heartbeatSeconds: number;
  /** Pause before the next address is tried. */
  readonly reconnectMs: number;
  /** How long one address may take to answer. */
  readonly connectTimeoutMs: number;
  /** How long a broker may take to declare what we need; it is a dozen round trips. */
  readonly declareTimeoutMs: number;
}

/** A broker that says nothing for so many heartbeats is given up at the latest. */
export const SILENT_BROKER_HEARTBEATS = 3;

/** We promise to go on within 10 s, wherever that is. */
const COMEBACK_MS = 9000;

/**
 * The timing for this many addresses. A node that hangs is told from one that is busy by its heartbeats alone:
 * less than 2 s would give up nodes that only stutter, and more would not be in time.
 */
export function connectionTiming(
  addresses: number,
  chosen: { heartbeatSeconds?: number | undefined; reconnectMs?: number | undefined } = {},
): ConnectionTiming {
  const reconnectMs = chosen.reconnectMs ?? (addresses > 1 ? 500 : 1000);
  return {
    heartbeatSeconds: chosen.heartbeatSeconds ?? (addresses > 1 ? 2 : 5),
    reconnectMs,
    connectTimeoutMs: connectTimeoutMs(addresses, reconnectMs),
    declareTimeoutMs: addresses > 1 ? 5000 : 20_000,
  };
}

/**
 * How long one address may take to answer, so that all of them are tried within the time in which we promise to
 * be back; never less than a busy broker needs for its handshake.
 */
export function connectTimeoutMs(addresses: number, reconnectMs: number): number {
  return Math.min(5000, Math.max(2000, COMEBACK_MS / addresses - reconnectMs));
}

/** The same as options of the client libraries. `name` is shown in the broker's list of connections. */
export function managerOptions(timing: ConnectionTiming, name: string) {
  return {
    heartbeatIntervalInSeconds: timing.heartbeatSeconds,
    reconnectTimeInSeconds: timing.reconnectMs / 1000,
    connectionOptions: {
      timeout: timing.connectTimeoutMs,
      noDelay: true,
      keepAlive: true,
      keepAliveDelay: 10_000,
      clientProperties: { connection_name: name },
    },
  };
}
