/** A DNS label: 63 characters of `a-z0-9-`, no hyphen at either end. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL_CHARACTERS = 63;
const MEMBER_ID_CHARACTERS = 8;
const MADE_BY_US = /^portal(?:[0-9a-f]{8}|[0-9a-f]{32})(?:-[0-9]+)?$|-old-[0-9a-f]{8}(?:-[0-9]+)?$/;

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

/**
 * The name of a portal that can have none of those that it proposes: `portal` and its whole member id, with a number
 * behind where that is taken.
 */
export function longPortalName(memberId: string, taken: ReadonlySet<string>): string {
  const name = `portal${memberId.toLowerCase().replace(/[^a-z0-9-]/g, '-')}`;
  for (let number = 1; ; number += 1) {
    const end = number === 1 ? '' : `-${number}`;
    const candidate = `${name.slice(0, LABEL_CHARACTERS - end.length)}${end}`;
    if (!taken.has(candidate)) return candidate;
  }
}

/**
 * What a portal is called whose name another one has got: `<name>-old-<first 8 characters of its member id>`, with a
 * number behind where that is taken. A label like every other name.
 */
export function oldPortalName(name: string, memberId: string, taken: ReadonlySet<string>): string {
  const start = memberId.slice(0, MEMBER_ID_CHARACTERS).toLowerCase();
  const suffix = `-old-${start.replace(/[^a-z0-9-]/g, '-')}`.replace(/-+$/, '');
  for (let number = 1; ; number += 1) {
    const end = number === 1 ? suffix : `${suffix}-${number}`;
    const candidate = `${name.slice(0, LABEL_CHARACTERS - end.length)}${end}`;
    if (!taken.has(candidate)) return candidate;
  }
}

/** Whether a word that a person chose can be the name of a portal: what the first label of a host could be. */
export function isPortalName(word: string): boolean {
  return portalNameFromHost(word) === word;
}

/**
 * Names to try for a portal, best first. A host that is called as we call portals that have no name of their own, or
 * have one no more, gives none: it would take away what is made of another one's member id.
 */
export function portalNames(host: string, memberId: string): string[] {
  const fallback = fallbackPortalName(memberId);
  const name = portalNameFromHost(host);
  return name === null || MADE_BY_US.test(name) ? [fallback] : [name, fallback];
}
