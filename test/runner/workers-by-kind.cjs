const { default: TestRunner } = require('jest-runner');

/**
 * jest's own runner, once for each kind of suite: kinds run at the same time, each in workers of its own. What a worker
 * has loaded, compiled and optimized serves suites of the same kind; were each to run suites of every kind, each would
 * do all of that for itself (docs/adr/0018).
 */
module.exports = class WorkersByKind extends TestRunner {
  #kinds;

  /** @param options `kinds`: source of the pattern that a path fits (the first counts), and the most workers it has */
  constructor(globalConfig, context, { kinds }) {
    super(globalConfig, context);
    this.#kinds = kinds.map(({ paths, workers }) => ({
      paths: new RegExp(paths),
      runner: new TestRunner(
        { ...globalConfig, maxWorkers: Math.min(workers, globalConfig.maxWorkers) },
        context,
      ),
    }));
  }

  on(event, listener) {
    const ends = [super.on(event, listener), ...this.#kinds.map(({ runner }) => runner.on(event, listener))];
    return () => ends.forEach((end) => end());
  }

  async runTests(tests, watcher, options) {
    const kindOf = ({ path }) => this.#kinds.find(({ paths }) => paths.test(path));
    const kinds = [...new Set(tests.map(kindOf))];
    if (options.serial || kinds.length < 2) return super.runTests(tests, watcher, options);
    await Promise.all(
      kinds.map((kind) => {
        const own = tests.filter((test) => kindOf(test) === kind);
        return kind.runner.runTests(own, watcher, options);
      }),
    );
  }
};
