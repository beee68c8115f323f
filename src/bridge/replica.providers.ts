import { Settings } from '../config/settings.js';
import { Fleet } from '../drain/loop/fleet.js';
import { Ledger } from '../ledger/ledger.js';
import { PortalWatch } from '../maintenance/portal-watch.js';
import { PortalRegistry } from '../portals/registry.js';
import { replicaFor } from '../replicas/replica.js';
import { Signals } from '../replicas/signals.js';
import { LOG, REPLICA } from './injection-tokens.js';
import { provide } from './provide.js';

/** This process among those that share its database. */
export const replicaProviders = [
  provide(REPLICA, [Settings, PortalRegistry, LOG], replicaFor),
  provide(
    PortalWatch,
    [PortalRegistry, Ledger, Fleet, Settings, REPLICA, LOG],
    (registry, ledger, fleet, settings, { name, channel }, log) =>
      new PortalWatch(registry, ledger, fleet, settings, channel === null ? null : name, log),
  ),
  provide(
    Signals,
    [Fleet, REPLICA, PortalWatch, LOG],
    (loops, { name, ownership, channel }, watch, log) =>
      new Signals({
        loops,
        ownership,
        channel,
        replica: name,
        portalsChanged: () => void watch.refreshQuietly(),
        log,
      }),
  ),
];
