import { subjectPrefix } from './topics.js';

/**
 * What people call kinds of objects beside the catalogue's own words: Russian ones, and short ones. By the word of the
 * catalogue, all in lower case.
 */
const OTHER_WORDS: Readonly<Record<string, readonly string[]>> = {
  activity: ['дело', 'активность', 'дела'],
  address: ['адрес', 'адреса'],
  'bank-detail': ['банковские реквизиты', 'bank details'],
  bot: ['бот'],
  booking: ['бронирование', 'бронь'],
  chat: ['чат'],
  comment: ['комментарий'],
  company: ['компания', 'companies', 'компании'],
  contact: ['контакт', 'контакты'],
  currency: ['валюта'],
  deal: ['сделка', 'сделки'],
  document: ['документ'],
  'dynamic-item': ['элемент', 'смарт-процесс', 'item'],
  entry: ['событие календаря'],
  group: ['группа', 'workgroup'],
  invoice: ['счёт', 'счет', 'счета'],
  lead: ['лид', 'лиды'],
  message: ['сообщение'],
  order: ['заказ', 'заказы'],
  payment: ['оплата', 'платёж', 'платеж'],
  price: ['цена'],
  product: ['товар', 'товары'],
  quote: ['предложение', 'коммерческое предложение', 'estimate'],
  requisite: ['реквизит', 'реквизиты'],
  section: ['раздел'],
  shipment: ['отгрузка'],
  task: ['задача', 'задачи'],
  user: ['пользователь', 'сотрудник'],
};

/**
 * Which of these event codes are of a kind of object, by a word for it: `deal`, `deals`, `crm.deal`, `сделка`,
 * `dynamic-item-134`. Compares in lower case. Empty where the word stands for none.
 */
export function codesOfObject(word: string, codes: Iterable<string>): string[] {
  const wanted = word.trim().toLowerCase().replace(/\s+/g, ' ');
  if (wanted === '') return [];
  return [...codes].filter((code) => namesOf(subjectPrefix(code)).has(wanted));
}

const remembered = new Map<string, ReadonlySet<string>>();

/** All that an object of this kind may be called. */
function namesOf(subject: string): ReadonlySet<string> {
  const known = remembered.get(subject);
  if (known !== undefined) return known;
  const names = new Set<string>();
  const scope = subject.slice(0, subject.indexOf('.'));
  const kind = subject.slice(subject.indexOf('.') + 1);
  for (const one of [kind, ...(kind.startsWith('dynamic-item-') ? ['dynamic-item'] : [])]) {
    for (const name of [one, `${one}s`, ...(OTHER_WORDS[one] ?? [])]) {
      for (const written of [name, name.replaceAll('-', ' ')]) {
        names.add(written);
        names.add(`${scope}.${written}`);
        names.add(`${scope} ${written}`);
      }
    }
  }
  // Codes come from portals; what stands in the catalogue is far less.
  if (remembered.size > 2_000) remembered.clear();
  remembered.set(subject, names);
  return names;
}
