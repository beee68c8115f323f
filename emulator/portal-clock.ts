function offsetSeconds(utcOffset: string): number {
  const [, sign = '+', hours = '0', minutes = '0'] = /^([+-])(\d{2}):(\d{2})$/.exec(utcOffset) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
}

/** Whole seconds since the epoch as a portal prints them: `2024-07-18T12:32:31+02:00`. */
export function formatTimestamp(seconds: number, utcOffset: string): string {
  const local = new Date((seconds + offsetSeconds(utcOffset)) * 1000);
  return `${local.toISOString().slice(0, 19)}${utcOffset}`;
}

/**
 * What becomes of the offset of a date that the portal is given: it is dropped, and the digits are read as the
 * portal's own time, or it counts.
 */
export type GivenOffset = 'dropped' | 'counted';

/** @throws Error for anything else */
export function assertGivenOffset(given: string): asserts given is GivenOffset {
  if (given !== 'dropped' && given !== 'counted') throw new Error('An offset is dropped or counted');
}

/**
 * A date as the portal is given it: `2024-07-18T12:32:31+02:00`, `2024-07-18 12:32:31`, `18.07.2024`; a time left out is
 * midnight.
 * @param utcOffset of the portal, for digits without an offset that counts
 * @returns Unix seconds; null for anything else
 */
export function givenSeconds(text: string, utcOffset: string, given: GivenOffset): number | null {
  const iso = text.trim().replace(/^(\d{2})\.(\d{2})\.(\d{4})/, '$3-$2-$1');
  const [, day, time = '00:00:00', offset = ''] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?)?$/.exec(iso) ?? [];
  const own = given === 'dropped' || offset === '' ? utcOffset : offset.replace(/(\d\d)(\d\d)$/, '$1:$2');
  const milliseconds = Date.parse(`${day}T${time}${own}`);
  return Number.isNaN(milliseconds) ? null : milliseconds / 1000;
}

/** @throws Error for anything but `+hh:mm` or `-hh:mm` */
export function assertUtcOffset(utcOffset: string): void {
  if (!/^[+-]\d{2}:\d{2}$/.test(utcOffset)) throw new Error(`Not an offset such as +02:00: ${utcOffset}`);
}

/**
 * How a portal prints `TIMESTAMP_X`. `iso` is what the REST documentation says; the others are what a portal's own
 * settings, an old module or a changed class may make of it.
 */
const STYLES = {
  iso: formatTimestamp,
  /** `2024-07-18T12:32:31+0200` */
  'iso-basic': (seconds, utcOffset) => formatTimestamp(seconds, utcOffset).replace(/:(\d\d)$/, '$1'),
  /** `2024-07-18T10:32:31Z` */
  utc: (seconds) => formatTimestamp(seconds, '+00:00').replace('+00:00', 'Z'),
  /** `2024-07-18T12:32:31.000+02:00` */
  fractions: (seconds, utcOffset) => `${formatTimestamp(seconds, utcOffset).slice(0, 19)}.000${utcOffset}`,
  /** `2024-07-18 12:32:31` */
  database: (seconds, utcOffset) => formatTimestamp(seconds, utcOffset).slice(0, 19).replace('T', ' '),
  /** `18.07.2024 12:32:31` */
  site: (seconds, utcOffset) =>
    formatTimestamp(seconds, utcOffset).replace(/^(\d+)-(\d+)-(\d+)T(.{8}).*$/, '$3.$2.$1 $4'),
  unix: (seconds) => seconds,
  null: () => null,
  /** The field is left out. */
  none: () => undefined,
  empty: () => '',
  garbage: () => 'Object',
} satisfies Record<string, (seconds: number, utcOffset: string) => unknown>;

export type TimestampStyle = keyof typeof STYLES;

export function printTimestamp(seconds: number, utcOffset: string, style: TimestampStyle): unknown {
  return STYLES[style](seconds, utcOffset);
}

/** @throws Error for anything but the name of a style */
export function assertTimestampStyle(style: string): asserts style is TimestampStyle {
  if (!Object.hasOwn(STYLES, style)) {
    throw new Error(`timestamps is one of ${Object.keys(STYLES).join(', ')}`);
  }
}
