// Keeps an open page up to date. Every page works without this script, too.
import { closeStream, listen } from './connection.js';
import './copy.js';
import { Idiomorph } from './idiomorph.js';
import { setClock, tellTimes } from './times.js';

/** Enough changes at once for a person, and for the server. */
const LEAST_PAUSE_MS = 1000;
const ANNOUNCE_EVERY_MS = 10_000;
/** For so long after a touch or a scroll a list counts as in use, ms. */
const AT_WORK_MS = 10_000;
const CLOCK_MS = 5000;

const page = document.documentElement;

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

// --- Lists that hold still -----------------------------------------------------------------------------------

const lists = () => [...document.querySelectorAll('[data-hold]')];
let touched = { list: null, at: -Infinity };

for (const kind of ['pointerdown', 'touchmove', 'wheel', 'keydown']) {
  document.addEventListener(
    kind,
    ({ target }) => {
      const list = target instanceof Element ? target.closest('[data-hold]') : null;
      if (list !== null) touched = { list: list.id, at: performance.now() };
    },
    { passive: true },
  );
}

/** Whether a list is in use: under the pointer, with the keyboard's focus, with rows chosen, or just touched. */
function inUse(list) {
  return (
    list.matches(':hover') ||
    list.contains(document.activeElement) ||
    list.querySelector('[data-pick]:checked') !== null ||
    (touched.list === list.id && performance.now() - touched.at < AT_WORK_MS)
  );
}

/** Whether new entries of a list wait behind a button. */
const newWait = (list) => document.querySelector(`[data-show-new="${list.id}"]`) !== null;

/**
 * The rows that have to stay where they are, for the server to draw them as they are now: those of a list that is in
 * use, and then until the new ones that wait behind a button are asked for. What has left a list stays while it is in use.
 */
function rowsToKeep() {
  const kept = new Map();
  for (const list of lists()) {
    const used = inUse(list);
    if (!used && !newWait(list)) continue;
    const rows = [...list.rows].filter(
      ({ dataset }) => dataset.key !== undefined && (used || dataset.left === undefined),
    );
    kept.set(list.id, { used, mark: list.dataset.mark ?? '', keys: rows.map((row) => row.dataset.key) });
  }
  return kept;
}

/** A list has come into use since its rows were asked for: new rows would move under the pointer. */
function cameToUse(kept) {
  return lists().some((list) => inUse(list) && kept.get(list.id)?.used !== true);
}

/** What must not move while the page around it changes. */
function heldPlace() {
  const node = [document.activeElement, ...document.querySelectorAll(':hover')]
    .map((one) => one?.closest('[data-hold] [data-key]'))
    .find((row) => row !== null && row !== undefined);
  return node === undefined ? null : { node, top: node.getBoundingClientRect().top };
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('[data-show-new]');
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const list = document.getElementById(link.dataset.showNew);
  // The link goes with what it shows, so the keyboard goes on at the list.
  document.getElementById(link.dataset.focus)?.focus({ preventScroll: true });
  void refresh(list === null ? null : list.id);
});

// --- Live ----------------------------------------------------------------------------------------------------

const morphing = {
  morphStyle: 'outerHTML',
  callbacks: {
    // What the user has ticked or opened stays so.
    beforeAttributeUpdated: (name, node) =>
      !(
        (name === 'checked' && node.matches('input')) ||
        (name === 'open' && node.matches('details')) ||
        (name === 'disabled' && node.matches('[data-needs-choice]'))
      ),
    beforeNodeMorphed: (node) => !(node instanceof Element && node.matches('[data-chosen]')),
    // What has the focus stays until it has gone elsewhere: the keyboard would be back at the top of the page.
    beforeNodeRemoved: (node) => !node.contains(document.activeElement),
  },
};

let refreshing = false;
let again = false;
/** The list whose new entries are to be shown with the next answer. */
let unheld = null;

async function refresh(list = null) {
  unheld = list ?? unheld;
  if (refreshing) {
    again = true;
    return;
  }
  refreshing = true;
  try {
    do {
      again = false;
      const startedAt = performance.now();
      const showing = unheld;
      const kept = rowsToKeep();
      kept.delete(showing);
      const answer = await fetch(location.href, { headers: liveHeaders(kept), credentials: 'same-origin' });
      if (answer.status === 401) {
        location.reload();
        return;
      }
      // What could not be shown can be shown now.
      if (answer.ok && document.querySelector('[data-unavailable]') !== null) {
        location.reload();
        return;
      }
      // Without the database, the page around it still comes: its banner says so, and what is shown stays.
      if (answer.status === 503 || (answer.ok && !answer.redirected)) {
        const text = await answer.text();
        if (showing === null && cameToUse(kept)) again = true;
        else show(text);
        if (showing === unheld) unheld = null;
      } else if (answer.status === 404) return;
      // A page that is costly to make, such as a search, is asked for less often.
      const pause = Math.max(LEAST_PAUSE_MS, 10 * (performance.now() - startedAt));
      if (unheld === null) await new Promise((resolve) => setTimeout(resolve, pause));
    } while (again || unheld !== null);
  } catch {
    // The stream tells of an interruption, and of its end.
  } finally {
    refreshing = false;
  }
}

function liveHeaders(kept) {
  const rows = [...kept].map(([list, { mark, keys }]) => `${list}=${mark}:${keys.join(',')}`).join(';');
  return { 'X-Live': '1', ...(rows === '' ? {} : { 'X-Live-Rows': rows }) };
}

function show(text) {
  const fresh = new DOMParser().parseFromString(text, 'text/html');
  setClock(fresh.documentElement.dataset.now);
  const place = heldPlace();
  for (const region of document.querySelectorAll('[data-live]')) {
    const next = fresh.getElementById(region.id);
    if (next !== null) Idiomorph.morph(region, document.importNode(next, true), morphing);
  }
  tellTimes();
  showChoice();
  announce();
  // Whatever appeared above it: the row stays under the pointer.
  if (place?.node.isConnected) page.scrollTop += place.node.getBoundingClientRect().top - place.top;
}

let announced = summary();
let nextAnnouncement = 0;
let announcing;

function summary() {
  return [...document.querySelectorAll('[data-summary]')].map((node) => node.dataset.summary).join('. ');
}

/** For screen readers: seldom, and only what matters. */
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

const watch = () =>
  listen(
    () => void refresh(),
    () => void refresh(),
  );

if (document.querySelector('[data-watch]') !== null) {
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) closeStream();
    else {
      void refresh();
      watch();
    }
  });
  // A browser allows six connections to one place: a page that is left gives its own back.
  addEventListener('pagehide', closeStream);
  addEventListener('pageshow', watch);
  watch();
  setInterval(tellTimes, CLOCK_MS);
}

tellTimes();
showChoice();
