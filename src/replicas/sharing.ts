import { type Survey } from '../ledger/lease-book.js';

/** What a replica has to do for equal shares; counts of portals, one of them is 0. */
interface Move {
  readonly take: number;
  readonly give: number;
}

/**
 * Compares what a replica has with its share. Every replica comes to its own part of the same result by itself, and
 * nothing moves as long as shares differ by one at most. Pure.
 * @param held portals that it has, without those that it is about to give
 */
export function nextMove(replica: string, held: number, { replicas, portals, owned }: Survey): Move {
  if (!replicas.includes(replica)) return { take: 0, give: 0 };
  const least = Math.floor(portals / replicas.length);
  const most = Math.ceil(portals / replicas.length);
  const count = (id: string) => (id === replica ? held : (owned[id] ?? 0));
  const lacking = replicas.reduce((sum, id) => sum + Math.max(0, least - count(id)), 0);
  const free = portals - Object.values(owned).reduce((sum, each) => sum + each, 0);
  // One more than the least only where no other replica lacks it.
  if (held < most)
    return {
      // To look for what is not free would read all leases.
      take: Math.min(Math.max(0, free), Math.max(0, least - held) + (most > least && free > lacking ? 1 : 0)),
      give: 0,
    };
  if (held > most) return { take: 0, give: held - most };
  // The first replicas that have one more than the least give it to those that have less than that.
  const givers = replicas.filter((id) => count(id) > least);
  const mine = givers.indexOf(replica);
  return { take: 0, give: mine >= 0 && mine < lacking - free ? 1 : 0 };
}
