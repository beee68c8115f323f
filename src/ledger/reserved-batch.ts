/** One row of a portal's queue, as an answer showed it. */
export interface ReservedEvent {
  readonly rowId: string;
  readonly messageId: string;
  /** `TIMESTAMP_X`, Unix seconds. */
  readonly changedAt: number;
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
}

/** EVENT_DATA as it is stored. */
export function payloadOf({ data }: Pick<ReservedEvent, 'data'>): string {
  return JSON.stringify(data ?? null);
}
