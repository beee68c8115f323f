import { type DeliveryRecord, type DeliveryReference } from './find-deliveries.js';
import { type Db } from './transitions.js';

type EventReference = Exclude<DeliveryReference, { readonly seq: number }>;

/** The last delivery of each of these events, in their order; of what is gone, nothing. */
export async function lastOfEvents(db: Db, events: readonly EventReference[]): Promise<DeliveryRecord[]> {
  if (events.length === 0) return [];
  const rows = await db
    .selectFrom('deliveries')
    .selectAll()
    .where((eb) =>
      eb.or(
        events.map(({ memberId, rowId, changedAt }) =>
          eb.and([
            eb('member_id', '=', memberId),
            eb('row_id', '=', rowId),
            eb('changed_at', '=', changedAt),
          ]),
        ),
      ),
    )
    .orderBy('seq')
    .execute();
  const last = new Map(
    rows.map((row) => [
      nameOf({ memberId: row.member_id, rowId: row.row_id, changedAt: row.changed_at }),
      row,
    ]),
  );
  return events.flatMap((event) => last.get(nameOf(event)) ?? []);
}

function nameOf({ memberId, rowId, changedAt }: EventReference): string {
  return `${memberId}-${rowId}-${changedAt}`;
}
