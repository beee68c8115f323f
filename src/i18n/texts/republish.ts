/** Unrouted events and dead letters that are to be delivered again. */
export const republishTexts = {
  'republish.look': { en: 'Look into it…', ru: 'Посмотреть, что в ней…' },
  'republish.unrouted': { en: 'Unrouted events', ru: 'События без очереди' },
  'republish.dead': { en: 'Dead letters', ru: 'Недоставленные события' },
  'republish.empty': { en: 'Nothing lies there.', ru: 'Очередь пуста.' },
  'republish.seen': {
    en: '{seen, number} of {there, number} looked at, from the oldest on.',
    ru: 'Просмотрено {seen, number} из {there, number}, начиная с самых старых.',
  },
  'republish.worn': {
    en: 'The look ended at a message that was looked at too often: RabbitMQ drops what is given back again and again. What stands before it can be republished.',
    ru: 'Просмотр остановлен на сообщении, которое просматривали слишком часто: RabbitMQ удаляет то, что возвращают снова и снова. Всё, что стоит до него, можно опубликовать повторно.',
  },
  'republish.key': { en: 'Routing key', ru: 'Ключ маршрутизации' },
  'republish.everyKey': { en: 'every key', ru: 'все ключи' },
  'republish.howMany': { en: 'How many', ru: 'Сколько' },
  'republish.button': { en: 'Republish', ru: 'Опубликовать повторно' },
  'republish.unroutedMeaning': {
    en: 'Published again under the same routing key, oldest first, once a queue is bound to it. The first event of each key is tried: where no queue takes it, it goes to the end, and the others of its key stay where they are.',
    ru: 'Публикуются снова под тем же ключом, начиная с самых старых, когда к ключу привязана очередь. Сначала отправляется одно событие каждого ключа: если его никто не принимает, оно встаёт в конец, а остальные события этого ключа остаются на месте.',
  },
  'republish.deadMeaning': {
    en: 'Delivered again by the ledger, as by Retry: a new series of attempts begins. An event that the ledger has forgotten is taken back from its letter. Letters of events that are under way again, or were settled since, are only taken out.',
    ru: 'Доставляются снова через реестр доставок, как по кнопке повтора: начинается новая серия попыток. Если реестр уже забыл событие, оно берётся из самого письма. Письма событий, которые уже в работе или завершены, просто удаляются из очереди.',
  },
  'republish.done': {
    en: '{count, plural, =0 {Nothing was republished.} one {# event was republished.} other {# events were republished.}}',
    ru: '{count, plural, =0 {Ничего не опубликовано.} one {Опубликовано # событие.} few {Опубликовано # события.} many {Опубликовано # событий.} other {Опубликовано # события.}}',
  },
  'republish.obsolete': {
    en: '{count, plural, one {# letter was out of date and is} other {# letters were out of date and are}} taken out.',
    ru: '{count, plural, one {# устаревшее письмо удалено} few {# устаревших письма удалены} many {# устаревших писем удалено} other {# устаревшего письма удалено}} из очереди.',
  },
  'republish.left.unroutable': {
    en: 'No queue is bound for {count, number} of them: left where they are.',
    ru: 'Ещё никто не привязан к ключам, событий: {count, number}. Они остались в очереди.',
  },
  'republish.left.unconfirmed': {
    en: '{count, number} not confirmed by RabbitMQ: left where they are.',
    ru: 'RabbitMQ не подтвердил приём, событий: {count, number}. Они остались в очереди.',
  },
  'republish.left.unreadable': {
    en: '{count, number} are no whole event of this bridge’s: left where they are.',
    ru: 'Не являются целыми событиями этого моста: {count, number}. Они остались в очереди.',
  },
  'republish.left.unknown_portal': {
    en: '{count, number} are of a portal that is not installed: left where they are.',
    ru: 'Портал не установлен, событий: {count, number}. Они остались в очереди.',
  },
  'republish.cutShort': {
    en: 'It ended before the end of the queue: press again for more.',
    ru: 'Работа остановлена до конца очереди: нажмите ещё раз, чтобы продолжить.',
  },
  'republish.failed': {
    en: 'Not finished: {reason}. What was not republished lies in its place.',
    ru: 'Не завершено: {reason}. Что не опубликовано, осталось на месте.',
  },
} as const;
