import { COMPARED, type ListedObject } from './listed-object.js';
import { filterDate, type FilterClock, likelyOffsets, offsetOf } from './filter-dates.js';
import { readPages } from './read-pages.js';
import { type ItemReader } from './reconcile-dependencies.js';

/** How a portal reads dates of filters, as an object has shown that was listed by its own date. */
export interface Calibration extends FilterClock {
  /** False where no object could be found by its own date: it may be read with any offset. */
  readonly certain: boolean;
  /** What the object was changed last, Unix seconds: offsets of other seasons may be others. */
  readonly knownBy: number;
}

const TRIES = 2;
/** The likeliest ones, which nearly always are enough, are asked for by themselves. */
const FIRST = 2;

/**
 * Finds out how the portal reads dates: the object that was changed last is asked for by its id and its own date, printed
 * in each way that comes into question, and the way in which it is found is the one.
 * @returns null where there is no object at all
 * @throws {CannotRead}
 */
export async function calibrate(
  reader: Pick<ItemReader, 'list'>,
  entityTypeId: number,
  signal: AbortSignal,
): Promise<Calibration | null> {
  let latest: ListedObject | undefined;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const order = { updatedTime: 'DESC', id: 'DESC' } as const;
    const [page] = await readPages(reader, [{ entityTypeId, filter: {}, order, select: COMPARED }], signal);
    latest = page?.[0];
    if (latest === undefined) return null;
    const { id, updatedAt, updatedTime } = latest;
    const offsets = likelyOffsets(offsetOf(updatedTime));
    for (const some of [offsets.slice(0, FIRST), offsets.slice(FIRST)]) {
      const commands = some.map((offset) => {
        const date = filterDate(updatedAt, { offset });
        return {
          entityTypeId,
          filter: { '@id': [id], '>=updatedTime': date, '<=updatedTime': date },
          select: COMPARED,
        };
      });
      const pages = await readPages(reader, commands, signal);
      const found = pages.findIndex((one) => one.some((object) => object.id === id));
      const offset = some[found];
      if (offset !== undefined) return { offset, certain: true, knownBy: updatedAt };
    }
    // It may have been changed just now.
  }
  if (latest === undefined) return null;
  return { offset: offsetOf(latest.updatedTime) ?? 0, certain: false, knownBy: latest.updatedAt };
}
