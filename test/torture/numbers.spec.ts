import { describe, expect, it } from '@jest/globals';
import { isSpoilt, oddNumbers } from './numbers.js';

const event = (data: string) => `{"subject":"…","data":{"event":"ONCRMDEALUPDATE","data":${data}}}`;

describe('odd numbers', () => {
  it('are whole when they are what the portal printed', () => {
    expect(isSpoilt(event(oddNumbers(3)), 'crm.deal/9007199254740999')).toBe(false);
    expect(isSpoilt(event('{"FIELDS":{"ID":"3"}}'), 'crm.deal/3')).toBe(false);
  });

  it('are spoilt by JSON.parse, in the data or in the subject', () => {
    const parsed = JSON.stringify(JSON.parse(oddNumbers(3)));
    expect(isSpoilt(event(parsed), 'crm.deal/9007199254740999')).toBe(true);
    expect(isSpoilt(event(oddNumbers(3)), `crm.deal/${Number('9007199254740999')}`)).toBe(true);
  });
});
