export { Emulator, type EmulatorOptions } from './emulator.js';
export { startEmulator } from './start.js';
export { EmulatedPortal, type PortalState } from './portal.js';
export { type PortalOptions } from './portal-options.js';
export { type Fault, type FaultHandle } from './faults.js';
export { packBadAnswers } from './bad-answers.js';
export { DEFAULT_SCOPE } from './offline-queue.js';
export { ObjectLoad } from './object-load.js';
