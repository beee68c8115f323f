const { register, registerHooks } = require('node:module');
const { join } = require('node:path');
const { fileURLToPath, pathToFileURL } = require('node:url');

const { begin } = require('./jest-globals.mjs');
const typescript = require('./typescript.mjs');

const EVENT_HANDLERS = Symbol.for('EVENT_HANDLERS');
const TEST_TIMEOUT = Symbol.for('TEST_TIMEOUT_SYMBOL');

/** What Node itself goes on by, between the tests as well: it would be counted among the timers of a test, and wait for it. */
const OF_THE_PROCESS = ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate'];

/**
 * jest's runner asks it for modules. This one leaves that to Node: jest's own evaluates every module once more for each
 * suite, in a realm of its own, which took as long as the tests (docs/adr/0018).
 * What jest can do only with modules that it loads itself, `jest.mock` and coverage, is not there.
 */
module.exports = class NodeModules {
  #environment;
  #testPath;

  constructor(config, environment, _resolver, _transformer, _files, _coverage, testPath) {
    this.#environment = environment;
    this.#testPath = testPath;
    delete globalThis[TEST_TIMEOUT];
    loadTypeScript(join(config.cacheDirectory, 'typescript'));
  }

  /** jest's runner, of which each suite has its own, for it keeps in its modules what the suite declares. */
  requireInternalModule(path) {
    delete globalThis[EVENT_HANDLERS];
    delete require.cache[path];
    return require(path);
  }

  setGlobalsForRuntime(globals) {
    begin({ ...globals, jest: this.#jest() });
  }

  unstable_shouldLoadAsEsm() {
    return true;
  }

  /** A setup file is evaluated once in a process, and the function that it exports is called before each suite. */
  async unstable_importModule(path) {
    const module = await import(pathToFileURL(path).href);
    if (path !== this.#testPath) await module.default();
  }

  requireModule(path) {
    return require(path);
  }

  getSourceMaps() {
    return sourceMaps;
  }

  getAllCoverageInfoCopy() {}

  enterTestCode() {}

  leaveTestCode() {}

  teardown() {}

  #jest() {
    const { moduleMocker: mocker, fakeTimersModern: timers } = this.#environment;
    return {
      fn: mocker.fn.bind(mocker),
      spyOn: mocker.spyOn.bind(mocker),
      restoreAllMocks: () => mocker.restoreAllMocks(),
      useFakeTimers: () => timers.useFakeTimers({ doNotFake: OF_THE_PROCESS }),
      useRealTimers: () => timers.useRealTimers(),
      advanceTimersByTimeAsync: (ms) => timers.advanceTimersByTimeAsync(ms),
      getTimerCount: () => timers.getTimerCount(),
      setTimeout: (ms) => {
        globalThis[TEST_TIMEOUT] = ms;
      },
    };
  }
};

/** By path of the TypeScript; found when an error's stack asks for it. */
const sourceMaps = new (class extends Map {
  get(place) {
    if (!place.endsWith('.ts')) return undefined;
    return typescript.compiled(place.startsWith('file:') ? fileURLToPath(place) : place).map;
  }
})();

let loading = false;
function loadTypeScript(cache) {
  if (loading) return;
  loading = true;
  typescript.initialize(cache);
  if (registerHooks !== undefined) {
    registerHooks({ resolve: typescript.resolve, load: typescript.load });
  } else {
    register(pathToFileURL(require.resolve('./typescript.mjs')), { data: cache });
  }
}
