import 'reflect-metadata';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startBundle } from '../../scripts/bundled-program.mjs';

/** The build is not there yet when lint resolves imports. */
const built = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);

/** What the programs in `dist` are made of, from their bundles where there are any (docs/adr/0014). */
const { BRIDGE_PROGRAMS } = process.env;
const bundled = (name) => startBundle(pathToFileURL(join(BRIDGE_PROGRAMS, name)));

let commandLine;
let service;

/** What `dist/cli/main.js` calls: `runCommandLine` and `settingsOfProcess`. Loaded once for all suites of a process. */
export function ownCommandLine() {
  commandLine ??=
    BRIDGE_PROGRAMS === undefined
      ? Promise.all([built('cli/run-command-line.js'), built('config/process-settings.js')]).then((parts) =>
          Object.assign({}, ...parts),
        )
      : Promise.resolve(bundled('cli/main.cjs'));
  return commandLine;
}

/** The class that `dist/main.js` makes a service of. Loaded once for all suites of a process. */
export function ownService() {
  service ??=
    BRIDGE_PROGRAMS === undefined ? built('service/service.js') : Promise.resolve(bundled('main.cjs'));
  return service.then(({ Service }) => Service);
}
