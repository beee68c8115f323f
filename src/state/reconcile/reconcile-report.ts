import { type Database } from '../../database/database.js';
import { type MissedKind } from '../../database/reconcile-schema.js';
import { askNow } from './memory/asked.js';
import { countKnown } from './memory/known.js';
import { countMissed, type MissedChange, type MissedFilter, readMissed } from './memory/read-missed.js';
import { readTypes } from './memory/types.js';
import { countSuspects } from './memory/suspects.js';

/** How far reconciling is with a kind of a portal's objects. Times are Unix milliseconds. */
export interface TypeReport {
  readonly type: string;
  /** Objects that are known to be there. */
  readonly objects: number;
  /** Since when differences count; null while everything is looked at for the first time. */
  readonly learnedAt: number | null;
  /** When it was last looked through what was changed; null where it was not yet. */
  readonly lookedAt: number | null;
  /** When the last sweep through all objects began that is over; null where none is. */
  readonly sweptAt: number | null;
  /** How far the sweep is that is under way, 0 to 1; null where none is. */
  readonly sweep: number | null;
  /** Changes whose events may still come. */
  readonly suspects: number;
  /** Why it cannot be read at present; null where it can. */
  readonly trouble: string | null;
  /** Changes in the report. */
  readonly missed: Readonly<Record<MissedKind, number>>;
}

/** What reconciling has found, and how far it is: for people. */
export class ReconcileReport {
  constructor(
    private readonly database: Database,
    private readonly now: () => number = Date.now,
  ) {}

  /** Kinds of objects of a portal. */
  async types(memberId: string): Promise<TypeReport[]> {
    const { db } = this.database;
    const missed = await countMissed(db, memberId);
    const reports: TypeReport[] = [];
    for (const type of await readTypes(db, memberId)) {
      const counts = { add: 0, update: 0, delete: 0 };
      for (const one of missed) if (one.type === type.type) counts[one.change] = one.count;
      const { sweep_began_at: began, sweep_after_id: after, sweep_max_id: max } = type;
      reports.push({
        type: type.type,
        objects: await countKnown(db, type.no),
        learnedAt: type.learned_at,
        lookedAt: type.learned_at === null ? null : type.looked_at,
        sweptAt: type.swept_at,
        sweep: began === null ? null : (after ?? 0) / Math.max(max ?? 0, 1),
        suspects: await countSuspects(db, type.no),
        trouble: type.trouble,
        missed: counts,
      });
    }
    return reports;
  }

  /** Changes that no event had announced, the latest first. @param before only those with a smaller number */
  missed(filter: MissedFilter, limit: number, before?: number): Promise<MissedChange[]> {
    return readMissed(this.database.db, filter, limit, before);
  }

  /** Has everything of these portals compared now: their owner begins within seconds. */
  async askNow(memberIds: readonly string[]): Promise<void> {
    await askNow(this.database.db, memberIds, this.now());
  }
}

/** The id of the event that told of such a change. */
export function eventIdOf({ member_id: memberId, no, changed_at: changedAt }: MissedChange): string {
  return `${memberId}-r${no}-${changedAt}`;
}
