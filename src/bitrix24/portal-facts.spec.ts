import { describe, expect, it } from '@jest/globals';
import { encodeCommand } from './batch.js';
import { reservationsQuestion, saysFeature, saysInstalled } from './portal-facts.js';

describe('what a portal says of itself', () => {
  it.each([
    [{ value: 'Y' }, 'yes'],
    [{ value: 'y' }, 'yes'],
    [{ value: true }, 'yes'],
    [{ value: 'N' }, 'no'],
    [{ value: false }, 'no'],
    [{ value: 'en_selfhosted' }, 'self-hosted'],
    [{ value: 'ru_selfhosted' }, 'self-hosted'],
    [{ value: 'pt_br_SELFHOSTED' }, 'self-hosted'],
    [{ value: 'selfhosted_not' }, null],
    [{ value: 'perhaps' }, null],
    [{ value: null }, null],
    [[], null],
    ['Y', null],
    [null, null],
    [undefined, null],
  ])('a feature: %j is %s', (result, expected) => {
    expect(saysFeature(result)).toBe(expected);
  });

  it.each([
    [{ INSTALLED: true }, true],
    [{ INSTALLED: false }, false],
    [{ INSTALLED: 'N' }, false],
    [{ INSTALLED: 'Y' }, true],
    // What cannot be understood is no reason to send anybody to the application's settings.
    [{ INSTALLED: null }, true],
    [{ INSTALLED: 'perhaps' }, true],
    [{}, true],
    [[], true],
    [false, true],
    [null, true],
  ])('the installation: %j, finished: %s', (result, expected) => {
    expect(saysInstalled(result)).toBe(expected);
  });

  it('is asked for reservations by a call that reserves nothing', () => {
    const { method, params } = reservationsQuestion();
    expect(encodeCommand(method, params)).toBe(
      `event.offline.get?limit=1&clear=0&error=0&process_id=${'0'.repeat(32)}`,
    );
  });
});
