import { describe, expect, it } from '@jest/globals';
import { parseJson } from '../json/exact-json.js';
import {
  isDelete,
  objectTypeNamed,
  objectTypeNumbered,
  objectTypeOf,
  ObjectTypes,
  readableIdOf,
} from './object-types.js';

const of = (id: unknown, more: object = {}) => ({ FIELDS: { ID: id, ...more } });

describe('types of objects', () => {
  it.each([
    ['ONCRMLEADADD', 'crm.lead', 1],
    ['ONCRMDEALUPDATE', 'crm.deal', 2],
    ['OnCrmDealMoveToCategory', 'crm.deal', 2],
    ['ONCRMCONTACTDELETE', 'crm.contact', 3],
    ['ONCRMCOMPANYUPDATE', 'crm.company', 4],
    ['ONCRMQUOTEUPDATE', 'crm.quote', 7],
    ['ONCRMDYNAMICITEMUPDATE_31', 'crm.invoice', 31],
    ['ONCRMDYNAMICITEMUPDATE_134', 'crm.dynamic-item-134', 134],
    ['crm.deal.snapshot', 'crm.deal', 2],
    ['crm.invoice.snapshot', 'crm.invoice', 31],
    ['crm.dynamic-item-134.snapshot', 'crm.dynamic-item-134', 134],
  ])('%s is about %s', (event, name, entityTypeId) => {
    expect(objectTypeOf(event, of('5'))).toEqual({ name, entityTypeId });
  });

  it('reads the number of a smart process from its data where the code has none', () => {
    const event = 'ONCRMDYNAMICITEMADD';
    expect(objectTypeOf(event, of('5', { ENTITY_TYPE_ID: '134' }))).toEqual(objectTypeNumbered(134));
    expect(objectTypeOf(event, of('5', { ENTITY_TYPE_ID: 31 }))?.name).toBe('crm.invoice');
    expect(objectTypeOf(event, parseJson('{"FIELDS":{"ID":5,"ENTITY_TYPE_ID":134.0}}'))).toBeNull();
    for (const data of [of('5'), of('5', { ENTITY_TYPE_ID: 'x' }), null, false, [], 'x'])
      expect(objectTypeOf(event, data)).toBeNull();
  });

  it.each([
    // Invoices of before 2022, whose numbers are not those of the invoices of today.
    'ONCRMINVOICEUPDATE',
    'ONCRMINVOICESETSTATUS',
    'ONTASKUPDATE',
    'ONCRMDEALRECURRINGUPDATE',
    'ONCRMDEALUSERFIELDADD',
    'ONCRMACTIVITYADD',
    'ONUSERADD',
    'SOMETHING',
    'bridge.snapshot.completed',
    '',
  ])('%s is about none that can be read', (event) => {
    expect(objectTypeOf(event, of('5'))).toBeNull();
  });

  it('are named one by one in settings, all smart processes by one word, and everything by *', () => {
    expect(objectTypeNamed('crm.deal')).toEqual({ name: 'crm.deal', entityTypeId: 2 });
    expect(objectTypeNamed('crm.dynamic-item-31')).toEqual({ name: 'crm.invoice', entityTypeId: 31 });
    for (const word of [
      '*',
      'crm.dynamic-item',
      'deal',
      'crm.task',
      'crm.dynamic-item-0',
      'crm.dynamic-item-x',
    ])
      expect(objectTypeNamed(word)).toBeNull();
    const [deal, invoice, smart] = [2, 31, 134].map(objectTypeNumbered) as [never, never, never];
    const includes = (words: string[]) => {
      const types = new ObjectTypes(words);
      return [deal, invoice, smart].map((type) => types.includes(type));
    };
    expect(includes([])).toEqual([false, false, false]);
    expect(includes(['*'])).toEqual([true, true, true]);
    expect(includes(['crm.dynamic-item'])).toEqual([false, false, true]);
    expect(includes(['crm.dynamic-item-134', 'crm.deal'])).toEqual([true, false, true]);
    expect(includes(['crm.dynamic-item-31'])).toEqual([false, true, false]);
    expect(ObjectTypes.faultOf('crm.deal')).toBeNull();
    expect(ObjectTypes.faultOf('crm.dynamic-item')).toBeNull();
    expect(ObjectTypes.faultOf('*')).toBeNull();
    expect(ObjectTypes.faultOf('crm.task')).toMatch(/^"crm\.task" is none of crm\.lead, .*, \*$/);
  });

  it('know which events are deletes', () => {
    expect(['ONCRMDEALDELETE', 'ONCRMDYNAMICITEMDELETE_134', 'ONCRMDYNAMICITEMDELETE'].every(isDelete)).toBe(
      true,
    );
    expect(['ONCRMDEALUPDATE', 'ONCRMDEALDELETEX', 'crm.deal.snapshot'].some(isDelete)).toBe(false);
  });

  it('are read by whole numbers alone', () => {
    expect(readableIdOf(of('123'))).toBe('123');
    expect(readableIdOf(of(123))).toBe('123');
    expect(readableIdOf(parseJson('{"FIELDS":{"ID":9007199254740993}}'))).toBe('9007199254740993');
    for (const data of [of('0'), of('-1'), of('1.0'), of('C_1'), of(''), of('1'.repeat(19)), {}, null])
      expect(readableIdOf(data)).toBeNull();
  });
});
