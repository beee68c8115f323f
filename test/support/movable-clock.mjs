import { performance } from 'node:perf_hooks';

/**
 * Loaded into a process before its program (`node --import`): its clock can be set forward, and its timers follow, so
 * that a minute that the service has to wait costs a test nothing. Node's own time limits of sockets stay as they are.
 */
let aheadMs = 0;
/** Timers that were set, and may have been cleared or come due since. */
const timers = new Set();

const { setTimeout, setInterval, clearTimeout } = globalThis;
const wallClock = Date.now;
const monotonicClock = performance.now.bind(performance);
Date.now = () => wallClock() + aheadMs;
performance.now = () => monotonicClock() + aheadMs;

const followed = (set) =>
  Object.assign((...args) => {
    const timer = set(...args);
    timers.add(new WeakRef(timer));
    return timer;
  }, set);
globalThis.setTimeout = followed(setTimeout);
globalThis.setInterval = followed(setInterval);

/** Now, by the clock that timers go by. */
function timersNow() {
  const timer = setTimeout(() => {}, 1);
  clearTimeout(timer);
  return timer._idleStart;
}

function setForward(ms) {
  aheadMs += ms;
  const now = timersNow();
  for (const reference of timers) {
    const timer = reference.deref();
    // Cleared, or come due.
    if (timer === undefined || timer._destroyed || timer._idleTimeout < 0) timers.delete(reference);
    else {
      timer._idleTimeout = Math.max(1, timer._idleStart + timer._idleTimeout - now - ms);
      timer.refresh();
    }
  }
}

process.on('message', ({ setForwardMs }) => {
  setForward(setForwardMs);
  process.send('set');
});
// What waits for orders only may end.
process.channel.unref();
