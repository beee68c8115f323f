import { writeAnyJson } from '../json/exact-json.js';
import { objectIdOf } from '../json/object-id.js';

/** Longer ones, which no portal has, are found by their beginning. PostgreSQL's indexes take 2,700 bytes. */
const OBJECT_ID_LENGTH = 200;

/** One row of a portal's queue, as an answer showed it. */
export interface ReservedEvent {
  readonly rowId: string;
  readonly messageId: string;
  /** `TIMESTAMP_X`, Unix seconds. */
  readonly changedAt: number;
  /** The time could not be read: `changedAt` is when the answer was given. */
  readonly timeAssumed?: boolean;
  readonly event: string;
  readonly data: unknown;
  readonly userId: string | null;
}

/** A batch of rows that the portal now holds for us (or, on a plan without reservations, has handed over). */
export interface ReservedBatch {
  readonly processId: string;
  readonly events: readonly ReservedEvent[];
  /** The rows' own ERROR flag: they were marked before and are fetched again. */
  readonly errored: boolean;
  /** False where the portal has deleted its copy already. */
  readonly held: boolean;
  /** What was the time on the portal when it reserved them, Unix seconds; left out where that is not known. */
  readonly reservedAt?: number;
}

/** EVENT_DATA as it is stored. */
export function payloadOf({ data }: Pick<ReservedEvent, 'data'>): string {
  return writeAnyJson(data ?? null);
}

/** Id of the object that changed, as it is stored; '' where the event has none. */
export function objectKeyOf({ data }: Pick<ReservedEvent, 'data'>): string {
  return String(objectIdOf(data) ?? '').slice(0, OBJECT_ID_LENGTH);
}
