/** Lists that hold still, groups by reason, and what is done to many events. */
export const listTexts = {
  'list.new': { en: 'Show {count} new', ru: 'Показать новые: {count}' },
  'list.nothingNew': { en: 'Nothing newer', ru: 'Новых нет' },
  'list.left': { en: 'no longer in this list', ru: 'уже не в этом списке' },
  'list.order': { en: 'Order', ru: 'Порядок' },
  'list.latestFirst': { en: 'latest first', ru: 'сначала последние' },
  'list.oldestFirst': { en: 'oldest first', ru: 'сначала старые' },

  'groups.show': { en: 'Group by reason', ru: 'Сгруппировать по причине' },
  'groups.hide': { en: 'One by one', ru: 'По одному' },
  'groups.caption': { en: 'Events that went wrong, by reason', ru: 'События с проблемами по причинам' },
  'groups.events': { en: 'Events', ru: 'События' },
  'groups.portals': { en: 'Portals', ru: 'Порталы' },
  'groups.last': { en: 'Last', ru: 'Последнее' },
  'groups.retry': {
    en: 'Retry {count}<hidden> for: {reason}</hidden>…',
    ru: 'Повторить {count}<hidden> по причине: {reason}</hidden>…',
  },
  'groups.only': { en: 'Only those with the reason: {reason}', ru: 'Только с причиной: {reason}' },
  'groups.onlyWithout': { en: 'Only those without a reason', ru: 'Только без причины' },

  'done.which': { en: 'Chosen: {events}.', ru: 'Выбрано: {events}.' },
  'done.changed': {
    en: '{count, plural, one {# event has gone on since you saw it and was left alone.} other {# events have gone on since you saw them and were left alone.}}',
    ru: '{count, plural, one {# событие изменилось после показа и оставлено как есть.} few {# события изменились после показа и оставлены как есть.} many {# событий изменились после показа и оставлены как есть.} other {# события изменились после показа и оставлены как есть.}}',
  },
  'done.later': {
    en: '{count, plural, one {# follows} other {# follow}}; you can leave this page.',
    ru: '{count, plural, one {Остальное # событие последует} few {Остальные # события последуют} many {Остальные # событий последуют} other {Остальные # события последуют}}; страницу можно закрыть.',
  },

  'tasks.title': { en: 'Work on many events', ru: 'Работа с большим числом событий' },
  'tasks.retry': {
    en: 'Retry of {total, plural, one {# event} other {# events}}',
    ru: 'Повтор: {total, plural, one {# событие} few {# события} many {# событий} other {# события}}',
  },
  'tasks.discard': {
    en: 'Discard of {total, plural, one {# event} other {# events}}',
    ru: 'Отбрасывание: {total, plural, one {# событие} few {# события} many {# событий} other {# события}}',
  },
  'tasks.by': { en: 'asked for by {name}, {when}', ru: 'запросил {name}, {when}' },
  'tasks.done': { en: '{count} done', ru: 'сделано: {count}' },
  'tasks.left': { en: 'left alone: {states}', ru: 'оставлено как есть: {states}' },
  'tasks.gone': { en: '{count} not to be found any more', ru: 'больше не найдено: {count}' },
  'tasks.remaining': {
    en: '{count} to go, {perSecond} a second',
    ru: 'осталось: {count}, по {perSecond} в секунду',
  },
  'tasks.toGo': { en: '{count} to go', ru: 'осталось: {count}' },
  'tasks.finished': { en: 'finished {when}', ru: 'завершено {when}' },
  'tasks.stopped': {
    en: 'stopped by {name}; {count} not done',
    ru: 'остановил {name}; не сделано: {count}',
  },
  'tasks.stop': { en: 'Stop', ru: 'Остановить' },
  'tasks.stoppedNow': {
    en: 'Stopped: what was done stays done, the rest is as it was.',
    ru: 'Остановлено: сделанное остаётся, остальное как было.',
  },
  'tasks.over': { en: 'It had ended before.', ru: 'Работа уже завершилась.' },

  'portals.filter': { en: 'Filter', ru: 'Фильтр порталов' },
  'portals.nameOrDomain': { en: 'name or domain', ru: 'имя или домен' },
  'portals.trouble': { en: 'in trouble', ru: 'с проблемами' },
  'portals.byNeed': { en: 'those in trouble first', ru: 'сначала проблемные' },
  'portals.group': { en: 'group by state', ru: 'по состояниям' },

  'past.all': {
    en: 'Rates, failures and lag of all portals',
    ru: 'Скорость, ошибки и задержка всех порталов',
  },
  'past.allPortals': { en: 'All portals', ru: 'Все порталы' },
  'past.title': { en: 'The last', ru: 'За последние' },
  'past.minutes': { en: '5 minutes', ru: '5 минут' },
  'past.hour': { en: 'hour', ru: 'час' },
  'past.day': { en: 'day', ru: 'сутки' },
  'past.rates': { en: 'Events a second', ru: 'Событий в секунду' },
  'past.lag': { en: 'Worst lag', ru: 'Наибольшая задержка' },
  'past.label': {
    en: '{name}, {reach}: at most {most} events a second published; {failures} reported as failed in all',
    ru: '{name}, {reach}: опубликовано не более {most} событий в секунду; всего с ошибкой {failures}',
  },
  'past.lagLabel': {
    en: '{name}, {reach}: lag at most {most}',
    ru: '{name}, {reach}: задержка не более {most}',
  },
  'past.unknown': {
    en: 'Grey: before this process began to look, nothing is known.',
    ru: 'Серое: этот процесс ещё не наблюдал, данных нет.',
  },

  'budget.title': { en: 'Request budget', ru: 'Лимит запросов' },
  'budget.used': { en: 'Used at present', ru: 'Занято сейчас' },
  'budget.usedOf': {
    en: '{used} of {capacity}; {perSecond} a second become free',
    ru: '{used} из {capacity}; освобождается по {perSecond} в секунду',
  },
  'budget.waiting': { en: 'Waiting for their turn', ru: 'Ждут очереди' },
  'budget.sent': { en: 'Sent since the start', ru: 'Отправлено с запуска' },
  'budget.refused': { en: 'Refused by the portal', ru: 'Отклонено порталом' },
  'budget.refusedLast': { en: '{count}, last {when}', ru: '{count}, последний раз {when}' },
  'budget.paused': { en: 'Nothing is sent until', ru: 'Пауза до' },
} as const;
