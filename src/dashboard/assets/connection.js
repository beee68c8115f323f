// The stream by which the server says that there is something new, and what is said while it is away.
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 15_000;
/** A stream that ends, as each does after some minutes, is back by then: nobody has to read of it. */
const QUIET_MS = 3000;
/** A restart takes seconds; what takes longer is told as what it is. */
const RESTART_MS = 60_000;

const banner = document.getElementById('connection');
let stream = null;
let failures = 0;
let restarting = false;
let timers = [];

/**
 * Listens until {@link closeStream}, and again after interruptions, at growing intervals.
 * @param changed called when there is something new
 * @param again called when something may have been missed
 */
export function listen(changed, again) {
  if (stream !== null || document.hidden) return;
  stream = new EventSource('/live');
  stream.addEventListener('changed', changed);
  stream.addEventListener('restarting', () => {
    restarting = true;
    tell();
    after(RESTART_MS, () => {
      restarting = false;
      tell();
    });
  });
  stream.onopen = () => {
    timers.forEach(clearTimeout);
    timers = [];
    banner.hidden = true;
    restarting = false;
    if (failures > 0) again();
    failures = 0;
  };
  stream.onerror = () => {
    closeStream();
    // An error answer may also say that the session is over, which fetching the page shows.
    if (failures > 0) again();
    if (failures === 0) after(QUIET_MS, tell);
    failures += 1;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    // Pages that were interrupted together do not all come back at once.
    setTimeout(() => listen(changed, again), pause * (0.5 + Math.random() / 2));
  };
}

export function closeStream() {
  stream?.close();
  stream = null;
}

function after(ms, work) {
  timers.push(setTimeout(work, ms));
}

function tell() {
  banner.textContent = restarting ? banner.dataset.restarting : banner.dataset.interrupted;
  banner.classList.toggle('warn', !restarting);
  banner.hidden = false;
}
