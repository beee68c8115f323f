/** The page of one event. */
export const eventTexts = {
  'event.title': { en: '{event} {object} of {portal}', ru: '{event} {object}, портал {portal}' },
  'event.summary': { en: '{event} is {state}', ru: '{event}: {state}' },
  'event.since': { en: 'since {when}', ru: 'изменилось {when}' },
  'event.attempt': { en: '· attempt {number} of {most}', ru: '· попытка {number} из {most}' },
  'event.attemptInAll': {
    en: '· attempt {number} of {most} ({made} in all)',
    ru: '· попытка {number} из {most} (всего {made})',
  },
  'event.next': { en: '· next attempt {when}', ru: '· следующая попытка {when}' },
  'event.earlierAttempt': { en: 'An earlier attempt:', ru: 'Прежняя попытка:' },
  'event.markedHint': {
    en: 'Can be discarded once a round has fetched it: a retry does that.',
    ru: 'Отбросить можно, когда обмен получит его снова: для этого повторите событие.',
  },
  'event.onPortal': {
    en: '(opens on the portal in a new tab)',
    ru: '(откроется на портале в новой вкладке)',
  },
  'event.reason': { en: 'Reason', ru: 'Причина' },
  'event.timeline': { en: 'Time line', ru: 'Хронология' },
  'event.facts': { en: 'Facts', ru: 'Сведения' },
  'event.id': { en: 'Event id', ru: 'Id события' },
  'event.portal': { en: 'Portal', ru: 'Портал' },
  'event.routingKey': { en: 'Routing key', ru: 'Ключ маршрутизации' },
  'event.row': { en: 'Row on the portal', ru: 'Строка на портале' },
  'event.origin': { en: 'Comes from', ru: 'Откуда' },
  'event.origin.snapshot': {
    en: 'a snapshot: the portal has no row of it, and no call to it is made for it',
    ru: 'из снимка: строки на портале у него нет, и запросов к порталу из-за него не бывает',
  },
  'event.origin.reconciled': {
    en: 'a change that no event announced: the portal has no row of it, and no call to it is made for it',
    ru: 'изменение, о котором не было события: строки на портале у него нет, и запросов к порталу из-за него не бывает',
  },
  'event.heldMarked': { en: 'marked there with its error flag', ru: 'помечена там как ошибочная' },
  'event.notHeld': { en: 'no longer held there', ru: 'там больше не удерживается' },
  'event.heldErrored': {
    en: 'held for us, with its error flag',
    ru: 'удерживается для нас, с пометкой ошибки',
  },
  'event.held': { en: 'held for us', ru: 'удерживается для нас' },
  'event.messageId': { en: 'Message id', ru: 'Id сообщения' },
  'event.processId': { en: 'Process id', ru: 'Id процесса' },
  'event.delivery': { en: 'Delivery', ru: 'Доставка' },
  'event.deliveryNumber': { en: 'number {seq} of the ledger', ru: '№ {seq} в реестре' },
  'event.body': { en: 'Body', ru: 'Тело' },
  'event.bodyLabel': { en: 'The event’s body', ru: 'Тело события' },
  'event.unencodable': {
    en: 'No message can be made of it: {reason}. Its data:',
    ru: 'Сообщение из него не составить: {reason}. Его данные:',
  },
  'event.cut': {
    en: 'The first {shown, number} characters of {length, number}.',
    ru: 'Первые {shown, number} знаков из {length, number}.',
  },
} as const;
