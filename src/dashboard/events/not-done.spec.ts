import { expect, it } from '@jest/globals';
import { PartlyDone } from '../../events/partly-done.js';
import { notDone } from './not-done.js';

const coded = (code: string) => Object.assign(new Error('it broke'), { code });

it.each([
  ['SQLITE_READONLY', 'notDone.nothing'],
  ['SQLITE_FULL', 'notDone.nothing'],
  ['SQLITE_BUSY', 'notDone.nothing'],
  ['SQLITE_IOERR_WRITE', 'notDone.unknown'],
  ['25006', 'notDone.nothing'],
  ['53100', 'notDone.nothing'],
  ['ECONNREFUSED', 'notDone.nothing'],
  ['ECONNRESET', 'notDone.unknown'],
  ['57P01', 'notDone.unknown'],
  ['08006', 'notDone.unknown'],
])('says of an action that failed with %s what is known of it', (code, key) => {
  expect(notDone(coded(code)).key).toBe(key);
});

it('does not know where the error does not say', () => {
  expect(notDone(new Error('timeout')).key).toBe('notDone.unknown');
});

it('says how many were done before the rest was not', () => {
  const phrase = notDone(new PartlyDone(500, coded('SQLITE_FULL')));
  expect(phrase.in('en')).toMatch(/^500 events were changed, .* took no more \(it broke\)/);
});
