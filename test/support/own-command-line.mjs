import 'reflect-metadata';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startBundle } from '../../scripts/bundled-program.mjs';

/** The build is not there yet when lint resolves imports. */
const built = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);

/** What `dist/cli/main.js` calls, from its bundle where there is one (docs/adr/0014). */
const { BRIDGE_PROGRAMS } = process.env;
export const { runCommandLine, settingsOfProcess } =
  BRIDGE_PROGRAMS === undefined
    ? {
        ...(await built('cli/run-command-line.js')),
        ...(await built('config/process-settings.js')),
      }
    : startBundle(pathToFileURL(join(BRIDGE_PROGRAMS, 'cli/main.cjs')));
