import { type DeliveryState } from '../database/schema.js';
import { type Db, touched } from './transitions.js';

/** The part of a portal's queue that calls under one source key see. */
export interface QueueScope {
  readonly memberId: string;
  /** '' without one. */
  readonly sourceKey: string;
}

/** States in which a delivery still needs something of the portal, whether it holds the row or not. */
const UNDER_WAY: readonly DeliveryState[] = ['failed', 'marked'];

/** Whether nothing in the ledger depends on the source key any more. */
export async function isDone(db: Db, { memberId, sourceKey }: QueueScope): Promise<boolean> {
  const delivery = await db
    .selectFrom('deliveries')
    .select('seq')
    .where('member_id', '=', memberId)
    .where('source_key', '=', sourceKey)
    .where((eb) => eb.or([eb('held', '=', 1), eb('state', 'in', UNDER_WAY)]))
    .limit(1)
    .executeTakeFirst();
  if (delivery !== undefined) return false;
  const journaled = await db
    .selectFrom('journal')
    .select('row_id')
    .where('member_id', '=', memberId)
    .where('source_key', '=', sourceKey)
    .limit(1)
    .executeTakeFirst();
  return journaled === undefined;
}

/** Puts everything of a portal that still needs the portal under one source key. Returns how many rows. */
export async function claimAll(db: Db, { memberId, sourceKey }: QueueScope): Promise<number> {
  const deliveries = await db
    .updateTable('deliveries')
    .set({ source_key: sourceKey })
    .where('member_id', '=', memberId)
    .where('source_key', '<>', sourceKey)
    .where((eb) => eb.or([eb('held', '=', 1), eb('state', 'in', UNDER_WAY)]))
    .executeTakeFirst();
  const journaled = await db
    .updateTable('journal')
    .set({ source_key: sourceKey })
    .where('member_id', '=', memberId)
    .where('source_key', '<>', sourceKey)
    .executeTakeFirst();
  return touched(deliveries) + touched(journaled);
}
