import { sql } from 'kysely';
import { type DeliveryOrigin } from '../database/schema.js';
import { among } from './lists.js';
import { type Publishable, PUBLISHABLE_COLUMNS, publishableOf } from './publishable.js';
import { dueWaiting, type PublishableKind } from './publishing.js';
import { type RetryPolicy } from './retry-timing.js';
import { type Db } from './transitions.js';

/** A delivery that is to be published, without what it carries. */
export interface PublishableKey {
  readonly seq: number;
  readonly attempt: number;
  readonly event: string;
  /** Id of its object; '' where it has none, null where only its data tells. */
  readonly objectId: string | null;
  /** Its data as JSON text, where its object cannot be told without; else null. */
  readonly payload: string | null;
  /** When it was reserved; of a retry, when that fell due and could be published. Unix ms. */
  readonly since: number;
  readonly origin: DeliveryOrigin | null;
}

/** Events whose code does not tell the type of their object. */
const UNNUMBERED = sql`lower(event) in ('oncrmdynamicitemadd', 'oncrmdynamicitemupdate', 'oncrmdynamicitemdelete')`;

function keyQuery(db: Db, memberId: string) {
  return db
    .selectFrom('deliveries')
    .select([
      'seq',
      'attempt',
      'event',
      'object_id as objectId',
      'origin',
      'reserved_at',
      'state_at',
      'due_at',
    ])
    .select(sql<string | null>`case when object_id is null or ${UNNUMBERED} then payload end`.as('payload'))
    .where('member_id', '=', memberId);
}

type KeyRow = Awaited<ReturnType<ReturnType<typeof keyQuery>['execute']>>[number];

function keyOf(row: KeyRow, kind: PublishableKind): PublishableKey {
  const { reserved_at: reservedAt, state_at: stateAt, due_at: dueAt, ...key } = row;
  // A retry may fall due while the portal has it, marked.
  return { ...key, since: kind === 'reserved' ? reservedAt : Math.max(dueAt ?? stateAt, stateAt) };
}

/** Those deliveries that `nextPublishable` reads in whole, in the same order. */
export async function nextPublishableKeys(
  db: Db,
  memberId: string,
  kind: PublishableKind,
  afterSeq: number,
  limit: number,
  policy: RetryPolicy,
  now: number,
): Promise<PublishableKey[]> {
  const rows = await keyQuery(db, memberId)
    .where('state', '=', sql.lit(kind))
    .$if(kind === 'waiting', (query) => query.where(dueWaiting(policy, now)))
    .where('seq', '>', afterSeq)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map((row) => keyOf(row, kind));
}

/** Of these deliveries, those that are still to be published; in the order of their reservation. */
export async function publishableNamed(
  db: Db,
  memberId: string,
  seqs: readonly number[],
): Promise<Publishable[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select(PUBLISHABLE_COLUMNS)
    .where('member_id', '=', memberId)
    .where(sql<boolean>`state in ('reserved', 'waiting', 'refused')`)
    .where(among(db, 'seq', seqs))
    .orderBy('seq')
    .execute();
  return rows.map(publishableOf);
}
