import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/**
 * Runs a program that `scripts/bundle.mjs` has made, with the compiled code that lies beside it; V8 takes this for what
 * it was compiled from only, and compiles anew otherwise. `BRIDGE_KEEP_COMPILED` keeps what this run compiles.
 * @param {URL} url of the bundle
 * @returns what it exports
 */
export function startBundle(url) {
  const file = fileURLToPath(url);
  const compiled = `${file}.compiled`;
  // It has nothing but ASCII, which is read quickest as latin1.
  const script = new Script(readFileSync(file, 'latin1'), {
    filename: file,
    cachedData: readIfThere(compiled),
  });
  if (process.env.BRIDGE_KEEP_COMPILED) {
    process.once('exit', () => {
      // V8 takes compiled code under the very flags only under which it was written; the service sets this one.
      setFlagsFromString('--heap-growing-percent=0');
      writeFileSync(compiled, script.createCachedData());
    });
  }
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(url), module, file, dirname(file));
  return module.exports;
}

function readIfThere(file) {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
}
