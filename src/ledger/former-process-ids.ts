import { sql } from 'kysely';
import { among } from './lists.js';
import { type DeliveryName, rowsNamed } from './rows-named.js';
import { type Db } from './transitions.js';

/**
 * Remembers under which process ids these deliveries were known, before they are replaced by those of the same messages
 * in another batch. What they were known by earlier goes over to the new ones, too.
 * @param seqs of the deliveries that are about to be deleted
 */
export async function rememberProcessIds(
  db: Db,
  memberId: string,
  processId: string,
  seqs: readonly number[],
): Promise<void> {
  const successor = sql<number>`(
    select present.seq from deliveries former join deliveries present
      on present.member_id = former.member_id and present.message_id = former.message_id
    where former.seq = former_process_ids.delivery_seq
      and present.member_id = ${memberId} and present.process_id = ${processId})`;
  await db
    .updateTable('former_process_ids')
    .set({ delivery_seq: successor })
    .where(among(db, 'delivery_seq', seqs))
    .execute();
  await db
    .insertInto('former_process_ids')
    .columns(['member_id', 'process_id', 'message_id', 'changed_at', 'delivery_seq'])
    .expression((eb) =>
      eb
        .selectFrom('deliveries as former')
        .innerJoin('deliveries as present', (join) =>
          join
            .onRef('present.member_id', '=', 'former.member_id')
            .onRef('present.message_id', '=', 'former.message_id'),
        )
        .select([
          'former.member_id',
          'former.process_id',
          'former.message_id',
          'former.changed_at',
          'present.seq',
        ])
        .where('present.member_id', '=', memberId)
        .where('present.process_id', '=', processId)
        .where('former.process_id', '!=', processId)
        .where(
          'former.seq',
          'in',
          db
            .selectFrom('deliveries')
            .select('seq')
            .where(among(db, 'seq', seqs)),
        ),
    )
    .onConflict((conflict) =>
      conflict.columns(['member_id', 'process_id', 'message_id']).doUpdateSet((eb) => ({
        changed_at: eb.ref('excluded.changed_at'),
        delivery_seq: eb.ref('excluded.delivery_seq'),
      })),
    )
    .execute();
}

/** A process id that a delivery had before. */
interface FormerProcessId {
  readonly member_id: string;
  readonly process_id: string;
  readonly message_id: string;
  readonly changed_at: number;
  readonly delivery_seq: number;
}

/** The deliveries that these have become since. */
export async function formerlyKnown(db: Db, names: readonly DeliveryName[]): Promise<FormerProcessId[]> {
  return rowsNamed<FormerProcessId>(
    db,
    'former_process_ids',
    ['member_id', 'process_id', 'message_id', 'changed_at', 'delivery_seq'],
    names,
  );
}

/** Forgets what was remembered of deliveries that are gone. Returns how many process ids; at most `limit`. */
export async function forgetProcessIds(db: Db, limit: number): Promise<number> {
  const result = await db
    .deleteFrom('former_process_ids')
    .where('delivery_seq', 'in', (eb) =>
      eb
        .selectFrom('former_process_ids as former')
        .select('former.delivery_seq')
        .where((former) =>
          former.not(
            former.exists(
              former
                .selectFrom('deliveries')
                .select('seq')
                .whereRef('deliveries.seq', '=', 'former.delivery_seq'),
            ),
          ),
        )
        .limit(limit),
    )
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
