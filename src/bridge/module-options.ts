import { type SettingsInput } from '../config/settings.js';
import { type EventHooks } from '../contract/event-hooks.js';
import { type Log } from '../logging/log.js';

/** What `OfflineBridgeModule.forRoot` takes, and what the factory of `forRootAsync` answers. */
export interface OfflineBridgeOptions {
  /**
   * Settings under the names of their environment variables; `process.env` fits. `HTTP_HOST`, `HTTP_PORT`,
   * `HTTP_TRUSTED_PROXIES`, `HTTP_MAX_CONNECTIONS`, `HTTP_MAX_CONNECTIONS_PER_ADDRESS`, `LOG_LEVEL` and `LOG_FORMAT` are
   * the standalone service's and have no effect here.
   */
  readonly settings: SettingsInput;
  /** Where log lines go, secrets removed; by default the application's Nest logger, as objects. */
  readonly log?: Log;
  /** Routing keys and bodies of your own. */
  readonly hooks?: EventHooks;
}

/** Makes the options, for `useClass` and `useExisting`. */
export interface OfflineBridgeOptionsFactory {
  createOfflineBridgeOptions(): OfflineBridgeOptions | Promise<OfflineBridgeOptions>;
}

/** What has to be known when the module is put together, beside the options. */
export interface OfflineBridgeExtras {
  /** Whether `OfflineBridge` can be injected without importing the module; by default it cannot. */
  readonly isGlobal?: boolean;
  /**
   * The HTTP endpoints: `prefix` puts a path before all of them, `false` leaves them out. They need Express: with
   * another HTTP adapter say `false`. `PUBLIC_URL` is the address in front of them, the prefix included.
   */
  readonly http?: false | { readonly prefix?: string };
}
