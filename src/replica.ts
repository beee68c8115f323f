import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type Settings } from './config.js';
import { dialectOf } from './database/dialect.js';
import { SideLine } from './database/side-line.js';
import { LeasedOwnership } from './drain/leased-ownership.js';
import { type Ownership, SoleOwner } from './drain/ownership.js';
import { LeaseBook } from './ledger/lease-book.js';
import { type Log } from './log.js';
import { type PortalRegistry } from './portals/registry.js';

/** A query about leases has to be over well before they are, and a stop does not wait for long. */
const ANSWER_SHARE = 1 / 3;
const LONGEST_ANSWER_MS = 4000;

/** What this process is among those that share its database. */
export interface Replica {
  /** Another one at every start: a process never inherits what it cannot know the state of. */
  readonly name: string;
  readonly ownership: Ownership;
  /** To the others; null where there can be none. */
  readonly line: SideLine | null;
}

/**
 * On PostgreSQL one of several that share the portals out by leases, on SQLite the only one.
 * @param announce tells the others that leases are free, or that this one has come
 * @param report what to tell them of the portals that run here; null where that is nothing new
 */
export function replicaFor(
  { DATABASE_URL: url, LEASE_MS: leaseMs }: Settings,
  registry: PortalRegistry,
  announce: () => void,
  report: () => string | null,
  log: Log,
): Replica {
  const name = `${hostname()}-${randomBytes(4).toString('hex')}`;
  if (dialectOf(url) === 'sqlite') {
    const portals = () => registry.list().map(({ memberId }) => memberId);
    return { name, ownership: new SoleOwner(portals), line: null };
  }
  const line = new SideLine(url, Math.min(Math.round(leaseMs * ANSWER_SHARE), LONGEST_ANSWER_MS));
  const ownership = new LeasedOwnership({
    book: new LeaseBook(line.database, name, leaseMs, report),
    leaseMs,
    announce,
    unreachable: () => line.hangUp(),
    log,
  });
  return { name, ownership, line };
}
