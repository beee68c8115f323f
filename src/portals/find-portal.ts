import { isAt, readAddress } from '../bitrix24/portal-address.js';
import { type Portal } from './portal-record.js';

/** What a portal is found by. */
type Findable = Pick<Portal, 'memberId' | 'name' | 'domain' | 'clientEndpoint' | 'state' | 'stateSince'>;

/** States of a portal whose authorization is gone, or that the settings keep us from. */
export const NOT_ALIVE: readonly Portal['state'][] = ['uninstalled', 'unauthorized', 'not_allowed'];

/** Whether its authorization is there, as far as is known: such a portal keeps its name and its address. */
export function isAlive({ state }: Pick<Portal, 'state'>): boolean {
  return !NOT_ALIVE.includes(state);
}

/**
 * The portals that a person, a setting or a reply means by a word: a member id, a name, or an address as one writes
 * it. Several where the word names a host, and there is one in each of its folders. Those that are alive go before
 * those that are not, and the latest first: an address outlives the portals that were there.
 */
export function portalsMeant<T extends Findable>(portals: readonly T[], word: string): readonly T[] {
  const text = word.trim();
  const named = portals.find(({ memberId }) => memberId === text) ?? byName(portals, text.toLowerCase());
  return named === undefined ? portalsAt(portals, text) : [named];
}

/** Several portals are meant by a word, where one is wanted. */
export class SeveralPortals extends Error {
  override readonly name = 'SeveralPortals';

  constructor(word: string, names: readonly string[]) {
    super(`${word.slice(0, 300)} means several portals: name one of ${names.join(', ')}`);
  }
}

/**
 * The one portal that a person means by a word, undefined where it is none: something is to be done to it.
 * @throws {SeveralPortals} where it is the address of several that are alive
 */
export function portalMeant<T extends Findable>(portals: readonly T[], word: string): T | undefined {
  const meant = portalsMeant(portals, word);
  const [first, ...others] = meant;
  if (first === undefined || others.length === 0 || !isAlive(first)) return first;
  throw new SeveralPortals(
    word,
    meant.map(({ name }) => name),
  );
}

/** The same for an address alone. */
export function portalsAt<T extends Findable>(portals: readonly T[], address: string): readonly T[] {
  const given = readAddress(address);
  if (given === null) return [];
  const there = portals.filter(
    // There may be thousands of others, whose addresses need not be taken apart.
    ({ domain, clientEndpoint }) => domain.startsWith(given.hostname) && isAt(given, clientEndpoint),
  );
  const alive = there.filter(isAlive);
  return [...(alive.length > 0 ? alive : there)].sort((a, b) => b.stateSince - a.stateSince);
}

function byName<T extends Findable>(portals: readonly T[], name: string): T | undefined {
  return portals.find((portal) => portal.name === name);
}
