/**
 * The public API. What is exported here keeps to the versions as `docs/module.md` says; everything else may change
 * with any version.
 */
export { parseSettings } from './config/parse-settings.js';
export { type SettingName, Settings, type SettingsInput } from './config/settings.js';
export { SettingsError } from './config/settings-error.js';
export { type EventFacts } from './contract/event-facts.js';
export { type EventEnvelope, type EventHooks } from './contract/event-hooks.js';
export { type DeliveryState, type PortalState } from './database/schema.js';
export { ExactNumber } from './json/exact-number.js';
export { type Log, type LogFields } from './logging/log.js';
export {
  type OfflineBridgeExtras,
  type OfflineBridgeOptions,
  type OfflineBridgeOptionsFactory,
} from './bridge/module-options.js';
export { type OfflineBridgeAsyncOptions, OfflineBridgeModule } from './bridge/offline-bridge.module.js';
export {
  type BridgeEvent,
  type BridgePortal,
  type BridgeReadiness,
  type EventSelection,
  OfflineBridge,
  SelectionError,
  type SelectionOutcome,
} from './bridge/offline-bridge.js';
export { DashboardModule } from './dashboard/dashboard.module.js';
export { type TopologyNames } from './broker/topology.js';
export { type Reachability } from './monitoring/health.controller.js';
