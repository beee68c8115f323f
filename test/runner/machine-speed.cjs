const { performance } = require('node:perf_hooks');

/** So much is asked of the operating system at once, and never what was used before. */
const ASKED_BYTES = 64 << 20;
const PAGE_BYTES = 4096;
const PAGES = 4096;
const TRIES = 5;

/** Machines of one's own, and most virtual ones, are quicker than this. */
const QUICK_US = 2.5;
/** Virtual machines inside of others are slower than this: there the processors are busy with few workers. */
const SLOW_US = 7;

/**
 * How long the first touch of a page of memory takes here at best, µs. Starting, loading and compiling, which is most of
 * what tests compute, touch new memory all the time, and machines differ most in it.
 */
exports.pageUs = function pageUs() {
  const times = Array.from({ length: TRIES }, () => {
    const memory = Buffer.allocUnsafeSlow(ASKED_BYTES);
    const began = performance.now();
    for (let page = 0; page < PAGES; page += 1) memory[page * PAGE_BYTES] = 1;
    return performance.now() - began;
  });
  return (Math.min(...times) * 1000) / PAGES;
};

/** @returns as many workers as a machine wants that takes so long for a page */
exports.workersFor = function workersFor({ slow, quick }, pageUs) {
  const speed = Math.min(1, Math.max(0, (SLOW_US - pageUs) / (SLOW_US - QUICK_US)));
  return Math.round(slow + (quick - slow) * speed);
};
