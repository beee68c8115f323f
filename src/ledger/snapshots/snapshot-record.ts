import { type Selectable } from 'kysely';
import { type SnapshotState, type SnapshotsTable, type SnapshotTypesTable } from '../../database/schema.js';
import { type Db } from '../transitions.js';

/** How far a snapshot is with one kind of objects. */
export interface SnapshotType {
  readonly ordinal: number;
  /** `crm.deal`. */
  readonly name: string;
  readonly entityTypeId: number;
  /** Everything up to this id is read and in the ledger. */
  readonly afterId: number;
  /** The last id that there was when it was begun; null until it was. */
  readonly maxId: number | null;
  /** Objects read, those left out included. */
  readonly objects: number;
  /** Left out, since a newer event of them was under way. */
  readonly superseded: number;
}

/** Reading all that there is of some kinds of objects of a portal. Times are Unix ms. */
export interface SnapshotRecord {
  readonly no: number;
  readonly memberId: string;
  readonly state: SnapshotState;
  /** Why it has failed, or what holds it up; null: nothing. */
  readonly reason: string | null;
  /** What objects have to be like, as the portal takes it. */
  readonly filter: Readonly<Record<string, string>>;
  /** The routing key that was asked for; null: the standard ones. */
  readonly routingKey: string | null;
  readonly askedBy: string;
  readonly createdAt: number;
  /** When it was last begun or gone on with, and for how long it ran before, ms. */
  readonly resumedAt: number;
  readonly ranMs: number;
  readonly finishedAt: number | null;
  readonly progressedAt: number;
  readonly types: readonly SnapshotType[];
}

/** The process id of a snapshot's events. */
export function snapshotProcessId(no: number): string {
  return `snapshot-${no}`;
}

/** The conditions of a snapshot as people write them: `stageId=WON`, `opportunity>=100`. */
export function conditionsOf({ filter }: Pick<SnapshotRecord, 'filter'>): string[] {
  return Object.entries(filter).map(([name, value]) => {
    const [, operator = '', field = ''] = /^([<>=!]*)(.*)$/s.exec(name) ?? [];
    return `${field}${operator === '' ? '=' : operator}${value}`;
  });
}

/** Whether all of a kind is in the ledger. */
export function isTypeDone({ afterId, maxId }: Pick<SnapshotType, 'afterId' | 'maxId'>): boolean {
  return maxId !== null && afterId >= maxId;
}

/** Snapshots with their kinds, in the order of the rows. */
export async function withTypes(
  db: Db,
  rows: readonly Selectable<SnapshotsTable>[],
): Promise<SnapshotRecord[]> {
  if (rows.length === 0) return [];
  const types = await db
    .selectFrom('snapshot_types')
    .selectAll()
    .where(
      'snapshot_no',
      'in',
      rows.map(({ no }) => no),
    )
    .orderBy('ordinal')
    .execute();
  return rows.map((row) => ({
    no: row.no,
    memberId: row.member_id,
    state: row.state,
    reason: row.reason,
    filter: JSON.parse(row.filter) as Record<string, string>,
    routingKey: row.routing_key,
    askedBy: row.asked_by,
    createdAt: row.created_at,
    resumedAt: row.resumed_at,
    ranMs: row.ran_ms,
    finishedAt: row.finished_at,
    progressedAt: row.progressed_at,
    types: types.filter(({ snapshot_no: no }) => no === row.no).map(typeOf),
  }));
}

function typeOf(row: SnapshotTypesTable): SnapshotType {
  return {
    ordinal: row.ordinal,
    name: row.type,
    entityTypeId: row.entity_type_id,
    afterId: row.after_id,
    maxId: row.max_id,
    objects: row.objects,
    superseded: row.superseded,
  };
}
