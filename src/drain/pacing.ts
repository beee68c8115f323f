import { type PortalError } from '../bitrix24/errors.js';
import { type PortalState } from '../database/schema.js';

/** How a failed request changes the portal's state and when it is asked again. */
export interface Consequence {
  readonly state: PortalState;
  readonly reason: string | null;
  /** Milliseconds. */
  readonly pauseMs: number;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** A cause that people have to remove is looked at slowly. */
export const SLOW_RECHECK_MS = 300_000;
/** Only a new installation helps; the authorization server blocks those who keep asking. */
export const UNAUTHORIZED_RECHECK_MS = 3_600_000;

/** A growing pause after the `failures`th failure in a row, with jitter. `random` is from 0 to 1. */
export function backOff(failures: number, random: number): number {
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10), LONGEST_PAUSE_MS);
  return Math.round(pause * (0.75 + random / 2));
}

/** What a request that failed as a whole means for its portal. Pure. */
export function consequenceOf(
  error: PortalError,
  failures: number,
  now: number,
  random: number,
): Consequence {
  const { message: reason } = error;
  switch (error.action) {
    case 'suspend':
    case 'configuration':
    case 'bug':
      return { state: 'suspended', reason, pauseMs: SLOW_RECHECK_MS };
    case 'unlicensed':
      return { state: 'unlicensed', reason, pauseMs: SLOW_RECHECK_MS };
    case 'unauthorized':
      return { state: 'unauthorized', reason, pauseMs: UNAUTHORIZED_RECHECK_MS };
    case 'throttle': {
      const until = 'until' in error && typeof error.until === 'number' ? error.until - now : 0;
      // The rate budget makes the next request wait its turn; this only keeps an idle loop from spinning.
      return { state: 'active', reason: null, pauseMs: Math.min(Math.max(until, FIRST_PAUSE_MS), 600_000) };
    }
    case 'retry':
    case 'refresh':
    case 'unknown-outcome':
      return { state: 'active', reason: null, pauseMs: backOff(failures, random) };
  }
}
