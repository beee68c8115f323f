import { type KnownObjects } from './memory/known.js';
import { type Remembered } from './memory/remember.js';
import { type Judging, judgeAbsent, judgeListed, type Known, type Verdict } from './missed.js';

/** What is to be remembered of an object by a verdict; null where that is nothing new. Pure. */
export function rememberedBy(id: number, known: Known | undefined, verdict: Verdict): Remembered | null {
  const before = { id, updatedAt: known?.updatedAt ?? null, gone: known?.gone ?? false };
  switch (verdict.is) {
    case 'known':
      return null;
    case 'accounted':
      return { ...before, updatedAt: verdict.updatedAt, listedAt: null, suspectAt: null, gone: false };
    case 'cleared':
      return { ...before, listedAt: null, suspectAt: null };
    case 'suspect':
      return { ...before, listedAt: verdict.listedAt, suspectAt: verdict.suspectAt };
    case 'missed':
      return {
        id,
        updatedAt: verdict.change === 'delete' ? before.updatedAt : (known?.listedAt ?? null),
        listedAt: null,
        suspectAt: null,
        gone: verdict.change === 'delete',
      };
  }
}

/** What a look that reports nothing yet has to remember of the objects that it was shown. Pure. */
export function firstSeen(
  listed: readonly { readonly id: number; readonly updatedAt: number }[],
  known: KnownObjects,
  judging: Judging,
): Remembered[] {
  return listed.flatMap(({ id, updatedAt }) => {
    const before = known.get(id);
    const verdict = judgeListed(updatedAt, before, { ...judging, emptyAt: null });
    return rememberedBy(id, before, verdict) ?? [];
  });
}

/** The same of objects that are known and were not shown. Pure. */
export function firstAbsent(
  listed: ReadonlySet<number>,
  known: KnownObjects,
  judging: Judging,
): Remembered[] {
  return [...known].flatMap(([id, before]) => {
    if (listed.has(id)) return [];
    const verdict = judgeAbsent(before, null, judging);
    return rememberedBy(id, before, verdict) ?? [];
  });
}
