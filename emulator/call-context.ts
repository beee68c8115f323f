import { type Bindings } from './bindings.js';
import { type Caller } from './callers.js';
import { type PortalObjects } from './objects.js';
import { type OfflineQueue } from './offline-queue.js';
import { type Scope } from './offline-row.js';

export interface Features {
  extended: boolean;
  connector: boolean;
  /** What `feature.get` answers instead, whatever is true; undefined for the truth. */
  answer?: unknown;
}

/** Who calls, and what of the portal a method may touch. */
export interface CallContext {
  readonly caller: Caller;
  readonly administrator: boolean;
  readonly scope: Scope;
  readonly features: Features;
  /** Whether the application's installation is finished. */
  readonly installed: boolean;
  readonly queue: OfflineQueue;
  readonly bindings: Bindings;
  readonly objects: PortalObjects;
  readonly knowsEvent: (event: string) => boolean;
  /** The portal's time, as PHP's `date('c')` prints it. */
  readonly time: () => string;
  /** Spends the call's share of the service time. A get spends it between choosing and reserving its rows. */
  readonly serve: () => Promise<void>;
}

export interface MethodAnswer {
  readonly result: unknown;
  readonly total?: number;
  readonly next?: number;
  /** Rows printed, for the part of the service time that grows with them. */
  readonly rows?: number;
  /** Pages of objects printed, for the part that grows with those. */
  readonly pages?: number;
}
