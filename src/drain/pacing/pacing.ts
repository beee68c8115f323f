import { AuthorizationUnavailable, type PortalError } from '../../bitrix24/errors.js';
import { type PortalState } from '../../database/schema.js';
import { Phrase } from '../../i18n/translate.js';

/** How a failed request changes the portal's state and when it is asked again. */
export interface Consequence {
  readonly state: PortalState;
  /** Also of a portal that stays active: trouble that has to be seen, though it passes by itself. */
  readonly reason: string | null;
  /** Milliseconds. */
  readonly pauseMs: number;
}

const FIRST_PAUSE_MS = 1000;
/** With its jitter 10 s at most: what an answer that was lost left behind is promised to be found within 15 s. */
const LONGEST_PAUSE_MS = 8000;
/** With its jitter a minute at most. A request that could not be authorized ran nothing, so nothing waits to be found. */
const LONGEST_AUTHORIZATION_PAUSE_MS = 48_000;
/** A method's execution time is counted over ten minutes. */
const LONGEST_THROTTLE_MS = 600_000;
/** Only a new installation helps; the authorization server blocks callers that keep asking. */
export const UNAUTHORIZED_RECHECK_MS = 3_600_000;

/** What people can do about a portal in such a state. */
export const ADVICE = {
  unauthorized: Phrase.of('advice.unauthorized'),
  unfinished: Phrase.of('advice.unfinished'),
  unmarkable: Phrase.of('advice.unmarkable'),
  not_allowed: Phrase.of('advice.not_allowed'),
  suspended: Phrase.of('advice.suspended'),
  unlicensed: Phrase.of('advice.unlicensed'),
  active: null,
  uninstalled: null,
} as const satisfies Readonly<Record<PortalState, Phrase | null>>;

/** A growing pause after the `failures`th failure in a row, with jitter. `random` is from 0 to 1. */
export function backOff(failures: number, random: number, longestMs = LONGEST_PAUSE_MS): number {
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10), longestMs);
  return Math.round(pause * (0.75 + random / 2));
}

/** When what was throttled may be tried again, Unix ms. */
export function throttledUntil(error: PortalError, now: number): number {
  const until = 'until' in error && typeof error.until === 'number' ? error.until : now;
  // The rate budget makes the next request wait its turn; this only keeps an idle loop from spinning.
  return Math.min(Math.max(until, now + FIRST_PAUSE_MS), now + LONGEST_THROTTLE_MS);
}

/**
 * What a request that failed as a whole means for its portal. Pure.
 * @param recheckMs how often a portal is asked again whose cause people have to remove
 */
export function consequenceOf(
  error: PortalError,
  failures: number,
  now: number,
  random: number,
  recheckMs: number,
): Consequence {
  const { message: reason } = error;
  switch (error.action) {
    case 'suspend':
    case 'configuration':
    case 'bug':
      return { state: 'suspended', reason, pauseMs: recheckMs };
    case 'unlicensed':
      return { state: 'unlicensed', reason, pauseMs: recheckMs };
    case 'not-allowed':
      return { state: 'not_allowed', reason: error.description, pauseMs: recheckMs };
    case 'unauthorized':
      return { state: 'unauthorized', reason, pauseMs: UNAUTHORIZED_RECHECK_MS };
    case 'throttle':
      return { state: 'active', reason: null, pauseMs: throttledUntil(error, now) - now };
    case 'retry':
    case 'refresh':
    case 'unknown-outcome':
      if (error instanceof AuthorizationUnavailable || error.action === 'refresh') {
        // The portal stays active, and its reason is shown until it answers.
        return {
          state: 'active',
          reason,
          pauseMs: backOff(failures, random, LONGEST_AUTHORIZATION_PAUSE_MS),
        };
      }
      return { state: 'active', reason: null, pauseMs: backOff(failures, random) };
  }
}
