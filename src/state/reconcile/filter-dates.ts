/**
 * How a portal reads a date of a filter: it drops the offset that comes with it, and takes the digits for a time of an
 * offset of its own, which need not be the one that its answers have.
 */
export interface FilterClock {
  /** What is added to a time in UTC to get the digits that the portal reads as that time, seconds. */
  readonly offset: number;
}

const HOUR = 3600;
/** Half an hour: all offsets but those of a few places with quarters of hours. */
const STEP = HOUR / 2;
const WIDEST = 14 * HOUR;

/** Offsets that a portal may read dates with, the likeliest first. */
export function likelyOffsets(own: number | null): number[] {
  const offsets: number[] = [];
  for (let offset = -WIDEST; offset <= WIDEST; offset += STEP) offsets.push(offset);
  const first = [...new Set([own ?? 0, 0])];
  const near = (offset: number) => Math.abs(offset - (own ?? 0));
  return [...first, ...offsets.filter((one) => !first.includes(one)).sort((a, b) => near(a) - near(b))];
}

/** The offset in which an answer prints its times, seconds; null where it has none. */
export function offsetOf(text: string): number | null {
  if (text.endsWith('Z')) return 0;
  const [, sign, hours, minutes] = /([+-])(\d{2}):?(\d{2})$/.exec(text) ?? [];
  if (hours === undefined) return null;
  return (sign === '-' ? -1 : 1) * (Number(hours) * HOUR + Number(minutes) * 60);
}

/** A time (Unix seconds) as a filter names it. */
export function filterDate(seconds: number, { offset }: FilterClock): string {
  return `${new Date((seconds + offset) * 1000).toISOString().slice(0, 19)}${printed(offset)}`;
}

/** The offset that goes with the digits; a portal that does read it is not misled. */
function printed(offset: number): string {
  const minutes = Math.abs(offset) / 60;
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}
