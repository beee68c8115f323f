import { expect, it } from '@jest/globals';
import { readSnapshotWords, SnapshotWordsUnclear } from './snapshot-wanted.js';

it('reads types, conditions and a routing key', () => {
  expect(
    readSnapshotWords({
      types: ['crm.deal', ' CRM.Contact', 'crm.dynamic-item-134', 'crm.deal'],
      filter: ['stageId=C1:WON', 'opportunity>=100', 'title!=a=b'],
      routingKey: 'acme.crm.deal.first-load',
    }),
  ).toEqual({
    types: [
      { name: 'crm.deal', entityTypeId: 2 },
      { name: 'crm.contact', entityTypeId: 3 },
      { name: 'crm.dynamic-item-134', entityTypeId: 134 },
    ],
    filter: { stageId: 'C1:WON', '>=opportunity': '100', '!=title': 'a=b' },
    routingKey: 'acme.crm.deal.first-load',
  });
});

it.each([
  [{ types: [] }, 'which types?'],
  [{ types: ['crm.unicorn'] }, '"crm.unicorn" is none of crm.lead'],
  [{ types: ['crm.dynamic-item'] }, 'is none of'],
  [{ types: ['crm.deal'], filter: ['stageId'] }, '"stageId" is no condition'],
  [{ types: ['crm.deal'], filter: ['stage id=WON'] }, 'is no condition'],
  [{ types: ['crm.deal'], filter: ['ID>5'] }, 'order of their ids'],
  [{ types: ['crm.deal'], filter: Array<string>(21).fill('a=b') }, 'too many'],
  [{ types: ['crm.deal'], routingKey: 'acme.deals' }, 'is no routing key'],
  [{ types: ['crm.deal'], routingKey: 'acme.crm.deal.#' }, 'is no routing key'],
  [{ types: ['crm.deal'], routingKey: `acme.crm.deal.${'x'.repeat(200)}` }, 'is no routing key'],
])('says what is unclear of %j', (words, why) => {
  expect(() => readSnapshotWords(words)).toThrow(SnapshotWordsUnclear);
  expect(() => readSnapshotWords(words)).toThrow(why);
});
