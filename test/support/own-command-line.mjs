import 'reflect-metadata';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startBundle } from '../../scripts/bundled-program.mjs';

/** What `dist/cli/main.js` calls, from its bundle where there is one (docs/adr/0014). */
const { BRIDGE_PROGRAMS } = process.env;
export const { runCommandLine, settingsOfProcess } =
  BRIDGE_PROGRAMS === undefined
    ? {
        ...(await import('../../dist/cli/run-command-line.js')),
        ...(await import('../../dist/config/process-settings.js')),
      }
    : startBundle(pathToFileURL(join(BRIDGE_PROGRAMS, 'cli/main.cjs')));
