/** Snapshots: all that a portal has of some types, as events. */
export const snapshotTexts = {
  'snapshots.title': { en: 'Snapshots of {portal}', ru: 'Снимки портала {portal}' },
  'snapshots.heading': { en: 'Snapshots', ru: 'Снимки' },
  'snapshots.open': { en: 'Snapshots…', ru: 'Снимки…' },
  'snapshots.what': {
    en: 'A snapshot reads all objects of some types, in the order of their ids and behind everything else, and publishes each as an event of its own: <key></key>. Consumers of the ordinary events see none of them, unless they are bound to that.',
    ru: 'Снимок читает все объекты выбранных типов по порядку id, уступая всему остальному, и публикует каждый отдельным событием: <key></key>. Потребители обычных событий их не видят, если не привязаны к этому ключу.',
  },
  'snapshots.none': { en: 'There was none yet.', ru: 'Их ещё не было.' },
  'snapshots.one': { en: 'Snapshot {no}', ru: 'Снимок {no}' },
  'snapshots.by': { en: 'by {name} {when}', ru: '{name}, {when}' },
  'snapshots.running': { en: 'running', ru: 'идёт' },
  'snapshots.paused': { en: 'paused', ru: 'на паузе' },
  'snapshots.cancelled': { en: 'cancelled', ru: 'отменён' },
  'snapshots.completed': { en: 'completed', ru: 'завершён' },
  'snapshots.failed': { en: 'failed', ru: 'остановлен ошибкой' },
  'snapshots.notBegun': { en: 'begins within seconds', ru: 'начнётся через несколько секунд' },
  'snapshots.waits': {
    en: 'waits: nothing is read of the portal while it is paused or in trouble',
    ru: 'ждёт: пока портал на паузе или недоступен, с него ничего не читается',
  },
  'snapshots.objects': {
    en: '{count, plural, one {# object} other {# objects}}',
    ru: '{count, plural, one {# объект} few {# объекта} many {# объектов} other {# объекта}}',
  },
  'snapshots.expected': { en: 'of about {count, number}', ru: 'из примерно {count, number}' },
  'snapshots.left': { en: 'about {duration} left', ru: 'осталось примерно {duration}' },
  'snapshots.took': { en: 'took {duration}', ru: 'заняло {duration}' },
  'snapshots.superseded': {
    en: '{count, plural, one {# left to a newer event} other {# left to newer events}}',
    ru: '{count, plural, one {# пропущен: о нём есть более новое событие} few {# пропущено: о них есть более новые события} many {# пропущено: о них есть более новые события} other {# пропущено: о них есть более новые события}}',
  },
  'snapshots.type': {
    en: 'up to id {after, number} of {max, number}',
    ru: 'до id {after, number} из {max, number}',
  },
  'snapshots.filter': { en: 'only {conditions}', ru: 'только {conditions}' },
  'snapshots.key': { en: 'as {key}', ru: 'под ключом {key}' },
  'snapshots.pause': { en: 'Pause', ru: 'Приостановить' },
  'snapshots.resume': { en: 'Resume', ru: 'Продолжить' },
  'snapshots.cancel': { en: 'Cancel', ru: 'Отменить' },
  'snapshots.start': { en: 'Start a snapshot', ru: 'Запустить снимок' },
  'snapshots.types': {
    en: 'Types, comma-separated (crm.deal, crm.contact, crm.dynamic-item-134)',
    ru: 'Типы через запятую (crm.deal, crm.contact, crm.dynamic-item-134)',
  },
  'snapshots.only': {
    en: 'Only objects that are so, comma-separated (stageId=WON)',
    ru: 'Только объекты с условиями, через запятую (stageId=WON)',
  },
  'snapshots.as': {
    en: 'Another routing key (acme.crm.deal.first-load)',
    ru: 'Другой ключ маршрутизации (acme.crm.deal.first-load)',
  },
  'snapshots.started': {
    en: 'Snapshot {no} begins within seconds.',
    ru: 'Снимок {no} начнётся через несколько секунд.',
  },
  'snapshots.steered': { en: 'Snapshot {no}: {state}.', ru: 'Снимок {no}: {state}.' },
  'snapshots.refused.uninstalled': {
    en: '{portal} is uninstalled',
    ru: 'приложение с портала {portal} удалено',
  },
  'snapshots.refused.oneAtATime': {
    en: 'a snapshot of {portal} is under way or paused: there is one at a time',
    ru: 'снимок портала {portal} уже идёт или на паузе: одновременно бывает один',
  },
  'snapshots.refused.none': { en: '{portal} has no snapshot', ru: 'у портала {portal} нет снимков' },
  'snapshots.refused.noSuch': {
    en: '{portal} has no snapshot {no}',
    ru: 'у портала {portal} нет снимка {no}',
  },
  'snapshots.refused.state': {
    en: 'snapshot {no} of {portal} is {state}: that cannot be done to it',
    ru: 'снимок {no} портала {portal}: {state}, с ним этого не сделать',
  },
  'snapshots.unclear.types': {
    en: 'which types? crm.deal, crm.contact, …',
    ru: 'какие типы? crm.deal, crm.contact, …',
  },
  'snapshots.unclear.type': { en: '{word} is none of {known}', ru: '{word} — ни один из типов {known}' },
  'snapshots.unclear.many': {
    en: 'these are too many types or conditions',
    ru: 'слишком много типов или условий',
  },
  'snapshots.unclear.condition': {
    en: '{word} is no condition: stageId=WON, opportunity>=100',
    ru: '{word} — не условие: stageId=WON, opportunity>=100',
  },
  'snapshots.unclear.id': {
    en: 'objects are read in the order of their ids: a condition of the id cannot be',
    ru: 'объекты читаются по порядку id: условия на id быть не может',
  },
  'snapshots.unclear.key': {
    en: '{word} is no routing key of four or more words of a-z, 0-9 and - (acme.crm.deal.first-load)',
    ru: '{word} — не ключ из четырёх и более слов из a-z, 0-9 и - (acme.crm.deal.first-load)',
  },
} as const;
