import { printable } from '../../logging/printable.js';

/** Columns under their titles, two spaces apart; what is null shows as `-`. No cell makes a line of its own. */
export function table(
  titles: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): string {
  const lines = [
    titles,
    ...rows.map((row) => row.map((cell) => (cell === null ? '-' : printable(String(cell), true)))),
  ];
  const widths = titles.map((_title, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * A time for people, by this machine's clock and with how far that is from UTC: `2026-11-25 04:02:03+03:00`.
 * @param ms Unix milliseconds
 * @param ahead how far the clock is ahead of UTC, minutes
 */
export function shortTime(ms: number | null, ahead = -new Date(ms ?? 0).getTimezoneOffset()): string | null {
  if (ms === null || ahead === 0) return utcTime(ms);
  const shown = new Date(ms + ahead * 60_000).toISOString().slice(0, 19).replace('T', ' ');
  const offset = new Date(Math.abs(ahead) * 60_000).toISOString().slice(11, 16);
  return `${shown}${ahead < 0 ? '-' : '+'}${offset}`;
}

/** A time for people where programs read the same text. `ms` in Unix milliseconds. */
export function utcTime(ms: number | null): string | null {
  return ms === null ? null : `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** A time for programs; `ms` in Unix milliseconds. */
export function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** The start of a long text, on one line. */
export function excerpt(text: string | null, length: number): string | null {
  if (text === null) return null;
  const line = text.replace(/\s+/g, ' ');
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}
