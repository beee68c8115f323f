export { Emulator, type EmulatorOptions } from './emulator.js';
export { startEmulator } from './start.js';
export { EmulatedPortal, type PortalLimits, type PushedChange } from './portal.js';
export { type PortalOptions } from './portal-options.js';
export { type Counters, type PortalState } from './rest-desk.js';
export { type SuspendedState, RestError } from './rest-error.js';
export { type Fault, type FaultHandle, type FaultKind, FaultSet } from './faults.js';
export { LoadGenerator, type LoadOptions } from './load.js';
export { type Notification } from './notifications.js';
export { type Binding } from './bindings.js';
export { DEFAULT_SCOPE, messageIdOf, OfflineQueue, PROCESS_ID_LIFETIME_SECONDS } from './offline-queue.js';
export {
  type Change,
  type DestroyedRow,
  type GetInProgress,
  type GetParams,
  type GetResult,
  type JournalEntry,
  type ListParams,
  type ListResult,
  type OfflineEvent,
  type OfflineListedEvent,
  type OfflineQueueOptions,
  type PushOutcome,
} from './offline-calls.js';
export { type Row, type Scope } from './offline-row.js';
