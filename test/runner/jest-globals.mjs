/**
 * What suites import from `@jest/globals`. A module that two suites share is evaluated once, so what it imports stands
 * for whatever the running suite has.
 */
let running;

/** @param globals of the suite that begins */
export function begin(globals) {
  running = globals;
}

const ofRunningSuite = (name) =>
  new Proxy(function () {}, {
    apply: (_target, self, args) => Reflect.apply(running[name], self, args),
    get: (_target, key) => running[name][key],
  });

export const [afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest, test] = [
  'afterAll',
  'afterEach',
  'beforeAll',
  'beforeEach',
  'describe',
  'expect',
  'it',
  'jest',
  'test',
].map(ofRunningSuite);
