/** The search over all events, what became of those that are over, and the way of each. */
export const findTexts = {
  'find.tabs': { en: 'Which events', ru: 'Какие события' },
  'find.troubled': { en: 'In trouble', ru: 'С проблемами' },
  'find.all': { en: 'All, and what became of them', ru: 'Все и что с ними стало' },
  'find.title': { en: 'Find events', ru: 'Поиск событий' },
  'find.heading': { en: 'All events', ru: 'Все события' },
  'find.text': { en: 'What', ru: 'Что' },
  'find.textHint': {
    en: 'deal 123, an id, a code or a part of a reason',
    ru: 'сделка 123, id, код или часть причины',
  },
  'find.state': { en: 'State', ru: 'Состояние' },
  'find.from': { en: 'Changed from (UTC)', ru: 'Изменено с (UTC)' },
  'find.to': { en: 'until (UTC)', ru: 'по (UTC)' },
  'find.submit': { en: 'Find', ru: 'Найти' },
  'find.unreadable': {
    en: '{value}: no such portal, and no time like 2026-11-29 14:00.',
    ru: '{value}: нет такого портала, и это не время вида 2026-11-29 14:00.',
  },
  'find.none': { en: 'Nothing like it is known.', ru: 'Ничего похожего не известно.' },
  'find.noneMeaning': {
    en: 'Never reserved by this bridge, or forgotten since: what was settled is remembered for {days, plural, one {# day} other {# days}} (HISTORY_DAYS).',
    ru: 'Мост не получал такого события или уже забыл: завершённые помнятся {days, plural, one {# день} few {# дня} many {# дней} other {# дня}} (HISTORY_DAYS).',
  },
  'find.noHistory': {
    en: 'Never reserved by this bridge, or settled: with HISTORY_DAYS=0 nothing is remembered of what was settled.',
    ru: 'Мост не получал такого события, или оно завершено: при HISTORY_DAYS=0 о завершённых ничего не помнится.',
  },
  'find.elsewhere': {
    en: 'It may be over: <link>search all events</link>.',
    ru: 'Возможно, событие уже завершено: <link>искать среди всех</link>.',
  },
  'find.caption': {
    en: 'Events, the latest change first',
    ru: 'События, сначала последние изменения',
  },
  'find.changed': { en: 'Changed', ru: 'Изменено' },
  'find.settled': { en: 'Settled', ru: 'Завершено' },
  'find.underWay': { en: 'under way', ru: 'в пути' },

  'past.over': {
    en: 'It is over. Its body is not kept; what is below is remembered for {days, plural, one {# day} other {# days}}.',
    ru: 'Событие завершено. Тело не хранится; сведения ниже помнятся {days, plural, one {# день} few {# дня} many {# дней} other {# дня}}.',
  },
  'past.settled': { en: 'settled {when}', ru: 'завершено {when}' },
  'past.attempts': {
    en: '{attempts, plural, one {# attempt} other {# attempts}}',
    ru: '{attempts, plural, one {# попытка} few {# попытки} many {# попыток} other {# попытки}}',
  },

  'step.changed': { en: 'Changed on the portal', ru: 'Изменено на портале' },
  'step.reserved': { en: 'Reserved by a round', ru: 'Зарезервировано при обмене' },
  'step.fetched': {
    en: 'Fetched again by a round, after its mark',
    ru: 'Получено при обмене снова, после пометки',
  },
  'step.published': {
    en: 'Attempt {attempt} confirmed by RabbitMQ',
    ru: 'Попытка {attempt}: подтверждено RabbitMQ',
  },
  'step.waitsForReport': { en: 'no report yet', ru: 'ответа ещё нет' },
  'step.failed': { en: 'Attempt {attempt} failed', ru: 'Попытка {attempt} не удалась' },
  'step.failedSomehow': { en: 'An attempt failed', ru: 'Попытка не удалась' },
  'step.heard': {
    en: 'Reported as processed, after nothing had been heard of it',
    ru: 'Пришёл ответ об успешной обработке, хотя прежде ответа не было',
  },
  'step.marked': { en: 'Marked by event.offline.error', ru: 'Помечено через event.offline.error' },
  'step.retried': { en: 'Retried by {by}', ru: 'Повтор вручную: {by}' },
  'step.discarded': { en: 'Discarded by {by}', ru: 'Отброшено: {by}' },
  'step.givenUp': { en: 'Given up: settled', ru: 'Обработка прекращена: завершено' },
  'step.nobody': { en: 'somebody', ru: 'кто-то' },
  'step.dead': {
    en: 'Attempts used up: in the dead-letter queue',
    ru: 'Попытки исчерпаны: лежит в очереди недоставленных',
  },
  'step.superseded': {
    en: 'Its row took in a newer change, which is delivered instead',
    ru: 'В строку вошло более новое изменение, доставляется оно',
  },
  'step.processed': {
    en: 'Delivered: settled as processed',
    ru: 'Доставлено и обработано',
  },
  'step.silent': {
    en: 'No failure was reported in time: settled as processed',
    ru: 'Об ошибке вовремя не сообщили: считается обработанным',
  },
  'step.otherChange': { en: 'another change of the same row', ru: 'другое изменение той же строки' },
  'step.due': { en: 'Attempt {attempt} is due', ru: 'Срок попытки {attempt}' },
  'step.toPublish': { en: 'To be published again', ru: 'Будет опубликовано снова' },
  'step.via.reply': { en: 'a reply said so', ru: 'об этом сообщил ответ' },
  'step.via.group': {
    en: 'a reply for several events said so',
    ru: 'об этом сообщил ответ на несколько событий',
  },
  'step.via.nest': { en: 'a NestJS consumer said so', ru: 'об этом сообщил потребитель на NestJS' },
  'step.via.deadLetter': { en: 'its consumer rejected it', ru: 'потребитель его отклонил' },
  'step.via.silence': { en: 'no reply came', ru: 'ответ не пришёл' },
} as const;
