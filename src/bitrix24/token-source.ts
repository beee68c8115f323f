/** Where a portal client gets its portal's address and tokens from. */
export interface TokenSource {
  readonly memberId: string;

  /**
   * The portal's REST root, e.g. `https://acme.bitrix24.com/rest/`. Known once `accessToken()` has resolved.
   * @throws {PortalNotAllowed} where the settings keep us from that address
   */
  endpoint(): string;

  /** The current access token; it may have expired meanwhile. */
  accessToken(): Promise<string>;

  /**
   * A token in the place of one that the portal called expired. Concurrent callers share one refresh, and a
   * caller whose token was replaced already gets the current one.
   * @throws {PortalError} `unauthorized` when only a new installation can help, `not-allowed` where the settings keep
   *   us from that portal
   */
  renew(usedAccessToken: string): Promise<string>;
}
