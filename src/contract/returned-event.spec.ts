import { describe, expect, it } from '@jest/globals';
import { parseJson } from '../json/exact-json.js';
import { encodeEvent, type EventFacts } from './event.js';
import { readReturnedEvent } from './returned-event.js';

const facts: EventFacts = {
  memberId: 'member',
  portal: 'acme',
  source: 'https://acme.bitrix24.com',
  processId: 'process',
  messageId: 'message:1',
  rowId: '17',
  changedAt: 1721298751,
  event: 'ONCRMDEALUPDATE',
  data: parseJson('{"FIELDS":{"ID":9007199254740993,"SUM":100.00}}'),
  userId: '1',
  attempt: 2,
};
const { body } = encodeEvent(facts, 'bitrix24.replies');

describe('an event that came back', () => {
  it('tells all that it takes to make it again, digit for digit', () => {
    const read = readReturnedEvent(body, undefined);
    expect(read).not.toBeNull();
    const again = encodeEvent({ ...facts, ...read }, 'bitrix24.replies');
    expect(again.body.toString()).toBe(body.toString());
  });

  it.each<[string, unknown]>([
    ['id', 'other-17-1721298751'],
    ['id', 'member-17-1721298752'],
    ['id', 7],
    ['time', '2024-07-18T10:32:32Z'],
    ['time', null],
    ['specversion', '0.3'],
    ['type', 'ONCRMDEALADD'],
    ['memberid', 'other'],
    ['processid', 'a:b'],
    ['messageid', ''],
    ['messageid', 'x'.repeat(256)],
    ['attempt', 0],
    ['attempt', '2'],
    ['data', null],
    ['data', { event: 'ONCRMDEALUPDATE', userId: null }],
    ['data', { event: 'ONCRMDEALUPDATE', data: {}, userId: 7 }],
  ])('is none of ours with %s = %j', (name, value) => {
    const changed = { ...(JSON.parse(body.toString()) as object), [name]: value };
    expect(readReturnedEvent(Buffer.from(JSON.stringify(changed)), undefined)).toBeNull();
  });

  it.each(['', '{', '[]', 'null', '"x"'])('is none in the body %j', (text) => {
    expect(readReturnedEvent(Buffer.from(text), undefined)).toBeNull();
  });
});
