// Keeps a page up to date while somebody looks at it. Everything works without it, too.
import { Idiomorph } from './idiomorph.js';

/** Enough changes at once for a person, and for the server. */
const LEAST_PAUSE_MS = 1000;
const ANNOUNCE_EVERY_MS = 10_000;
const CLOCK_MS = 5000;

const page = document.documentElement;
const banner = document.getElementById('connection');
/** The browser's clock may be wrong; what counts is the server's. */
let clockOffset = Number(page.dataset.now) - Date.now();

// --- Times ---------------------------------------------------------------------------------------------------

const units = [
  [90, 1, 's'],
  [90 * 60, 60, 'min'],
  [36 * 3600, 3600, 'h'],
  [Infinity, 86_400, 'd'],
];

function relative(at) {
  const ms = Date.now() + clockOffset - at;
  const seconds = Math.round(Math.abs(ms) / 1000);
  if (seconds < 1) return 'now';
  const [, size, unit] = units.find(([below]) => seconds < below);
  const words = `${Math.round(seconds / size)} ${unit}`;
  return ms > 0 ? `${words} ago` : `in ${words}`;
}

function tellTimes() {
  for (const time of document.querySelectorAll('time[data-relative]')) {
    time.textContent = relative(Date.parse(time.dateTime));
  }
}

// --- Choosing events -----------------------------------------------------------------------------------------

function showChoice() {
  const boxes = [...document.querySelectorAll('[data-pick]')];
  const chosen = boxes.filter((box) => box.checked).length;
  for (const button of document.querySelectorAll('[data-needs-choice]')) {
    button.disabled = chosen === 0;
    const number = button.querySelector('[data-chosen]');
    if (number !== null) number.textContent = chosen === 0 ? '' : `\u00a0(${chosen})`;
  }
  const all = document.querySelector('[data-pick-all]');
  if (all === null) return;
  all.checked = chosen > 0 && chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
}

document.addEventListener('change', ({ target }) => {
  if (target.matches('[data-pick-all]')) {
    for (const box of document.querySelectorAll('[data-pick]')) box.checked = target.checked;
  }
  if (target.matches('[data-pick], [data-pick-all]')) showChoice();
});

// --- Live ----------------------------------------------------------------------------------------------------

const morphing = {
  morphStyle: 'outerHTML',
  callbacks: {
    // What the person has chosen or opened is theirs.
    beforeAttributeUpdated: (name, node) =>
      !(
        (name === 'checked' && node.matches('input')) ||
        (name === 'open' && node.matches('details')) ||
        (name === 'disabled' && node.matches('[data-needs-choice]'))
      ),
    beforeNodeMorphed: (node) => !(node instanceof Element && node.matches('[data-chosen]')),
  },
};

let refreshing = false;
let again = false;

async function refresh() {
  if (refreshing) {
    again = true;
    return;
  }
  refreshing = true;
  try {
    do {
      again = false;
      const startedAt = performance.now();
      const answer = await fetch(location.href, { headers: { 'X-Live': '1' }, credentials: 'same-origin' });
      if (answer.status === 401) {
        location.reload();
        return;
      }
      if (answer.ok && !answer.redirected) show(await answer.text());
      else if (answer.status === 404) return;
      // A page that is costly to make, such as a search, is asked for less often.
      const pause = Math.max(LEAST_PAUSE_MS, 10 * (performance.now() - startedAt));
      await new Promise((resolve) => setTimeout(resolve, pause));
    } while (again);
  } catch {
    // The stream tells of an interruption, and of its end.
  } finally {
    refreshing = false;
  }
}

function show(text) {
  const fresh = new DOMParser().parseFromString(text, 'text/html');
  clockOffset = Number(fresh.documentElement.dataset.now) - Date.now();
  for (const region of document.querySelectorAll('[data-live]')) {
    const next = fresh.getElementById(region.id);
    if (next !== null) Idiomorph.morph(region, document.importNode(next, true), morphing);
  }
  tellTimes();
  showChoice();
  announce();
}

let announced = summary();
let nextAnnouncement = 0;
let announcing;

function summary() {
  return [...document.querySelectorAll('[data-summary]')].map((node) => node.dataset.summary).join('. ');
}

/** For whoever does not see the page change: seldom, and only what matters. */
function announce() {
  clearTimeout(announcing);
  const words = summary();
  if (words === announced) return;
  const wait = nextAnnouncement - Date.now();
  if (wait > 0) {
    announcing = setTimeout(announce, wait);
    return;
  }
  announced = words;
  nextAnnouncement = Date.now() + ANNOUNCE_EVERY_MS;
  document.getElementById('announcer').textContent = words;
}

let stream = null;

function listen() {
  if (stream !== null || document.hidden) return;
  stream = new EventSource('/live');
  let interrupted = false;
  stream.addEventListener('changed', refresh);
  stream.onopen = () => {
    banner.hidden = true;
    if (interrupted) void refresh();
    interrupted = false;
  };
  stream.onerror = () => {
    interrupted = true;
    banner.hidden = false;
    if (stream?.readyState !== EventSource.CLOSED) return;
    // The browser gives up on an error answer: a service that starts again, or a session that is over.
    stream = null;
    setTimeout(() => {
      void refresh();
      listen();
    }, 3000);
  };
}

function hush() {
  stream?.close();
  stream = null;
}

if (document.querySelector('[data-watch]') !== null) {
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) hush();
    else {
      void refresh();
      listen();
    }
  });
  // A browser allows six connections to one place: a page that is left gives its own back.
  addEventListener('pagehide', hush);
  addEventListener('pageshow', listen);
  listen();
  setInterval(tellTimes, CLOCK_MS);
}

showChoice();
