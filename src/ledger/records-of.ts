import { type DeliveryRecord } from './find-deliveries.js';
import { among } from './lists.js';
import { type Db } from './transitions.js';

/** Deliveries by their numbers, in the order of these; what is gone is left out. */
export async function recordsOf(db: Db, seqs: readonly number[]): Promise<DeliveryRecord[]> {
  if (seqs.length === 0) return [];
  const rows = await db
    .selectFrom('deliveries')
    .selectAll()
    .where(among(db, 'seq', seqs))
    .execute();
  const found = new Map(rows.map((row) => [row.seq, row]));
  return seqs.flatMap((seq) => found.get(seq) ?? []);
}
