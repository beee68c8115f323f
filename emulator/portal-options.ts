import { type GivenOffset, type TimestampStyle } from './portal-clock.js';

export interface PortalOptions {
  /** First label of the portal's host and its path prefix: lower-case letters, digits and dashes. */
  name: string;
  /**
   * Where it is, as one writes it, without a port: `портал.localhost`, `b24_test.localhost`, `crm.localhost/b24`. By
   * default the emulator's way of naming it. Of several portals at one site the last is there.
   */
  site?: string;
  memberId?: string;
  /** Plan feature `rest_offline_extended`: reservations. On by default. */
  extended?: boolean;
  /** Plan feature `rest_auth_connector`: source keys. On by default. */
  connector?: boolean;
  /** A self-hosted portal: no `operating` in its answers, times in whole seconds, no limits, and an odd `feature.get`. */
  selfHosted?: boolean;
  /** What `feature.get` answers as `value`, whatever is true: the calls go by what is. */
  featureAnswer?: unknown;
  /** An application with an interface: until its installation is finished, nothing that happens is announced to it. */
  interface?: boolean;
  /**
   * Where a plan without source keys refuses one: the whole request (by default), or only the commands that need it,
   * so that `feature.get` and `event.get` of the same batch still answer.
   */
  connectorRefusal?: 'request' | 'command';
  /** Statuses whose answers a web server before the portal replaces by a page of its own, as self-hosted ones may have. */
  errorPages?: readonly number[];
  administrator?: boolean;
  /** Leak of the request budget, 2 a second by default. */
  ratePerSecond?: number;
  /** Level above which requests are refused, 50 by default. */
  burst?: number;
  /** Time a request takes, milliseconds; a batch shares it between its commands. */
  serviceTimeMs?: number;
  /** The same for every row that it prints. */
  serviceTimePerRowMs?: number;
  /** The same for every page of objects, in whatever number of commands they come. */
  serviceTimePerPageMs?: number;
  /** Time after which a request is cut: what it did stays done, its answer is a page. 60,000 by default. */
  requestLimitMs?: number;
  /** Execution time a method may use within ten minutes, 420 s by default. */
  operatingLimitSeconds?: number;
  /**
   * What is charged with the time that commands of a batch take: each command's method (by default), or the method
   * `batch`, as on newer portals.
   */
  operatingOf?: 'command' | 'batch';
  utcOffset?: string;
  /** The time in which it reads dates of filters; its own by default. */
  filterOffset?: string;
  /** What becomes of an offset that the date of a filter has: it is dropped by default, as the digits alone count. */
  filterDates?: GivenOffset;
  /** The authorization server that it belongs to, by name; the main one by default. */
  authorizationServer?: string;
  /** How it prints `TIMESTAMP_X`, `iso` by default. */
  timestamps?: TimestampStyle;
  /** Where `/oauth/authorize/` sends the browser; without one it answers JSON. */
  redirectUrl?: string;
  /** Events that `event.bind` does not know on this portal. */
  unknownEvents?: readonly string[];
}
