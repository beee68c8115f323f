import { numberOf } from './json-values.js';

/** 9999-12-31T23:59:59Z, the last second that an event can carry. */
const LAST_SECOND = 253_402_300_799;
/** From here on a number counts milliseconds: as seconds it would lie 3,000 years ahead. */
const MILLISECONDS_FROM = 100_000_000_000;

const CLOCK =
  /(?:[T\s,]+(?<hour>\d{1,2}):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,]\d+)?)?\s*(?<half>[ap]\.?m\.?)?)?/;
const OFFSET = /\s*(?:(?<utc>Z|UTC|GMT)|(?:GMT|UTC)?(?<sign>[+-])(?<hours>\d\d)(?::?(?<minutes>\d\d))?)?/;
const DATES = [
  /** `2024-07-18`, `2024/07/18`, `2024.07.18` */
  /(?<year>\d{4})([-/.])(?<month>\d{1,2})\2(?<day>\d{1,2})/,
  /** `18.07.2024`, `18-07-2024` */
  /(?<day>\d{1,2})([.-])(?<month>\d{1,2})\2(?<year>\d{4})/,
  /** `07/18/2024`, as sites in English write it */
  /(?<month>\d{1,2})\/(?<day>\d{1,2})\/(?<year>\d{4})/,
  /** `18/07/2024`: what the one before could not be */
  /(?<day>\d{1,2})\/(?<month>\d{1,2})\/(?<year>\d{4})/,
  /** `20240718` */
  /(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)(?=T)/,
].map((date) => new RegExp(`^${date.source}${CLOCK.source}${OFFSET.source}$`, 'i'));
/** `Thu, 18 Jul 2024 12:32:31 +0200` */
const MAIL = /^(?:[a-z]{3}, )?\d{1,2} [a-z]{3} \d{4} \d\d:\d\d(?::\d\d)? (?:GMT|UTC|[+-]\d{4})$/i;

/**
 * `TIMESTAMP_X` as Unix seconds; null where it cannot be read. A portal writes ISO 8601 with its offset; its modules and
 * settings may make something else of it. Whatever the form, one text is always the same second, on every machine, and
 * one second in several forms too: it is part of the event's id. Without an offset it counts as UTC.
 */
export function changeTime(value: unknown): number | null {
  const number = numberOf(value);
  if (number !== undefined) return ofNumber(number);
  if (typeof value !== 'string') return null;
  const text = value.trim();
  if (/^\d+(?:\.\d+)?$/.test(text)) return ofNumber(Number(text));
  for (const form of DATES) {
    const seconds = ofParts(form.exec(text)?.groups);
    if (seconds !== null) return seconds;
  }
  return MAIL.test(text) ? sane(Date.parse(text) / 1000) : null;
}

function ofNumber(number: number): number | null {
  return sane(number >= MILLISECONDS_FROM ? number / 1000 : number);
}

function ofParts(parts: Record<string, string | undefined> | undefined): number | null {
  if (parts === undefined) return null;
  const part = (name: string): number => Number(parts[name] ?? 0);
  const half = parts['half']?.[0]?.toLowerCase();
  if (half !== undefined && (part('hour') < 1 || part('hour') > 12)) return null;
  const hour = half === undefined ? part('hour') : (part('hour') % 12) + (half === 'p' ? 12 : 0);
  if (part('month') < 1 || part('month') > 12 || part('day') < 1 || part('day') > 31) return null;
  if (hour > 24 || part('minute') > 59 || part('second') > 60) return null;
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), hour, part('minute'), part('second'));
  const ahead = (part('hours') * 60 + part('minutes')) * (parts['sign'] === '-' ? -1 : 1);
  return sane(local / 1000 - ahead * 60);
}

function sane(seconds: number): number | null {
  const whole = Math.floor(seconds);
  return whole > 0 && whole <= LAST_SECOND ? whole : null;
}
