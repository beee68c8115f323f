import { type Language } from './language.js';
import { TEXTS } from './catalogue.js';
import { translate } from './translate.js';

const WHOLE = { en: new Intl.NumberFormat('en'), ru: new Intl.NumberFormat('ru') };
const FRACTION = {
  en: new Intl.NumberFormat('en', { maximumFractionDigits: 1 }),
  ru: new Intl.NumberFormat('ru', { maximumFractionDigits: 1 }),
};
const DATE_TIME = new Intl.DateTimeFormat('ru', { dateStyle: 'short', timeStyle: 'medium', timeZone: 'UTC' });

/** `12,345`. */
export function whole(language: Language, value: number): string {
  return WHOLE[language].format(value);
}

/** `0`, `0.4`, `12`. */
export function rate(language: Language, perSecond: number): string {
  return perSecond >= 10 ? whole(language, Math.round(perSecond)) : FRACTION[language].format(perSecond);
}

/** `850 ms`, `12 s`, `5 min`, `3 h`, `2 d`. */
export function duration(language: Language, ms: number): string {
  const say = (unit: 'milliseconds' | 'seconds' | 'minutes' | 'hours' | 'days', number: string) =>
    translate(language, `time.${unit}`, { number });
  const seconds = ms / 1000;
  if (ms < 1000) return say('milliseconds', String(Math.round(ms)));
  if (seconds < 10) return say('seconds', FRACTION[language].format(seconds));
  if (seconds < 90) return say('seconds', String(Math.round(seconds)));
  if (seconds < 90 * 60) return say('minutes', String(Math.round(seconds / 60)));
  if (seconds < 36 * 3600) return say('hours', String(Math.round(seconds / 3600)));
  return say('days', whole(language, Math.round(seconds / 86_400)));
}

/** `12 s ago`, `in 5 min`, `now`. The page's script says it in the same words as time goes on. */
export function relative(language: Language, at: number, now: number): string {
  const ms = now - at;
  if (Math.abs(ms) < 1000) return translate(language, 'time.now');
  const time = duration(language, Math.round(Math.abs(ms) / 1000) * 1000);
  return translate(language, ms > 0 ? 'time.ago' : 'time.in', { time });
}

/** `2026-11-25 01:02:03 UTC`; in Russian `25.11.2026, 01:02:03 UTC`. */
export function exact(language: Language, at: number): string {
  const words =
    language === 'ru' ? DATE_TIME.format(at) : new Date(at).toISOString().slice(0, 19).replace('T', ' ');
  return `${words} UTC`;
}

const TIME_WORDS = ['seconds', 'minutes', 'hours', 'days', 'ago', 'in', 'now'] as const;

/** The words of {@link relative} with their holes, for a script that says it anew as time goes on. */
export function timeWords(language: Language): Readonly<Record<(typeof TIME_WORDS)[number], string>> {
  const words = TIME_WORDS.map((word) => [word, TEXTS[`time.${word}`][language]]);
  return Object.fromEntries(words) as Record<(typeof TIME_WORDS)[number], string>;
}
