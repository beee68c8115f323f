import { html, type Html } from '../html.js';

const WHOLE = new Intl.NumberFormat('en');
const FRACTION = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

/** `12,345`; a dash for what is unknown. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : WHOLE.format(value);
}

/** `1 event`, `12 events`. */
export function counted(value: number, noun: string): string {
  return `${WHOLE.format(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** `0`, `0.4`, `12`; a dash for what is unknown. */
export function rate(perSecond: number | null): string {
  if (perSecond === null) return '–';
  return perSecond >= 10 ? WHOLE.format(Math.round(perSecond)) : FRACTION.format(perSecond);
}

/** `850 ms`, `12 s`, `5 min`, `3 h`, `2 d`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${FRACTION.format(seconds)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${WHOLE.format(Math.round(seconds / 86_400))} d`;
}

/** `12 s ago`, `in 5 min`, `now`. The page's script says it in the same words as time goes on. */
export function relative(at: number, now: number): string {
  const ms = now - at;
  if (Math.abs(ms) < 1000) return 'now';
  const seconds = Math.round(Math.abs(ms) / 1000) * 1000;
  const words = duration(seconds);
  return ms > 0 ? `${words} ago` : `in ${words}`;
}

/** `2026-11-25 01:02:03 UTC`. */
export function exact(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** A moment: how long ago, with the exact time for whoever asks. */
export function moment(at: number | null, now: number): Html {
  if (at === null) return html`<span class="quiet">–</span>`;
  return html`<time datetime="${new Date(at).toISOString()}" title="${exact(at)}" data-relative
    >${relative(at, now)}</time
  >`;
}
