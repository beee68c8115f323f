/**
 * The public API. What is exported here keeps to the versions as `docs/module.md` says; everything else may change
 * with any version.
 */
export { parseSettings, type SettingName, Settings, SettingsError, type SettingsInput } from './config.js';
export { type EventFacts } from './contract/event-facts.js';
export { type EventEnvelope, type EventHooks } from './contract/event-hooks.js';
export { type DeliveryState, type PortalState } from './database/schema.js';
export { type Log, type LogFields } from './log.js';
export {
  type OfflineBridgeExtras,
  type OfflineBridgeOptions,
  type OfflineBridgeOptionsFactory,
} from './module-options.js';
export { type OfflineBridgeAsyncOptions, OfflineBridgeModule } from './offline-bridge.module.js';
export {
  type BridgeEvent,
  type BridgePortal,
  type BridgeReadiness,
  type EventSelection,
  OfflineBridge,
  SelectionError,
  type SelectionOutcome,
} from './offline-bridge.js';
export { type TopologyNames } from './broker/topology.js';
export { type Reachability } from './monitoring/health.controller.js';
