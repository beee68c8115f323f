import { type DeliveryState, type Flag } from '../database/schema.js';
import { formerlyKnown } from './former-process-ids.js';
import { among } from './lists.js';
import { type Outcome } from './outcome.js';
import { type DeliveryName, rowsNamed } from './rows-named.js';
import { type Db } from './transitions.js';

export interface Target {
  seq: number;
  member_id: string;
  message_id: string;
  state: DeliveryState;
  held: Flag;
  errored: Flag;
  attempt: number;
  attempts_before: number;
  due_at: number | null;
  discarded_at: number | null;
  heard: Flag;
  reason: string | null;
  changed_at: number;
  stands_for_newer: Flag | null;
}

/** A delivery as an outcome names it. */
export interface NamedDelivery {
  /** One object a delivery, however it is named: what one outcome changes, the next one sees. */
  readonly target: Target;
  /** The change that it was under the process id that the outcome names, where it has another one by now. */
  readonly formerChange: number | null;
}

/** Names a delivery as an outcome does. */
export const targetKey = (memberId: string, processId: string, messageId: string) =>
  `${memberId}\n${processId}\n${messageId}`;

const TARGET_COLUMNS = [
  'seq',
  'member_id',
  'message_id',
  'changed_at',
  'stands_for_newer',
  'state',
  'held',
  'errored',
  'attempt',
  'attempts_before',
  'due_at',
  'discarded_at',
  'heard',
  'reason',
] as const;

/** The deliveries that outcomes name, by {@link targetKey}. */
export async function loadNamed(db: Db, outcomes: readonly Outcome[]): Promise<Map<string, NamedDelivery>> {
  const wanted = new Map<string, DeliveryName>();
  for (const { memberId, processId, messageIds } of outcomes) {
    for (const messageId of messageIds)
      wanted.set(targetKey(memberId, processId, messageId), { memberId, processId, messageId });
  }
  const targets = new Map<string, NamedDelivery>();
  const bySeq = new Map<number, Target>();
  for (const row of await rowsNamed<Target & { readonly process_id: string }>(
    db,
    'deliveries',
    [...TARGET_COLUMNS, 'process_id'],
    [...wanted.values()],
  )) {
    bySeq.set(row.seq, row);
    const key = targetKey(row.member_id, row.process_id, row.message_id);
    targets.set(key, { target: row, formerChange: null });
  }
  const others = [...wanted].filter(([key]) => !targets.has(key)).map(([, name]) => name);
  const former = (await formerlyKnown(db, others)).map((known) => ({
    key: targetKey(known.member_id, known.process_id, known.message_id),
    seq: known.delivery_seq,
    change: known.changed_at,
  }));
  const missing = former.map(({ seq }) => seq).filter((seq) => !bySeq.has(seq));
  if (missing.length > 0) {
    const rows = await db
      .selectFrom('deliveries')
      .select(TARGET_COLUMNS)
      .where(among(db, 'seq', missing))
      .execute();
    for (const row of rows) bySeq.set(row.seq, row);
  }
  for (const { key, seq, change } of former) {
    const target = bySeq.get(seq);
    if (target !== undefined) targets.set(key, { target, formerChange: change });
  }
  return targets;
}
