/** A day, or a day and a time; without a zone UTC. */
const TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Reads `2026-11-29`, `2026-11-29 14:00` or an ISO 8601 time, in UTC where no zone is said; Unix ms, null for anything else. */
export function readTime(text: string): number | null {
  const [, day = '', time = '00:00', zone = 'Z'] = TIME.exec(text.trim()) ?? [];
  if (day === '') return null;
  const at = Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(at) ? null : at;
}
