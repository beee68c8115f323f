const { default: TestRunner } = require('jest-runner');
const { pageUs, workersFor } = require('./machine-speed.cjs');

/**
 * jest's own runner, once for each kind of suite: kinds run at the same time, each in workers of its own. What a worker
 * has loaded, compiled and optimized serves suites of the same kind; were each to run suites of every kind, each would
 * do all of that for itself (docs/adr/0018).
 */
module.exports = class WorkersByKind extends TestRunner {
  #kinds;

  /**
   * @param options `kinds`: source of the pattern that a path fits (the first counts), and how many workers it has at most
   *   on a slow and on a quick machine
   */
  constructor(globalConfig, context, { kinds }) {
    super(globalConfig, context);
    this.#kinds = kinds.map(({ paths, workers }) => {
      const config = { ...globalConfig };
      return { paths: new RegExp(paths), workers, config, runner: new TestRunner(config, context) };
    });
  }

  on(event, listener) {
    const ends = [super.on(event, listener), ...this.#kinds.map(({ runner }) => runner.on(event, listener))];
    return () => ends.forEach((end) => end());
  }

  async runTests(tests, watcher, options) {
    if (options.serial) return super.runTests(tests, watcher, options);
    const kindOf = ({ path }) => this.#kinds.find(({ paths }) => paths.test(path));
    const present = [...new Set(tests.map(kindOf))];
    const alone = present.length === 1;
    this.#giveWorkers(alone);
    await Promise.all(
      present.map((kind) => {
        const own = tests.filter((test) => kindOf(test) === kind);
        return kind.runner.runTests(own, watcher, options);
      }),
    );
  }

  /** @param alone the suites of this run are all of one kind: it has as many workers as the kind that has most */
  #giveWorkers(alone) {
    const us = pageUs();
    const most = (workers) => Math.min(workersFor(workers, us), this._globalConfig.maxWorkers);
    const all = Math.max(...this.#kinds.map(({ workers }) => most(workers)));
    for (const { workers, config } of this.#kinds) config.maxWorkers = alone ? all : most(workers);
  }
};
