import { type SnapshotRecord } from './snapshot-record.js';

/** How far a snapshot is, and how long it is likely to take. */
export interface SnapshotProgress {
  /** 0 to 1, by the ids that are read; null as long as it is not known up to which ids there are objects. */
  readonly fraction: number | null;
  readonly objects: number;
  readonly superseded: number;
  /** How many objects there are likely to be; null as long as nothing can be told. */
  readonly expected: number | null;
  /** How long it ran, ms. */
  readonly ranMs: number;
  /** How long it is likely to run on, ms; null as long as nothing can be told, and where it does not run. */
  readonly remainingMs: number | null;
}

/** Before that, what the first pages took says nothing of the others. */
const TELLING_MS = 5000;
const TELLING_FRACTION = 0.01;

/**
 * The progress of a snapshot: of its ids, so many are read. What is still to come is taken to be as dense and as fast as
 * what was: that is all that can be known. Pure.
 */
export function progressOf(snapshot: SnapshotRecord, now: number): SnapshotProgress {
  const { types, state } = snapshot;
  const objects = sum(types.map((type) => type.objects));
  const superseded = sum(types.map((type) => type.superseded));
  const ranMs = snapshot.ranMs + (state === 'running' ? Math.max(0, now - snapshot.resumedAt) : 0);
  const fraction = state === 'completed' ? 1 : fractionOf(types);
  const isTelling = fraction !== null && fraction >= TELLING_FRACTION;
  return {
    fraction,
    objects,
    superseded,
    expected: isTelling ? Math.round(objects / fraction) : null,
    ranMs,
    remainingMs:
      isTelling && state === 'running' && ranMs >= TELLING_MS
        ? Math.round((ranMs * (1 - fraction)) / fraction)
        : null,
  };
}

function fractionOf(types: SnapshotRecord['types']): number | null {
  const maxIds: number[] = [];
  for (const { maxId } of types) {
    if (maxId === null) return null;
    maxIds.push(maxId);
  }
  const all = sum(maxIds);
  if (all === 0) return 1;
  return sum(types.map(({ afterId, maxId }) => Math.min(afterId, maxId ?? 0))) / all;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
