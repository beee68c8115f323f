/**
 * When sweeps were due last, Unix ms: at a time of the day (`HH:MM`) in the process's own time zone. Pure but for the
 * time zone.
 */
export function lastSweepTime(at: string, now: number): number {
  const [hours = 0, minutes = 0] = at.split(':').map(Number);
  const day = new Date(now);
  day.setHours(hours, minutes, 0, 0);
  if (day.getTime() > now) day.setDate(day.getDate() - 1);
  return day.getTime();
}
