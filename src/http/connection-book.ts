import { networkOf } from './network-of.js';
import { type PacedConnection } from './paced-connection.js';

/** How many connections there may be: over all, and from one address. */
export interface ConnectionLimits {
  readonly total: number;
  readonly perAddress: number;
}

/** All that comes through trusted proxies: they carry all clients, so the bound of one address does not apply. */
const PROXIES = 'proxies';
/** This part of all connections is left to clients without a proxy: operators, health checks. */
const RESERVE = 0.1;

/**
 * Who holds which connections. Where there is no room for one more, the one that has waited longest for its client is
 * closed for it: of the same address where that has all it may have, of the address that holds most where all are taken. So
 * no client keeps others out by holding connections; a newcomer is refused only while every one of them is at work.
 */
export class ConnectionBook {
  private readonly holders = new Map<string, Set<PacedConnection>>();
  private count = 0;

  /**
   * @param isProxy whether an address is a trusted proxy's
   * @param onClosed is told of each connection that was refused, or closed for another one
   */
  constructor(
    private readonly limits: ConnectionLimits,
    private readonly isProxy: (address: string) => boolean,
    private readonly onClosed: (address: string) => void,
  ) {}

  get size(): number {
    return this.count;
  }

  /** False: there is no room for it. */
  admit(connection: PacedConnection): boolean {
    const address = connection.remoteAddress ?? '';
    const proxied = this.isProxy(address);
    const key = proxied ? PROXIES : networkOf(address);
    const held = this.holders.get(key);
    const bound = proxied
      ? Math.max(1, Math.floor(this.limits.total * (1 - RESERVE)))
      : this.limits.perAddress;
    const room =
      (held === undefined || held.size < bound || this.close(longestIdle(held))) &&
      (this.count < this.limits.total || this.close(this.leastNeeded()));
    if (!room) {
      this.onClosed(address);
      return false;
    }
    const mine = this.holders.get(key) ?? new Set();
    this.holders.set(key, mine.add(connection));
    this.count += 1;
    connection.once('close', () => this.forget(key, connection));
    return true;
  }

  private forget(key: string, connection: PacedConnection): void {
    const held = this.holders.get(key);
    if (held?.delete(connection) !== true) return;
    this.count -= 1;
    if (held.size === 0) this.holders.delete(key);
  }

  private close(connection: PacedConnection | null): boolean {
    if (connection === null) return false;
    const address = connection.remoteAddress ?? '';
    this.onClosed(address);
    // Its 'close' comes later, and the room is needed now.
    this.forget(this.isProxy(address) ? PROXIES : networkOf(address), connection);
    connection.destroy();
    return true;
  }

  private leastNeeded(): PacedConnection | null {
    const bySize = [...this.holders].sort(
      ([left, { size: leftSize }], [right, { size: rightSize }]) =>
        Number(left === PROXIES) - Number(right === PROXIES) || rightSize - leftSize,
    );
    const [, largest] = bySize[0] ?? [];
    if (largest === undefined) return null;
    // One that is only kept costs its client nothing, one that is sending may cost it an answer.
    for (const [, held] of bySize) {
      const kept = longestIdle([...held].filter(({ isKept }) => isKept));
      if (kept !== null) return kept;
    }
    // Of addresses that hold equally many, the connection that has waited longest.
    const equals = bySize.filter(([key, { size }]) => key !== PROXIES && size === largest.size);
    const first = longestIdle(equals.flatMap(([, held]) => [...held]));
    if (first !== null) return first;
    for (const [, held] of bySize) {
      const found = longestIdle(held);
      if (found !== null) return found;
    }
    return null;
  }
}

/**
 * First of those that have had their answer and are only kept: on a busy machine the request of a new one may have come and
 * not been read yet.
 */
function longestIdle(connections: Iterable<PacedConnection>): PacedConnection | null {
  let found: PacedConnection | null = null;
  let since = Number.POSITIVE_INFINITY;
  let kept = false;
  for (const connection of connections) {
    const { idleSince, isKept } = connection;
    if (idleSince === null || (kept && !isKept)) continue;
    if (idleSince < since || (isKept && !kept)) [found, since, kept] = [connection, idleSince, isKept];
  }
  return found;
}
