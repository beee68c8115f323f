export { Bridge } from './bridge.js';
export { parseSettings, Settings, SettingsError } from './config.js';
export { BridgeLogger, type Log, type LogFields } from './log.js';
export { Metrics } from './monitoring/metrics.js';
export { OfflineBridgeModule, type OfflineBridgeOptions } from './offline-bridge.module.js';
