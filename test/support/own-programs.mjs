import 'reflect-metadata';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startBundle } from '../../scripts/bundled-program.mjs';

/** The build is not there yet when lint resolves imports. */
const built = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);

const { BRIDGE_PROGRAMS } = process.env;

/** What a program in `dist` is made of: from its bundle, or these modules where there is none (docs/adr/0014). */
async function load(bundle, modules) {
  if (BRIDGE_PROGRAMS !== undefined) return startBundle(pathToFileURL(join(BRIDGE_PROGRAMS, bundle)));
  return Object.assign({}, ...(await Promise.all(modules.map(built))));
}

let commandLine;
let service;

/** What `dist/cli/main.js` calls: `runCommandLine` and `settingsOfProcess`. Loaded once for all suites of a process. */
export function ownCommandLine() {
  commandLine ??= load('cli/main.cjs', ['cli/run-command-line.js', 'config/process-settings.js']);
  return commandLine;
}

/** The class that `dist/main.js` makes a service of. Loaded once for all suites of a process. */
export async function ownService() {
  service ??= load('main.cjs', ['service/service.js']);
  return (await service).Service;
}
