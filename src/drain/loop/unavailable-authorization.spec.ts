import { describe, expect, it } from '@jest/globals';
import { Authorization } from '../../bitrix24/authorization.js';
import { AuthorizationUnavailable, PortalError } from '../../bitrix24/errors.js';
import { RenewalAllowance } from '../../bitrix24/renewal-allowance.js';
import { consequenceOf } from '../pacing/pacing.js';

const MINUTE = 60_000;

describe('ten minutes in which a portal cannot ask its authorization server', () => {
  it('cost few requests and fewer renewals, and are over with the next try, a minute later at most', async () => {
    let now = 0;
    let number = 1;
    let requests = 0;
    let renewals = 0;
    const tokens = {
      memberId: 'm',
      endpoint: () => 'https://acme.bitrix24.com/rest/',
      accessToken: () => Promise.resolve(`token-${number}`),
      renew: () => {
        renewals += 1;
        number += 1;
        return Promise.resolve(`token-${number}`);
      },
    };
    const authorization = new Authorization(tokens, undefined, new RenewalAllowance(() => now));
    const ask = () =>
      authorization.run('batch', () => {
        requests += 1;
        if (now >= 10 * MINUTE) return Promise.resolve('answered');
        const details = { method: 'batch', code: 'CONNECTION_ERROR', status: 401 };
        return Promise.reject(new AuthorizationUnavailable(details));
      });
    const pauses: number[] = [];
    let answer: string | null = null;
    while (answer === null) {
      try {
        answer = await ask();
      } catch (error) {
        if (!(error instanceof PortalError)) throw error;
        const { state, reason, pauseMs } = consequenceOf(error, pauses.length + 1, now, 1, 300_000);
        expect({ state, reason }).toEqual({
          state: 'active',
          reason: expect.stringContaining('CONNECTION_ERROR'),
        });
        pauses.push(pauseMs);
        now += pauseMs;
      }
    }
    expect(answer).toBe('answered');
    expect(now).toBeLessThanOrEqual(11 * MINUTE);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(MINUTE);
    expect(pauses.every((pause, index) => index === 0 || pause >= (pauses[index - 1] ?? 0))).toBe(true);
    expect(renewals).toBeLessThanOrEqual(5);
    expect(requests).toBeLessThanOrEqual(25);
  });
});
