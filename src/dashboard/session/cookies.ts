/** A cookie of a request's `Cookie` header, the first of that name. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/**
 * A `Set-Cookie` for this site alone, out of scripts' reach.
 * @param seconds how long it lives; 0 deletes it
 * @param secure whether it is for https only
 */
export function writeCookie(name: string, value: string, seconds: number, secure: boolean): string {
  return [
    `${name}=${value}`,
    'Path=/',
    `Max-Age=${Math.max(0, Math.round(seconds))}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(secure ? ['Secure'] : []),
  ].join('; ');
}

/** Over https a name that browsers accept only from the site itself, not from a neighbour under the same domain. */
export function cookieName(word: string, secure: boolean): string {
  return `${secure ? '__Host-' : ''}bridge_${word}`;
}
