import { addressOf } from '../bitrix24/portal-address.js';
import { longPortalName, oldPortalName } from '../contract/portal-name.js';
import { isAlive } from './find-portal.js';
import { NO_PINS, type PinnedNames } from './pinned-names.js';
import { type Portal } from './portal-record.js';

/** What names are decided by. */
export type Named = Pick<
  Portal,
  'memberId' | 'name' | 'formerName' | 'clientEndpoint' | 'state' | 'stateSince'
>;

/** A portal that is called otherwise from now on. */
export interface Renaming {
  readonly memberId: string;
  readonly from: string;
  readonly name: string;
  /** The name that another portal has by now, or that is kept for one; null where it has its own. */
  readonly formerName: string | null;
}

/** Which name an installation gets, and what that means for others. */
export interface Naming {
  readonly name: string;
  /** The name that another portal has by now; null where this one has its own. */
  readonly formerName: string | null;
  /** The portal that had the name and has another one from now on; null where none had it. */
  readonly displaced: (Renaming & { readonly evenAlive: boolean }) | null;
  /** The name it should have had, which is another portal's; null where it got it. */
  readonly missed: string | null;
}

/**
 * The name of a portal that installs the application. A name is in the routing keys that consumers have bound, so it
 * stays with the portal that has it: also when that is uninstalled, since its queues may still be bound.
 *
 * - What PORTAL_NAMES says comes first: a portal gives up a name that is pinned to another one.
 * - A known portal keeps the name that it has. One whose name has passed on gets it back, if the portal that has it is not
 *   alive by then.
 * - A new portal gets the name of the one that was at its very address before and is not alive any more; else the
 *   first of those that it proposes which no portal has or ever had.
 * @param proposed best first
 * @param all every portal that is registered
 */
export function nameOfInstallation(
  { memberId, clientEndpoint }: Pick<Portal, 'memberId' | 'clientEndpoint'>,
  proposed: readonly string[],
  all: readonly Named[],
  pins: PinnedNames = NO_PINS,
): Naming {
  const known = all.find((portal) => portal.memberId === memberId);
  const others = all.filter((portal) => portal.memberId !== memberId);
  const pinned = pins.nameOf({ memberId, clientEndpoint });
  if (known?.formerName === null && (pinned === null || known.name === pinned)) return own(known.name);
  const missed: string[] = [];
  const taken = new Set(all.map(({ name }) => name));
  const instead = (bearer: Named, name: string, evenAlive: boolean): Naming => {
    const former = { name: oldPortalName(name, bearer.memberId, taken), formerName: name };
    const displaced = { memberId: bearer.memberId, from: name, ...former, evenAlive };
    return { ...own(name), displaced, missed: missed[0] ?? null };
  };
  if (pinned !== null) {
    const bearer = others.find(({ name }) => name === pinned);
    if (bearer === undefined) return own(pinned);
    if (!isAlive(bearer) || pins.keepsFrom(pinned, bearer)) return instead(bearer, pinned, true);
    // Both are at the address that it is pinned to.
    missed.push(pinned);
    if (known?.formerName === null) return { ...own(known.name), missed: pinned };
  }
  const kept = (name: string) => pins.keepsFrom(name, { memberId, clientEndpoint });
  const wanted =
    known === undefined ? [...inherited(clientEndpoint, others), ...proposed] : [known.formerName];
  for (const name of new Set(wanted)) {
    if (name === null || name === pinned) continue;
    const bearer = others.find((portal) => portal.name === name);
    if (!kept(name)) {
      if (bearer === undefined) return { ...own(name), missed: missed[0] ?? null };
      const passesOn = known !== undefined || addressOf(bearer.clientEndpoint) === addressOf(clientEndpoint);
      if (passesOn && !isAlive(bearer)) return instead(bearer, name, false);
    }
    missed.push(name);
  }
  return {
    name: known?.name ?? longPortalName(memberId, taken),
    formerName: known?.formerName ?? null,
    displaced: null,
    missed: missed[0] ?? null,
  };
}

/**
 * What has to be renamed for every portal to be called as PORTAL_NAMES says, in an order in which no two have one name
 * at any time. Of several portals at an address that a name is pinned to, the one that has it keeps it, then one that is
 * alive gets it, the latest first. A portal that has a name which is pinned to a member gives it up; one that has a name
 * which is pinned to an address keeps it until a portal is there.
 */
export function renamedByPins(all: readonly Named[], pins: PinnedNames): readonly Renaming[] {
  const now = new Map(all.map((portal) => [portal.memberId, portal]));
  const renamings: Renaming[] = [];
  const rename = ({ memberId, name: from, ...rest }: Named, name: string, formerName: string | null) => {
    renamings.push({ memberId, from, name, formerName });
    now.set(memberId, { ...rest, memberId, name, formerName });
  };
  for (const name of pins.names()) {
    const portals = [...now.values()];
    const bearer = portals.find((portal) => portal.name === name);
    const [owner] = portals
      .filter((portal) => pins.nameOf(portal) === name)
      .sort(
        (a, b) =>
          Number(isAlive(b)) - Number(isAlive(a)) ||
          Number(b === bearer) - Number(a === bearer) ||
          b.stateSince - a.stateSince,
      );
    if (bearer !== undefined && bearer !== owner && (owner !== undefined || pins.isOfOneMember(name))) {
      const taken = new Set(portals.map((portal) => portal.name));
      rename(bearer, oldPortalName(name, bearer.memberId, taken), name);
    }
    if (owner !== undefined && owner !== bearer) rename(owner, name, null);
  }
  return renamings;
}

function own(name: string): Naming {
  return { name, formerName: null, displaced: null, missed: null };
}

/** Names of portals that were at this address and are not alive, the latest first. */
function inherited(clientEndpoint: string, others: readonly Named[]): string[] {
  const address = addressOf(clientEndpoint);
  return others
    .filter(
      (portal) =>
        !isAlive(portal) && portal.formerName === null && addressOf(portal.clientEndpoint) === address,
    )
    .sort((a, b) => b.stateSince - a.stateSince)
    .map(({ name }) => name);
}
