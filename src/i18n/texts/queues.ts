/** Queues and health. */
export const queuesTexts = {
  'queues.title': { en: 'Queues and health', ru: 'Очереди и состояние' },
  'queues.health': { en: 'Health', ru: 'Состояние' },
  'queues.queues': { en: 'Queues', ru: 'Очереди' },
  'queues.unrouted': { en: 'Unrouted', ru: 'Без маршрута' },
  'queues.unroutedMeaning': {
    en: 'Events for whose routing key no queue was bound. They count as delivered, and no consumer has got them. Bind a queue to their keys, then have them published again.',
    ru: 'События, к ключу маршрутизации которых не привязана ни одна очередь. Они считаются доставленными, но их никто не получил. Привяжите к этим ключам очередь и опубликуйте события повторно.',
  },
  'queues.rejected': { en: 'Rejected replies', ru: 'Отклонённые ответы' },
  'queues.rejectedMeaning': {
    en: 'Replies of consumers that could not be understood, untouched, with the reason in the header x-bridge-error. What they wanted to say has had no effect.',
    ru: 'Ответы потребителей, которые не удалось разобрать: без изменений, с причиной в заголовке x-bridge-error. На события они не повлияли.',
  },
  'queues.dead': { en: 'Dead letters', ru: 'Недоставленные' },
  'queues.deadMeaning': {
    en: 'Events whose attempts are used up, with the reason in the header x-bridge-reason. Retry or discard them under <link>Events</link>; the messages here are copies, for a consumer of dead letters.',
    ru: 'События, у которых исчерпаны попытки, с причиной в заголовке x-bridge-reason. Повторить или отбросить их можно на странице <link>События</link>; здесь лежат копии для тех, кто хочет их читать.',
  },
  'queues.replies': { en: 'Replies', ru: 'Ответы' },
  'queues.repliesMeaning': {
    en: 'Reports of consumers on their way into the ledger. They pile up only while the database cannot be written.',
    ru: 'Ответы потребителей на пути в реестр доставок. Накапливаются, только пока в базу данных нельзя писать.',
  },
  'queues.noKeys': {
    en: 'None was seen by this process since it started.',
    ru: 'С запуска этого процесса таких не было.',
  },
  'queues.keys': { en: 'Their routing keys', ru: 'Их ключи маршрутизации' },
  'queues.last': { en: 'last {when}', ru: 'последнее {when}' },
  'queues.moreKeys': {
    en: 'And {count, plural, one {# other} other {# others}}.',
    ru: 'И ещё {count, plural, one {# ключ} few {# ключа} many {# ключей} other {# ключа}}.',
  },
  'queues.sinceStart': {
    en: 'Seen by this process since it started.',
    ru: 'Замечено этим процессом с его запуска.',
  },
  'queues.blind': { en: 'Not watched at present: {reason}', ru: 'Сейчас не отслеживается: {reason}' },
  'queues.noRejections': {
    en: 'None were rejected by this process since it started.',
    ru: 'С запуска этот процесс ничего не отклонял.',
  },
  'queues.lastRejections': { en: 'The last ones', ru: 'Последние' },
} as const;
