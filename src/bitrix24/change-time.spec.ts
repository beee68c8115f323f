import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from '../json/exact-json.js';
import { changeTime } from './change-time.js';

describe('the time of a change', () => {
  it.each([
    '2024-07-18T12:32:31+02:00',
    '2024-07-18T12:32:31+0200',
    '2024-07-18T12:32:31+02',
    '2024-07-18T13:32:31+03:00',
    '2024-07-18T13:32:31+0300',
    '2024-07-18t10:32:31z',
    '2024-07-18T10:32:31Z',
    '2024-07-18T10:32:31.999Z',
    '2024-07-18T10:32:31,5+00:00',
    '2024-07-18T07:02:31-03:30',
    ' 2024-07-18 10:32:31 ',
    '2024-07-18 12:32:31 +02:00',
    '2024-07-18 10:32:31 UTC',
    '2024/07/18 10:32:31',
    '20240718T10:32:31Z',
    '18.07.2024 10:32:31',
    '18.07.2024, 10:32:31',
    '18-07-2024 10:32:31',
    '18/07/2024 10:32:31',
    '07/18/2024 10:32:31 am',
    '7/18/2024 10:32:31 AM',
    'Thu, 18 Jul 2024 12:32:31 +0200',
    '18 Jul 2024 10:32:31 GMT',
    '1721298751',
    '1721298751.7',
    '1721298751000',
    1_721_298_751,
    1_721_298_751.9,
    1_721_298_751_999,
  ])('is one and the same: %p', (value) => {
    expect(changeTime(value)).toBe(1_721_298_751);
  });

  it('is read of numbers however they are written', () => {
    expect(changeTime(parseJson('1721298751.0'))).toBe(1_721_298_751);
    expect(changeTime(parseJson('1.721298751e9'))).toBe(1_721_298_751);
  });

  it('counts on over midnight, noon and the change of summer time', () => {
    expect(changeTime('07/18/2024 12:00:00 am')).toBe(changeTime('2024-07-18T00:00:00Z'));
    expect(changeTime('07/18/2024 12:30:00 pm')).toBe(changeTime('2024-07-18T12:30:00Z'));
    expect(changeTime('2024-10-27T03:30:00+03:00')).toBe(changeTime('2024-10-27T02:30:00+02:00'));
    expect(changeTime('18.07.2024')).toBe(changeTime('2024-07-18T00:00:00Z'));
    expect(changeTime('18.07.2024 10:32')).toBe(changeTime('2024-07-18T10:32:00Z'));
  });

  it.each([
    null,
    undefined,
    '',
    ' ',
    'Object',
    false,
    true,
    0,
    -1,
    '0',
    '0000-00-00 00:00:00',
    '1970-01-01T00:00:00Z',
    '2024-13-18T12:32:31Z',
    '2024-07-32 12:32:31',
    '2024-07-18 25:32:31',
    '13/18/2024 10:00:00',
    '18.07.2024 13:00 pm',
    '2024-07-18T12:32:31+02:00 and more',
    {},
    [],
    [1_721_298_751],
    Infinity,
    9e99,
  ])('cannot be read of %p', (value) => {
    expect(changeTime(value)).toBeNull();
  });

  it('is null or a whole second, of whatever there is', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const seconds = changeTime(value);
        expect(seconds === null || (Number.isInteger(seconds) && seconds > 0)).toBe(true);
      }),
    );
  });
});
