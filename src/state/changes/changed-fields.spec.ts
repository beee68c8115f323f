import { describe, expect, it } from '@jest/globals';
import { writeJson } from '../../json/exact-json.js';
import { changedFields } from './changed-fields.js';

const changed = (before: string, after: string) => writeJson(changedFields(before, after));

describe('changed fields', () => {
  it('are those that differ, each as a whole', () => {
    expect(changed('{"id":1,"stageId":"NEW","ids":[1]}', '{"id":1,"stageId":"WON","ids":[1,2]}')).toBe(
      '{"stageId":{"from":"NEW","to":"WON"},"ids":{"from":[1],"to":[1,2]}}',
    );
    expect(changed('{"a":1}', '{"a":1}')).toBe('{}');
    expect(changed('{"a":null}', '{"a":0}')).toBe('{"a":{"from":null,"to":0}}');
  });

  it('have every digit, and a number that is written in another way is another one', () => {
    expect(changed('{"n":9007199254740993}', '{"n":9007199254740992}')).toBe(
      '{"n":{"from":9007199254740993,"to":9007199254740992}}',
    );
    expect(changed('{"n":12.50}', '{"n":12.50}')).toBe('{}');
  });

  it('are none of those that were asked for only once', () => {
    expect(changed('{"id":1,"old":1}', '{"id":1,"new":2}')).toBe('{}');
  });

  it('may have any name', () => {
    expect(changed('{"__proto__":1,"constructor":1}', '{"__proto__":2,"constructor":2}')).toContain(
      'constructor',
    );
  });
});
