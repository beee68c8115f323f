import { writeJson } from '../json/exact-json.js';
import { ExactNumber } from '../json/exact-number.js';

/** Beyond this it is not laid out any further; what people write by hand stays far below. */
const READABLE_DEPTH = 20;
const LEFT_OUT = '…';

/**
 * JSON for people. What nests deeper than twenty levels is left out: otherwise it would be a wall of brackets where
 * the JavaScript engine can write it out, and an exception where it cannot.
 *
 * @returns null where nothing but brackets would be left
 */
export function readableJson(value: unknown): string | null {
  const text = (writeJson(shallow(value, 0)) as string | undefined) ?? null;
  return text !== null && text.includes(LEFT_OUT) && !/[\p{L}\p{N}]/u.test(text) ? null : text;
}

function shallow(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return value;
  if (depth === READABLE_DEPTH) return LEFT_OUT;
  if (Array.isArray(value)) return value.map((part) => shallow(part, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shallow(part, depth + 1)]));
}
