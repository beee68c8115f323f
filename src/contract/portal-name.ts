/** A DNS label: 63 characters of `a-z0-9-`, no hyphen at either end. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MEMBER_ID_CHARACTERS = 8;

/**
 * The word that names a portal in routing keys: the first label of its host in lower case (`acme` for
 * `Acme.bitrix24.com` or `acme.local:8080`). Null where that is no usable word: an address instead of a
 * name, a number, empty, or characters outside `a-z0-9-`.
 */
export function portalNameFromHost(host: string): string | null {
  const name = /^([^:]*)(?::[0-9]{1,5})?$/.exec(host)?.[1];
  if (name === undefined) return null;
  const label = (name.split('.', 1)[0] ?? '').replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  if (!LABEL.test(label)) return null;
  // `0x7f.1` is an address too, and a bare number says nothing of whose portal it is.
  return /^(?:[0-9]+|0x[0-9a-f]*)$/.test(label) ? null : label;
}

/** The name of a portal whose host gives none, or one that is taken: `portal` and 8 characters of its member id. */
export function fallbackPortalName(memberId: string): string {
  const start = memberId.slice(0, MEMBER_ID_CHARACTERS).toLowerCase();
  return `portal${start.replace(/[^a-z0-9-]/g, '-')}`;
}

/** Names to try for a portal, best first. */
export function portalNames(host: string, memberId: string): string[] {
  const fallback = fallbackPortalName(memberId);
  const name = portalNameFromHost(host);
  return name === null ? [fallback] : [name, fallback];
}
