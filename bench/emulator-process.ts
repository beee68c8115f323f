import { startEmulator } from '../emulator/index.js';
import { readTask } from './support/child-program.js';

/** The portals, in a process of their own. */
const { report } = await readTask<object>();
const emulator = await startEmulator();
report({ url: emulator.url, clientId: emulator.clientId, clientSecret: emulator.clientSecret });
