import { AsyncLocalStorage } from 'node:async_hooks';

/** The storages in which something was run. */
const used = new Set();

const { run } = AsyncLocalStorage.prototype;
AsyncLocalStorage.prototype.run = function (...args) {
  used.add(this);
  return run.apply(this, args);
};

/**
 * Before each suite. Each loads jest's runner, with its AsyncLocalStorage, anew. Node 20 and 22 hand what is in any
 * storage that was ever used on to every promise, so each suite made all that come after it in the same process slower.
 * Those of earlier suites are put out of use here.
 */
export default function disableStorages() {
  for (const storage of used) storage.disable();
  used.clear();
}
