/**
 * A reply to one event, one that names several, what a NestJS server answers by itself, an event that came back as a dead
 * letter; or that nothing was heard.
 */
export type ToldBy = 'reply' | 'group reply' | 'nestjs answer' | 'dead letter' | 'silence';

/** What a downstream service said of some deliveries of one batch. */
export interface Outcome {
  readonly memberId: string;
  readonly processId: string;
  readonly messageIds: readonly string[];
  /** The attempt it speaks of; null = the current one. */
  readonly attempt: number | null;
  readonly outcome: 'processed' | 'failed';
  readonly reason: string | null;
  /** What told of it; null where that is not known. */
  readonly via?: ToldBy | null;
}

/** What a group of outcomes changed. Counts of deliveries, by portal where it matters. */
export interface OutcomesRecorded {
  /** Deliveries that now count as processed, by member id. */
  readonly processed: Map<string, number>;
  /** Deliveries that failed while they were under way, by member id. */
  readonly failed: Map<string, number>;
  /** Deliveries that failed after the portal's row was cleared, by member id. */
  readonly lateFailed: Map<string, number>;
  /** Deliveries that are to be marked by the next round, by member id. */
  readonly toMark: Map<string, number>;
  /** Deliveries named that had no effect: repeated, or of an earlier attempt. */
  readonly ignored: number;
  /** Deliveries named that the ledger does not know. */
  readonly unknown: number;
  /** Their message ids, by the outcome that named them. */
  readonly unknownOf: ReadonlyMap<Outcome, readonly string[]>;
}
