import { addressText, type GivenAddress, isAt, readAddress } from '../bitrix24/portal-address.js';
import { isPortalName } from '../contract/portal-name.js';

/** To which portal a name belongs. */
interface Pin {
  readonly name: string;
  /** In lower case; of what may be a host as well, both are told. */
  readonly memberId: string | null;
  readonly address: GivenAddress | null;
}

/** What a pin is compared with. */
interface Pinnable {
  readonly memberId: string;
  readonly clientEndpoint: string;
}

const MEMBER_ID = /^[A-Za-z0-9_]{8,64}$/;
/** As the authorization servers make them; no host is called so. */
const USUAL_MEMBER_ID = /^[0-9a-f]{32}$/;

/**
 * Names that are kept for certain portals (`PORTAL_NAMES`: `<member id or address>=<name>`): no other portal is given them,
 * even if it comes first. A member id says more than an address, which may be another portal's tomorrow.
 */
export class PinnedNames {
  private readonly pins: readonly Pin[];

  constructor(entries: readonly string[]) {
    this.pins = entries.map(readPin).filter((pin) => pin !== null);
  }

  /** The name that is kept for a portal; null where none is. */
  nameOf({ memberId, clientEndpoint }: Pinnable): string | null {
    const pin =
      this.pins.find((each) => each.memberId === memberId.toLowerCase()) ??
      this.pins.find(({ address }) => address !== null && isAt(address, clientEndpoint, { anyPort: true }));
    return pin?.name ?? null;
  }

  /** Whether a name is kept for another portal. */
  keepsFrom(name: string, portal: Pinnable): boolean {
    return this.nameOf(portal) !== name && this.pins.some((pin) => pin.name === name);
  }

  /** Whether a name is kept for a certain member, wherever that is. */
  isOfOneMember(name: string): boolean {
    return this.pins.some(
      ({ name: pinned, memberId, address }) =>
        pinned === name && memberId !== null && (address === null || USUAL_MEMBER_ID.test(memberId)),
    );
  }

  /** The names, each once. */
  names(): readonly string[] {
    return this.pins.map(({ name }) => name);
  }
}

export const NO_PINS = new PinnedNames([]);

/** What is wrong with a list of pins; null where nothing is. */
export function faultOfPins(entries: readonly string[]): string | null {
  const names = new Set<string>();
  const owners = new Set<string>();
  for (const entry of entries) {
    const pin = readPin(entry);
    if (pin === null) return `${entry} is none`;
    const owner = pin.memberId ?? (pin.address === null ? '' : addressText(pin.address));
    if (names.has(pin.name)) return `two portals cannot both be ${pin.name}`;
    if (owners.has(owner)) return `${entry.split('=', 1)[0] ?? ''} has two names`;
    names.add(pin.name);
    owners.add(owner);
  }
  return null;
}

function readPin(entry: string): Pin | null {
  const [owner = '', name = '', ...rest] = entry.split('=').map((part) => part.trim());
  if (rest.length > 0 || !isPortalName(name)) return null;
  const given = readAddress(owner);
  const address = given?.scheme === null ? given : null;
  const memberId = MEMBER_ID.test(owner) ? owner.toLowerCase() : null;
  return address === null && memberId === null ? null : { name, memberId, address };
}
