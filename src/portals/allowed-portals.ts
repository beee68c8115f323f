import { PortalNotAllowed } from '../bitrix24/errors.js';
import {
  addressText,
  type GivenAddress,
  isAt,
  isBelow,
  readAddress,
  shownAddress,
} from '../bitrix24/portal-address.js';
import { Phrase } from '../i18n/translate.js';
import { type Portal } from './portal-record.js';

/** The portals that a rule lets in. */
interface Rule {
  /** Every portal. */
  readonly all: boolean;
  /** In lower case. */
  readonly memberId: string | null;
  readonly address: GivenAddress | null;
  /** Portals on hosts below that address, and not the one at it. */
  readonly below: boolean;
}

const MEMBER_ID = /^[A-Za-z0-9_]{1,64}$/;

/**
 * Which portals may install the application (`B24_ALLOWED_PORTALS`): `*`, domains with or without a port, `*.`
 * before a domain for everything below it, or member ids. To be asked only about what the authorization server said
 * of a portal, never about what a request claims.
 */
export class AllowedPortals {
  private readonly rules: readonly Rule[];

  constructor(entries: readonly string[]) {
    this.rules = entries.map(readRule).filter((rule) => rule !== null);
  }

  /** @throws {PortalNotAllowed} */
  assert(memberId: string, clientEndpoint: string): void {
    if (this.allows(memberId, clientEndpoint)) return;
    throw new PortalNotAllowed({
      method: 'portal',
      code: 'NOT_ALLOWED',
      description: notAllowed(memberId, clientEndpoint),
    });
  }

  /** Whether no portal at this address, whatever its member id, could be meant. */
  rulesOut(address: string): boolean {
    const given = readAddress(address);
    return (
      given !== null &&
      this.rules.every(({ all, memberId }) => !all && memberId === null) &&
      !this.allows('', `https://${addressText(given)}/rest/`)
    );
  }

  allows(memberId: string, clientEndpoint: string): boolean {
    return this.rules.some(
      ({ all, memberId: named, address, below }) =>
        all ||
        named === memberId.toLowerCase() ||
        (address !== null &&
          (below ? isBelow(address, clientEndpoint) : isAt(address, clientEndpoint, { anyPort: true }))),
    );
  }
}

/** Why what comes from a portal, or installs it, is refused. */
export const NOT_ALLOWED = 'not among B24_ALLOWED_PORTALS';

/** Says of a portal that it is not allowed. */
export function notAllowed(memberId: string, clientEndpoint: string): string {
  return notListed({ memberId, clientEndpoint }).in('en');
}

/** The same in the reader's language. */
export function notListed({ memberId, clientEndpoint }: Pick<Portal, 'memberId' | 'clientEndpoint'>): Phrase {
  return Phrase.of('check.notListed', { address: shownAddress(clientEndpoint), memberId });
}

/** Whether an entry can name a portal. */
export function isPortalRule(entry: string): boolean {
  return readRule(entry) !== null;
}

function readRule(entry: string): Rule | null {
  const noPortal = { all: false, memberId: null, address: null, below: false };
  if (entry === '*') return { ...noPortal, all: true };
  const below = entry.startsWith('*.');
  const given = readAddress(below ? entry.slice(2) : entry);
  // An address says how to get there, and a rule who it is.
  const address = given?.scheme === null ? given : null;
  if (below) return address === null ? null : { ...noPortal, address, below };
  const memberId = MEMBER_ID.test(entry) ? entry.toLowerCase() : null;
  return address === null && memberId === null ? null : { ...noPortal, memberId, address };
}
