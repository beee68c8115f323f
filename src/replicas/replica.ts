import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type Settings } from '../config/settings.js';
import { dialectOf } from '../database/dialect.js';
import { NotifyChannel } from './notify-channel.js';
import { LeasedOwnership } from './leased-ownership.js';
import { type Ownership, SoleOwner } from './ownership.js';
import { LeaseBook } from '../ledger/lease-book.js';
import { type Log } from '../logging/log.js';
import { type PortalRegistry } from '../portals/registry.js';

/** A query about leases has to be over well before they are, and a stop does not wait for long. */
const ANSWER_SHARE = 1 / 3;
const LONGEST_ANSWER_MS = 4000;

/** What this process is among those that share its database. */
export interface Replica {
  /** A new name at every start: a process must not take over leases whose state it cannot know. */
  readonly name: string;
  readonly ownership: Ownership;
  /** To the others; null where there can be none. */
  readonly channel: NotifyChannel | null;
}

/** On PostgreSQL one of several that share the portals out by leases, on SQLite the only one. */
export function replicaFor(
  { DATABASE_URL: url, LEASE_MS: leaseMs }: Settings,
  registry: Pick<PortalRegistry, 'list'>,
  log: Log,
): Replica {
  const name = `${hostname()}-${randomBytes(4).toString('hex')}`;
  if (dialectOf(url) === 'sqlite') {
    const portals = () => registry.list().map(({ memberId }) => memberId);
    return { name, ownership: new SoleOwner(portals), channel: null };
  }
  const channel = new NotifyChannel(url, Math.min(Math.round(leaseMs * ANSWER_SHARE), LONGEST_ANSWER_MS));
  const ownership = new LeasedOwnership({
    book: new LeaseBook(channel.database, name, leaseMs),
    leaseMs,
    unreachable: () => channel.hangUp(),
    log,
  });
  return { name, ownership, channel };
}
