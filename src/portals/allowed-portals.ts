/**
 * Which portals may install the application (`B24_ALLOWED_PORTALS`): `*`, domains with or without a port, `*.`
 * before a domain for everything below it, or member ids. To be asked only about what the authorization server said
 * of a portal, never about what a request claims.
 */
export class AllowedPortals {
  private readonly entries: readonly string[];

  constructor(entries: readonly string[]) {
    this.entries = entries.map((entry) => entry.toLowerCase());
  }

  allows(memberId: string, clientEndpoint: string): boolean {
    const { host, hostname } = new URL(clientEndpoint);
    const names = [host, hostname].map((name) => name.toLowerCase());
    return this.entries.some((entry) => {
      if (entry === '*' || entry === memberId.toLowerCase()) return true;
      if (entry.startsWith('*.')) return names.some((name) => name.endsWith(entry.slice(1)));
      return names.includes(entry);
    });
  }
}
