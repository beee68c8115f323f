import { sql } from 'kysely';
import { asJson, jsonRows } from '../../../ledger/lists.js';
import { chunks, type Db } from '../../../ledger/transitions.js';

/** What is to be known of an object from now on; what events have announced of it stays. */
export interface Remembered {
  readonly id: number;
  readonly updatedAt: number | null;
  readonly listedAt: number | null;
  readonly suspectAt: number | null;
  readonly gone: boolean;
}

export async function remember(db: Db, typeNo: number, objects: readonly Remembered[]): Promise<void> {
  for (const part of chunks(objects)) {
    const rows = part.map(({ id, updatedAt, listedAt, suspectAt, gone }) => [
      id,
      updatedAt,
      listedAt,
      suspectAt,
      gone ? 1 : 0,
    ]);
    await sql`insert into seen_objects (type_no, object_id, updated_at, listed_at, suspect_at, gone)
      select cast(${typeNo} as integer), cast(value ->> 0 as bigint), cast(value ->> 1 as bigint),
        cast(value ->> 2 as bigint), cast(value ->> 3 as bigint), cast(value ->> 4 as integer)
      from ${jsonRows(db, asJson(rows))}
      on conflict (type_no, object_id) do update set updated_at = excluded.updated_at,
        listed_at = excluded.listed_at, suspect_at = excluded.suspect_at, gone = excluded.gone`.execute(db);
  }
}
