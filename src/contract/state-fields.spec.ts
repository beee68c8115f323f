import { describe, expect, it } from '@jest/globals';
import { objectTypeNumbered } from './object-types.js';
import { defaultFields, StateFields } from './state-fields.js';

const [deal, contact, invoice, smart] = [2, 3, 31, 134].map(objectTypeNumbered) as [
  ReturnType<typeof objectTypeNumbered>,
  ReturnType<typeof objectTypeNumbered>,
  ReturnType<typeof objectTypeNumbered>,
  ReturnType<typeof objectTypeNumbered>,
];

describe('fields of states', () => {
  it('are those that are set, by type; the id is always among them', () => {
    const fields = new StateFields(
      ' crm.deal : title , stageId ; crm.contact:*; crm.dynamic-item:ufCrm_12_1700000000 ',
    );
    expect(fields.of(deal)).toEqual(['id', 'title', 'stageId']);
    expect(fields.of(contact)).toEqual(['*']);
    expect(fields.of(smart)).toEqual(['id', 'ufCrm_12_1700000000']);
    expect(fields.of(invoice)).toEqual(defaultFields(31));
    expect(new StateFields('crm.dynamic-item:title;crm.dynamic-item-134:stageId').of(smart)).toEqual([
      'id',
      'stageId',
    ]);
    expect(new StateFields('*:title').of(invoice)).toEqual(['id', 'title']);
  });

  it('have no personal data where nothing is set', () => {
    for (const type of [1, 2, 3, 4, 7, 31, 134]) {
      const fields = defaultFields(type);
      expect(fields).toContain('updatedTime');
      expect(new Set(fields).size).toBe(fields.length);
      for (const field of fields)
        expect(field).not.toMatch(
          /^(name|secondName|lastName|honorific|birthdate|post|photo|fm|phone|email|web|im|address.*|regAddress.*|comments|sourceDescription|statusDescription|additionalInfo|content|terms|locationId)$/i,
        );
    }
    expect(new StateFields('').of(contact)).not.toContain('*');
    expect(defaultFields(2)).toEqual(
      expect.arrayContaining(['id', 'title', 'stageId', 'opportunity', 'currencyId']),
    );
  });

  it.each([
    ['crm.task:id', '"crm.task" is none of'],
    ['crm.deal', 'crm.deal has no fields'],
    ['crm.deal:', 'crm.deal has no fields'],
    ['crm.deal:a b', '"a b" of crm.deal is no field’s name'],
    ['crm.deal:$result[x]', 'is no field’s name'],
    [`crm.deal:${Array.from({ length: 501 }, (_, index) => `f${index}`).join(',')}`, 'more than 500 fields'],
  ])('refuses %s', (text, fault) => {
    expect(StateFields.faultOf(text)?.replace("'", '’')).toContain(fault);
  });

  it.each(['', ';', 'crm.deal:*', 'crm.deal:id;crm.dynamic-item-134:title'])('takes %j', (text) => {
    expect(StateFields.faultOf(text)).toBeNull();
  });
});
