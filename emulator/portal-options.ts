export interface PortalOptions {
  /** First label of the portal's host and its path prefix: lower-case letters, digits and dashes. */
  name: string;
  memberId?: string;
  /** Plan feature `rest_offline_extended`: reservations. On by default. */
  extended?: boolean;
  /** Plan feature `rest_auth_connector`: source keys. On by default. */
  connector?: boolean;
  administrator?: boolean;
  /** Leak of the request budget, 2 a second by default. */
  ratePerSecond?: number;
  /** Level above which requests are refused, 50 by default. */
  burst?: number;
  /** Time a request takes, milliseconds; a batch shares it between its commands. */
  serviceTimeMs?: number;
  /** The same for every row that it prints. */
  serviceTimePerRowMs?: number;
  /** Time after which a request is cut: what it did stays done, its answer is a page. 60,000 by default. */
  requestLimitMs?: number;
  /** Execution time a method may use within ten minutes, 420 s by default. */
  operatingLimitSeconds?: number;
  utcOffset?: string;
  /** Where `/oauth/authorize/` sends the browser; without one it answers JSON. */
  redirectUrl?: string;
  /** Events that `event.bind` does not know on this portal. */
  unknownEvents?: readonly string[];
}
