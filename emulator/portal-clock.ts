function offsetSeconds(utcOffset: string): number {
  const [, sign = '+', hours = '0', minutes = '0'] = /^([+-])(\d{2}):(\d{2})$/.exec(utcOffset) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
}

/** Whole seconds since the epoch as a portal prints them: `2024-07-18T12:32:31+02:00`. */
export function formatTimestamp(seconds: number, utcOffset: string): string {
  const local = new Date((seconds + offsetSeconds(utcOffset)) * 1000);
  return `${local.toISOString().slice(0, 19)}${utcOffset}`;
}

/** @throws Error for anything but `+hh:mm` or `-hh:mm` */
export function assertUtcOffset(utcOffset: string): void {
  if (!/^[+-]\d{2}:\d{2}$/.test(utcOffset)) throw new Error(`Not an offset such as +02:00: ${utcOffset}`);
}
