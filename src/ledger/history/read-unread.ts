import { sql } from 'kysely';
import { type Database } from '../../database/database.js';
import { parseJson } from '../../json/exact-json.js';
import { rememberCodes } from '../event-codes.js';
import { asJson, jsonRows } from '../lists.js';
import { objectKeyOf } from '../reserved-batch.js';
import { type Db } from '../transitions.js';
import { reasonNumbers } from './reasons.js';

/** Read and written in one transaction: others are held up for milliseconds. */
const SLICE = 200;
const SLICES = 50;

/**
 * Writes down what deliveries are found by that a version without search has written: their object, and the number of
 * their reason. A part of them at a time.
 */
export class UnreadDeliveries {
  constructor(
    private readonly database: Pick<Database, 'transact'>,
    private readonly now: () => number = Date.now,
  ) {}

  /** Returns how many were read; 0 when there are no more. Rejects with the driver's error. */
  async run(): Promise<number> {
    let count = 0;
    for (let slice = 0; slice < SLICES; slice += 1) {
      const read = await this.database.transact((tx) => readSlice(tx, this.now()), SLICE);
      count += read;
      if (read < SLICE) break;
    }
    return count;
  }
}

async function readSlice(tx: Db, now: number): Promise<number> {
  const rows = await tx
    .selectFrom('deliveries')
    .select(['seq', 'event', 'payload', 'reason'])
    .where('object_id', 'is', null)
    .orderBy('seq')
    .limit(SLICE)
    .execute();
  if (rows.length === 0) return 0;
  await rememberCodes(tx, rows);
  const reasons = await reasonNumbers(
    tx,
    rows.flatMap(({ reason }) => (reason === null ? [] : [reason])),
    now,
  );
  const list = rows.map(({ seq, payload, reason }) => [
    seq,
    objectKeyOf({ data: parseJson(payload) }),
    reason === null ? null : (reasons.get(reason) ?? null),
  ]);
  await sql`update deliveries set object_id = found.object_id, reason_no = found.reason_no
    from (select cast(value ->> 0 as bigint) as seq, value ->> 1 as object_id, cast(value ->> 2 as bigint) as reason_no
      from ${jsonRows(tx, asJson(list))}) as found
    where deliveries.seq = found.seq and deliveries.object_id is null`.execute(tx);
  return rows.length;
}
