import { join } from 'node:path';

const DIST = join(import.meta.dirname, '../../dist');

/** `npm test` makes bundles of the programs, which start in a quarter of the time (docs/adr/0014). */
let folder = process.env['BRIDGE_PROGRAMS'] ?? DIST;

/** Path of a built program, by its path in `dist`. */
export function program(name: 'main.js' | 'cli/main.js'): string {
  return join(folder, name);
}

/** Processes of this suite start `dist` itself, as users do; until the function that it returns is called. */
export function startDist(): () => void {
  const before = folder;
  folder = DIST;
  return () => {
    folder = before;
  };
}
