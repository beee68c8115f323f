import { type RetryPolicy } from '../retry-timing.js';

/** How long, and how much of, what is settled is remembered; 0 days: nothing is. */
export interface HistorySettings {
  readonly HISTORY_DAYS: number;
  readonly HISTORY_MAX_EVENTS: number;
}

/** What verbs go by that let deliveries fail, wait and end. */
export type LedgerPolicy = RetryPolicy & Pick<HistorySettings, 'HISTORY_DAYS'>;
