import { among } from './lists.js';
import { type ReservedEvent } from './reserved-batch.js';
import { type Identified } from './same-change.js';
import { type Db } from './transitions.js';

/** What the ledger remembers of a change that comes back under a new process id. */
export interface Prior extends Identified {
  readonly seq: number;
  readonly message_id: string;
  readonly attempt: number;
  readonly attempts_before: number;
  readonly due_at: number | null;
  readonly reason: string | null;
  readonly reason_no: number | null;
  readonly heard: 0 | 1;
  readonly stands_for_newer: 0 | 1 | null;
}

/** Deliveries of the same messages in other batches, by message id. */
export async function priorsOf(
  db: Db,
  memberId: string,
  processId: string,
  events: readonly ReservedEvent[],
): Promise<Map<string, Prior[]>> {
  const byMessage = new Map<string, Prior[]>();
  const rows = await db
    .selectFrom('deliveries')
    .select([
      'seq',
      'message_id',
      'row_id',
      'changed_at',
      'time_assumed',
      'payload',
      'user_id',
      'state',
      'held',
      'attempt',
      'attempts_before',
      'due_at',
      'reason',
      'reason_no',
      'heard',
      'stands_for_newer',
    ])
    .where('member_id', '=', memberId)
    .where(
      among(
        db,
        'message_id',
        events.map((event) => event.messageId),
      ),
    )
    .where('process_id', '!=', processId)
    .execute();
  for (const row of rows) {
    const list = byMessage.get(row.message_id);
    if (list === undefined) byMessage.set(row.message_id, [row]);
    else list.push(row);
  }
  return byMessage;
}
