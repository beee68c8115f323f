import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { reasonOf } from './reason.js';

describe('the reason of an error', () => {
  it.each<[string, unknown, string]>([
    ['its message', new Error('no such host'), 'no such host'],
    ['its name where it has no message', new RangeError(), 'RangeError'],
    ['a text that was thrown', 'stopped', 'stopped'],
    ['whatever else was thrown', 42, '42'],
    ['nothing that was thrown', undefined, 'undefined'],
    ['of an object what it is', {}, '[object Object]'],
    ['of an object how it says itself', new URL('https://host/'), 'https://host/'],
    ['the message of what is like an error', { message: 'closed' }, 'closed'],
    ['the message of an error from another realm', runInNewContext('new Error("elsewhere")'), 'elsewhere'],
    ['its message in one line', new Error('a\n  b\tc'), 'a b c'],
    [
      'every reason inside one without a message',
      new AggregateError([new Error('refused 1'), new AggregateError([new Error('refused 2'), 'late'])]),
      'refused 1; refused 2; late',
    ],
    [
      'its own message before those inside',
      new AggregateError([new Error('one')], 'all failed'),
      'all failed',
    ],
    ['its name where nothing is inside', new AggregateError([]), 'AggregateError'],
    ['no login', new AggregateError([new Error('amqp://user:secret@host')]), 'amqp://***@host'],
  ])('is %s', (_, error, expected) => {
    expect(reasonOf(error)).toBe(expected);
  });
});
