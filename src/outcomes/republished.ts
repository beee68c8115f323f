/** What is to be republished: at most so many messages, of one routing key or of all. */
export interface RepublishOrder {
  /** Null: of every key. */
  readonly key: string | null;
  readonly count: number;
}

/** Why messages that were chosen are still in the queue. */
export type LeftBecause =
  /** No queue is bound to their key. The first one of such a key was tried, and lies at the end of the queue now. */
  | 'unroutable'
  /** A queue or the broker did not take them. */
  | 'unconfirmed'
  /** No event of this bridge's, or one without its data. */
  | 'unreadable'
  /** Of a portal that is not installed. */
  | 'unknown_portal';

/** What became of an order. Counts of messages. */
export interface Republished {
  /** Delivered to the queues that are bound, or due now from the ledger. */
  readonly republished: number;
  /** Dead letters whose event is under way again, or was settled since: taken out, and nothing more. */
  readonly obsolete: number;
  readonly left: Readonly<Partial<Record<LeftBecause, number>>>;
  /** It ended early: at a message that was passed by too often, or at the bound of one run. */
  readonly cutShort: boolean;
}

/** Most that is asked for over HTTP: whoever asks waits for it. */
export const MOST_AT_ONCE = 5000;
/** Messages that one run passes by or republishes. */
export const MOST_IN_ONE_RUN = 20_000;
/** Messages that are published together. */
export const PAGE = 100;
