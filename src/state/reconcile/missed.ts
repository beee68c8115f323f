/** How long after an object its event may stand in the queue: the portal cuts a request, and so what it does, at 60 s. */
export const GRACE_MS = 60_000;

/** What is known of an object. Times of the portal are Unix seconds, ours Unix milliseconds. */
export interface Known {
  /** The portal's: its last change that is accounted for; null where it was never read. */
  readonly updatedAt: number | null;
  /** The portal's: the last change that an event has announced; null where none has. */
  readonly announcedAt: number | null;
  /** The portal's: a change that was read, and of which there was no event; null where there is none. */
  readonly listedAt: number | null;
  /** Ours: since when there is something of which there was no event; null where there is nothing. */
  readonly suspectAt: number | null;
  /** An event or a report has said that it was deleted. */
  readonly gone: boolean;
}

/** The times that a verdict depends on; ours, Unix milliseconds. */
export interface Judging {
  /** Everything that there was had been learned before, so that a difference is a change. */
  readonly learned: boolean;
  /** When the answer was there that showed the object, or its absence. */
  readonly readAt: number;
  /**
   * When the last round was sent that has read the portal's queue to its end; null where there was none: all that was
   * queued before is among what is known.
   */
  readonly emptyAt: number | null;
  /** So long after a change its event may still come into the queue. */
  readonly graceMs?: number;
}

export type Verdict =
  /** Nothing new, and nothing to be written. */
  | { readonly is: 'known' }
  /** It is accounted for: an event has announced it, or it is looked at for the first time. */
  | { readonly is: 'accounted'; readonly updatedAt: number }
  /** No event has announced it, and one may still come. */
  | { readonly is: 'suspect'; readonly listedAt: number | null; readonly suspectAt: number }
  /** There was no suspicion, or there is none any more. */
  | { readonly is: 'cleared' }
  /** No event has announced it, and none will. */
  | { readonly is: 'missed'; readonly change: 'add' | 'update' | 'delete' };

/**
 * What an object that was read says beside what is known of it. Pure.
 *
 * A change is missed where no event has announced it although the queue was read to its end a good while after the
 * change was seen: by then its event was in the queue, if there was one. Only our own clock is asked, and of the portal's
 * times only whether one is later than another, so neither a wrong clock nor an object with an old date matters.
 * @param updatedAt the portal's, Unix seconds
 */
export function judgeListed(updatedAt: number, known: Known | undefined, judging: Judging): Verdict {
  if (!judging.learned && known?.gone !== true) {
    return known?.updatedAt === updatedAt && known.suspectAt === null
      ? { is: 'known' }
      : { is: 'accounted', updatedAt };
  }
  if (known === undefined) return suspicion(updatedAt, judging);
  if (isAccounted(updatedAt, known)) {
    if (known.suspectAt === null && (known.updatedAt === updatedAt || known.gone)) return { is: 'known' };
    return known.updatedAt === updatedAt || known.gone ? { is: 'cleared' } : { is: 'accounted', updatedAt };
  }
  // Another change than the one that was seen before: its event has all its time before it.
  if (known.suspectAt === null || known.listedAt !== updatedAt) return suspicion(updatedAt, judging);
  if (!isOver(known.suspectAt, judging)) return { is: 'known' };
  const isNew = known.gone || (known.updatedAt === null && known.announcedAt === null);
  return { is: 'missed', change: isNew ? 'add' : 'update' };
}

/**
 * What it says that an object was not read. Pure.
 * @param confirmed whether the portal has said of this object that it does not exist; null where it was not asked
 */
export function judgeAbsent(known: Known | undefined, confirmed: boolean | null, judging: Judging): Verdict {
  if (known === undefined || known.gone) {
    return known?.suspectAt == null ? { is: 'known' } : { is: 'cleared' };
  }
  // Our user may not read it: that is no change.
  if (confirmed === false) return known.suspectAt === null ? { is: 'known' } : { is: 'cleared' };
  if (known.suspectAt === null || known.listedAt !== null) {
    return { is: 'suspect', listedAt: null, suspectAt: judging.readAt };
  }
  if (confirmed === null || !isOver(known.suspectAt, judging)) return { is: 'known' };
  return { is: 'missed', change: 'delete' };
}

/** Whether all that was queued of what was seen then has been read since. */
function isOver(
  suspectAt: number,
  { emptyAt, graceMs = GRACE_MS }: Pick<Judging, 'emptyAt' | 'graceMs'>,
): boolean {
  return emptyAt !== null && emptyAt >= suspectAt + graceMs;
}

/** Whether what was read is a state that an event, a report or an earlier look speaks of. */
function isAccounted(updatedAt: number, { updatedAt: before, announcedAt, gone }: Known): boolean {
  // Of what is deleted only something later can be there again.
  if (gone) return updatedAt <= Math.max(announcedAt ?? -Infinity, before ?? -Infinity);
  if (before === updatedAt) return true;
  if (announcedAt === null) return false;
  // Set back, as imports do: only an event of after what was there before speaks of it.
  if (before !== null && updatedAt < before) return announcedAt > before;
  return announcedAt >= updatedAt;
}

function suspicion(listedAt: number, { readAt }: Judging): Verdict {
  return { is: 'suspect', listedAt, suspectAt: readAt };
}
