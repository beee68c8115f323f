import { type Insertable, type Kysely, type Selectable, sql } from 'kysely';
import { type AuditTable, type Schema } from '../database/schema.js';
import { type AuditAction } from './audit-log.js';
import { type ActorKind } from './actor.js';

type Db = Kysely<Schema>;

/** An entry about to be written. */
export type NewEntry = Required<Omit<Insertable<AuditTable>, 'id'>> & {
  readonly actor_kind: ActorKind;
  readonly action: AuditAction;
};

/** An entry as it is stored. */
export type StoredEntry = Selectable<AuditTable>;

/** Which entries; what is left out does not narrow. */
export interface AuditFilter {
  readonly memberId?: string | undefined;
  /** Name of an actor, or a kind of them where there is no name. */
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  /** Unix ms, the first moment. */
  readonly from?: number | undefined;
  /** Unix ms, the first moment that is too late. */
  readonly to?: number | undefined;
}

/** Where a page of entries begins: after this one. */
export interface AuditMark {
  readonly at: number;
  readonly id: number;
}

/** Writes an entry, and returns its number. */
export async function insertEntry(db: Db, entry: NewEntry): Promise<number> {
  const { id } = await db.insertInto('audit').values(entry).returning('id').executeTakeFirstOrThrow();
  return id;
}

/** So many more of the same. */
export async function raiseCount(db: Db, id: number, by: number): Promise<void> {
  await db
    .updateTable('audit')
    .set((eb) => ({ count: sql<number>`coalesce(${eb.ref('count')}, 0) + cast(${by} as bigint)` }))
    .where('id', '=', id)
    .execute();
}

/** Entries, the latest first, at most `limit`. */
export async function listEntries(
  db: Db,
  { memberId, actor, action, from, to }: AuditFilter,
  limit: number,
  after?: AuditMark,
): Promise<StoredEntry[]> {
  return db
    .selectFrom('audit')
    .selectAll()
    .$if(memberId !== undefined, (query) => query.where('member_id', '=', memberId ?? ''))
    .$if(actor !== undefined, (query) =>
      query.where((eb) =>
        eb.or([
          eb('actor_name', '=', actor ?? ''),
          eb.and([eb('actor_name', 'is', null), eb('actor_kind', '=', actor ?? '')]),
        ]),
      ),
    )
    .$if(action !== undefined, (query) => query.where('action', '=', action ?? ''))
    .$if(from !== undefined, (query) => query.where('at', '>=', from ?? 0))
    .$if(to !== undefined, (query) => query.where('at', '<', to ?? 0))
    .$if(after !== undefined, (query) =>
      query
        .where('at', '<=', after?.at ?? 0)
        .where((eb) => eb.or([eb('at', '<', after?.at ?? 0), eb('id', '<', after?.id ?? 0)])),
    )
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}
