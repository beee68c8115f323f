// Times as the reader's clock and language have them, beside the UTC that the server has written.
const page = document.documentElement;
const language = page.lang;
/** Texts with holes, as the server says them: `{number} min`, `{time} ago`. */
const words = JSON.parse(page.dataset.times ?? '{}');
/** The browser's clock may be wrong; what counts is the server's. */
let clockOffset = Number(page.dataset.now) - Date.now();

const UNITS = [
  [90, 1, 'seconds'],
  [90 * 60, 60, 'minutes'],
  [36 * 3600, 3600, 'hours'],
  [Infinity, 86_400, 'days'],
];

const clock = {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'shortOffset',
};
const clockTime = new Intl.DateTimeFormat(language, clock);
const dayAndTime = new Intl.DateTimeFormat(language, { ...clock, day: 'numeric', month: 'short' });

/** Takes the time at which the server has drawn a page. */
export function setClock(now) {
  clockOffset = Number(now) - Date.now();
}

function relative(at) {
  const ms = Date.now() + clockOffset - at;
  const seconds = Math.round(Math.abs(ms) / 1000);
  if (seconds < 1) return words.now;
  const [, size, unit] = UNITS.find(([below]) => seconds < below);
  const time = words[unit].replace('{number}', Math.round(seconds / size));
  return words[ms > 0 ? 'ago' : 'in'].replace('{time}', time);
}

/** `04:02:03 UTC+3`, with the day where that is another one than in UTC; null where the reader's clock shows UTC. */
function local(at) {
  const date = new Date(at);
  if (date.getTimezoneOffset() === 0) return null;
  const format = date.getDate() === date.getUTCDate() ? clockTime : dayAndTime;
  return format.format(date).replace('GMT', 'UTC');
}

export function tellTimes() {
  for (const time of document.querySelectorAll('time[data-utc]')) {
    const at = Date.parse(time.dateTime);
    const here = local(at);
    const { utc } = time.dataset;
    const exact = here === null ? utc : `${utc} · ${here}`;
    time.title = exact;
    const isExact = time.dataset.relative === undefined;
    const text = isExact ? exact : relative(at);
    // Somebody may have marked it to copy it.
    if (time.textContent === text) continue;
    if (isExact && here !== null) time.replaceChildren(part(utc), ' · ', part(here));
    else time.textContent = text;
  }
}

/** A line is broken between the two times, and not within one. */
function part(text) {
  const span = document.createElement('span');
  span.textContent = text;
  return span;
}
