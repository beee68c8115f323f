import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyText } from '../../test/support/any-text.js';
import catalogue from './bitrix24-events.json' with { type: 'json' };
import { subjectPrefix, topicOf } from './topics.js';

const TOPIC = /^[a-z0-9-]+(\.[a-z0-9-]+){2,}$/;

describe('topicOf', () => {
  it('gives every listed event its topic, in any case', () => {
    const plain = catalogue.filter(({ code }) => !code.includes('<'));
    expect(plain).toHaveLength(210);
    for (const { code, topic } of plain) {
      expect(topicOf(code)).toBe(topic);
      expect(topicOf(code.toLowerCase())).toBe(topic);
    }
  });

  it.each([
    ['ONCRMDEALUPDATE', 'crm.deal.update'],
    ['OnCrmDealUpdate', 'crm.deal.update'],
    ['CATALOG.MEASURE.ON.ADD', 'catalog.measure.add'],
    ['ONTASKADD', 'tasks.task.add'],
  ])('%s → %s', (code, topic) => {
    expect(topicOf(code)).toBe(topic);
  });

  it.each([
    ['ONCRMDYNAMICITEMADD_134', 'crm.dynamic-item-134.add'],
    ['onCrmDynamicItemUpdate_1058', 'crm.dynamic-item-1058.update'],
    ['ONCRMDYNAMICITEMDELETE_2', 'crm.dynamic-item-2.delete'],
    ['ONCRMDYNAMICITEMADD', 'crm.dynamic-item.add'],
  ])('smart processes: %s → %s', (code, topic) => {
    expect(topicOf(code)).toBe(topic);
  });

  it.each([
    ['crm.deal.snapshot', 'crm.deal'],
    ['crm.dynamic-item-134.snapshot', 'crm.dynamic-item-134'],
    ['bridge.snapshot.completed', 'bridge.snapshot'],
  ])("the bridge's own: %s", (code, subject) => {
    expect([topicOf(code), subjectPrefix(code)]).toEqual([code, subject]);
  });

  it.each([
    'crm.unicorn.snapshot',
    'crm.dynamic-item.snapshot',
    'crm.deal.snapshot.more',
    'x.crm.deal.snapshot',
  ])('nobody made %s', (code) => {
    expect(topicOf(code)).toMatch(/^other\./);
  });

  it.each([
    ['ONACMEORDERPAID', 'other.acmeorderpaid.event'],
    ['ACME.ORDER_PAID', 'other.acme-order-paid.event'],
    ['ONCRMDYNAMICITEMADD_', 'other.crmdynamicitemadd-.event'],
    ['ONCRMDYNAMICITEMADD_12x', 'other.crmdynamicitemadd-12x.event'],
    ['ONCRMDYNAMICITEMADD_<entityTypeId>', 'other.crmdynamicitemadd--entitytypeid-.event'],
    ['ONCRMDEALUPDATE_7', 'other.crmdealupdate-7.event'],
    ['XONCRMDEALUPDATE', 'other.xoncrmdealupdate.event'],
    ['ONONON', 'other.onon.event'],
    [' ONCRMDEALUPDATE', 'other.-oncrmdealupdate.event'],
    ['__proto__', 'other.--proto--.event'],
    ['constructor', 'other.constructor.event'],
    ['hasOwnProperty', 'other.hasownproperty.event'],
    ['', 'other.unnamed.event'],
    ['ON', 'other.unnamed.event'],
    ['СОБЫТИЕ', 'other.-------.event'],
    ['A😀B', 'other.a-b.event'],
    ['A.*.#\0\n', 'other.a------.event'],
    ['ONTAS\u212AADD', 'other.tas-add.event'],
  ])('not listed: %j → %s', (code, topic) => {
    expect(topicOf(code)).toBe(topic);
  });

  it('takes a code of any length', () => {
    const digits = '1'.repeat(10_000);
    expect(topicOf('x'.repeat(10_000))).toBe(`other.${'x'.repeat(10_000)}.event`);
    expect(topicOf(`ONCRMDYNAMICITEMADD_${digits}`)).toBe(`other.crmdynamicitemadd-${digits}.event`);
  });

  it('stays right when more codes pass by than are remembered', () => {
    const numbers = Array.from({ length: 5_000 }, (_, n) => n);
    expect(numbers.map((n) => topicOf(`ONCRMDYNAMICITEMADD_${n}`))).toEqual(
      numbers.map((n) => `crm.dynamic-item-${n}.add`),
    );
    expect(topicOf('ONCRMDYNAMICITEMADD_134')).toBe('crm.dynamic-item-134.add');
    expect(topicOf('ONCRMDEALUPDATE')).toBe('crm.deal.update');
  });

  it('is made of words of a-z, 0-9 and - for any code, the same for upper and lower case', () => {
    const code = fc.oneof(anyText(), fc.string(), fc.constantFrom(...catalogue.map((event) => event.code)));
    fc.assert(
      fc.property(code, (text) => {
        const topic = topicOf(text);
        expect(topic).toMatch(TOPIC);
        expect(subjectPrefix(text)).toBe(topic.split('.').slice(0, -1).join('.'));
        const ascii = text.replace(/[^\0-\x7f]/g, '?');
        expect(topicOf(ascii.toUpperCase())).toBe(topicOf(ascii.toLowerCase()));
      }),
    );
  });
});

describe('subjectPrefix', () => {
  it.each([
    ['ONCRMDEALUPDATE', 'crm.deal'],
    ['ONCRMDYNAMICITEMADD_134', 'crm.dynamic-item-134'],
    ['ONSIGNB2EDOCUMENTSTATUSCHANGED', 'sign-b2e.document'],
    ['ONACMEORDERPAID', 'other.acmeorderpaid'],
  ])('%s → %s', (code, prefix) => {
    expect(subjectPrefix(code)).toBe(prefix);
  });
});
