import { ExactNumber } from '../json/exact-number.js';

/** A JSON object: neither a list nor null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)
  );
}

/** The text of a field that should hold one, also where it came as a number of any size; '' for anything else. */
export function textOf(value: unknown): string {
  if (value instanceof ExactNumber) return plainText(value);
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** A number, also where it was written in another way than JavaScript writes it; undefined for anything else. */
export function numberOf(value: unknown): number | undefined {
  return value instanceof ExactNumber ? value.valueOf() : typeof value === 'number' ? value : undefined;
}

/** A count, also where it came as text; null for anything else. */
export function wholeNumber(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : numberOf(value);
  return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : null;
}

/** All digits of an integer, be it large; the number as JavaScript writes it where it is small: `17.0` is `17`. */
function plainText(number: ExactNumber): string {
  const nearest = number.valueOf();
  return Number.isSafeInteger(nearest) ? String(nearest) : number.text.replace(/\.0+$/, '');
}
