import { AsyncLocalStorage } from 'node:async_hooks';

/** The storages in which something was run; kept on the prototype, which all suites of a process share. */
const USED = Symbol.for('storages that suites used');

/**
 * Each suite loads jest's runner, with its AsyncLocalStorage, anew. Node 20 and 22 hand what is in any storage that was
 * ever used on to every promise, so each suite made all that come after it in the same process slower. Those of earlier
 * suites are put out of use here, as the next one begins.
 */
const { prototype } = AsyncLocalStorage;
if (prototype[USED] === undefined) {
  const { run } = prototype;
  prototype[USED] = new Set();
  prototype.run = function (...args) {
    prototype[USED].add(this);
    return run.apply(this, args);
  };
}
for (const storage of prototype[USED]) storage.disable();
prototype[USED].clear();
