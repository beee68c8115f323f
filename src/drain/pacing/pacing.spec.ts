import { describe, expect, it } from '@jest/globals';
import {
  AuthorizationUnavailable,
  FeatureUnlicensed,
  OutcomeUnknown,
  PortalFailed,
  PortalMisconfigured,
  PortalNotAllowed,
  PortalSuspended,
  PortalThrottled,
  PortalUnauthorized,
  PortalUnreachable,
  RequestRefused,
  TokenExpired,
} from '../../bitrix24/errors.js';
import { backOff, consequenceOf, UNAUTHORIZED_RECHECK_MS } from './pacing.js';

const NOW = 1_721_296_800_000;
const RECHECK = 300_000;
const details = { method: 'batch', code: 'CODE', description: 'why' };
const after = (error: Parameters<typeof consequenceOf>[0], failures = 1, random = 0.5) =>
  consequenceOf(error, failures, NOW, random, RECHECK);

describe('the pause after failures in a row', () => {
  it('doubles, up to a limit that keeps what is promised', () => {
    expect([1, 2, 3, 4, 5, 60].map((failures) => backOff(failures, 0.5))).toEqual([
      1000, 2000, 4000, 8000, 8000, 8000,
    ]);
  });

  it('is spread by a quarter either way', () => {
    expect([backOff(3, 0), backOff(3, 1)]).toEqual([3000, 5000]);
  });

  it('never exceeds ten seconds', () => {
    expect(backOff(1000, 1)).toBeLessThanOrEqual(10_000);
  });
});

describe('what a failed request means for its portal', () => {
  it.each([
    ['suspended', new PortalSuspended(details), RECHECK],
    ['suspended', new PortalMisconfigured(details), RECHECK],
    ['suspended', new RequestRefused(details), RECHECK],
    ['unlicensed', new FeatureUnlicensed(details, null), RECHECK],
    ['unauthorized', new PortalUnauthorized(details), UNAUTHORIZED_RECHECK_MS],
  ])('%s: %s', (state, error, pauseMs) => {
    expect(after(error)).toEqual({ state, reason: error.message, pauseMs });
  });

  it('not_allowed, in words for whoever wrote the settings', () => {
    const error = new PortalNotAllowed({
      ...details,
      description: 'acme.test is not among B24_ALLOWED_PORTALS',
    });
    expect(after(error)).toEqual({ state: 'not_allowed', reason: error.description, pauseMs: RECHECK });
  });

  it.each([
    ['it could not be reached', new PortalUnreachable(details)],
    ['it failed inside', new PortalFailed(details)],
    ['the outcome is unknown', new OutcomeUnknown(details)],
  ])('nothing but a growing pause where %s', (_name, error) => {
    expect(after(error, 3)).toEqual({ state: 'active', reason: null, pauseMs: 4000 });
  });

  it.each([
    ['nobody could authorize it', new AuthorizationUnavailable(details)],
    ['a fresh token was called expired', new TokenExpired(details)],
  ])(
    'the portal stays active where %s, with its reason, and is asked ever less often up to a minute',
    (_name, error) => {
      const pauses = [1, 2, 3, 4, 5, 6, 7, 60].map((failures) => after(error, failures));
      expect(pauses.map(({ pauseMs }) => pauseMs)).toEqual([
        1000, 2000, 4000, 8000, 16_000, 32_000, 48_000, 48_000,
      ]);
      expect(after(error, 60, 1)).toEqual({ state: 'active', reason: error.message, pauseMs: 60_000 });
    },
  );

  it.each([
    ['the budget knows when', null, 1000],
    ['soon', NOW + 10, 1000],
    ['at the time that was named', NOW + 42_000, 42_000],
    ['after ten minutes, whatever was named', NOW + 86_400_000, 600_000],
    ['at once, where the time has passed', NOW - 5, 1000],
  ])('throttled, it is asked again: %s', (_name, until, pauseMs) => {
    expect(after(new PortalThrottled(details, until))).toEqual({ state: 'active', reason: null, pauseMs });
  });
});
