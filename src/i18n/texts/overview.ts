/** The overview, and what is said of a portal there. */
export const overviewTexts = {
  'overview.title': { en: 'Overview', ru: 'Обзор' },
  'overview.portals': { en: 'Portals', ru: 'Порталы' },
  'overview.find': { en: 'Find', ru: 'Найти' },
  'overview.noneNamed': { en: 'No portal has this in its name.', ru: 'Порталов с таким именем нет.' },
  'overview.none': {
    en: 'No portal has installed the application yet.',
    ru: 'Приложение ещё не установлено ни на одном портале.',
  },
  'overview.noneHelp': {
    en: 'Enter {path} of this service’s public address as the application’s installation path and save it on the portal, or run {command} beside the service.',
    ru: 'Укажите {path} по внешнему адресу сервиса как путь для первоначальной установки приложения и сохраните его на портале либо выполните рядом с сервисом {command}.',
  },
  'overview.caption': { en: 'Portals, those in trouble first', ru: 'Порталы, сначала проблемные' },
  'overview.pages': { en: 'Pages of portals', ru: 'Страницы списка порталов' },
  'overview.previous': { en: 'Previous', ru: 'Назад' },
  'overview.next': { en: 'Next', ru: 'Дальше' },
  'overview.page': { en: 'Page {number} of {pages}', ru: 'Страница {number} из {pages}' },
  'overview.summary': {
    en: '{stopped, plural, =0 {} one {# portal stopped, } other {# portals stopped, }}{paused, plural, =0 {} one {# portal paused, } other {# portals paused, }}{failed} failed, {waiting} waiting, {refused} refused, {dead} dead',
    ru: '{stopped, plural, =0 {} one {остановлен # портал, } few {остановлено # портала, } many {остановлено # порталов, } other {остановлено # портала, }}{paused, plural, =0 {} one {на паузе # портал, } few {на паузе # портала, } many {на паузе # порталов, } other {на паузе # портала, }}с ошибкой {failed}, в ожидании {waiting}, не принято {refused}, не доставлено {dead}',
  },

  'tile.portals': { en: 'Portals at work', ru: 'Порталы в работе' },
  'tile.portalsOf': { en: '{working} of {installed}', ru: '{working} из {installed}' },
  'tile.rate': { en: 'Events a second', ru: 'Событий в секунду' },
  'tile.rateKnown': { en: 'Events a second, where known', ru: 'Событий в секунду, где известно' },
  'tile.flight': { en: 'In flight', ru: 'В пути' },
  'tile.failed': { en: 'Failed', ru: 'С ошибкой' },
  'tile.marked': { en: 'Marked on the portal', ru: 'Помечены на портале' },
  'tile.waiting': { en: 'Waiting for a retry', ru: 'Ждут повтора' },
  'tile.refused': { en: 'Refused by a queue', ru: 'Не приняты очередью' },
  'tile.dead': { en: 'Dead', ru: 'Не доставлены' },
  'tile.unrouted': { en: 'Unrouted', ru: 'Без маршрута' },
  'tile.rejected': { en: 'Rejected replies', ru: 'Отклонённые ответы' },

  'column.portal': { en: 'Portal', ru: 'Портал' },
  'column.state': { en: 'State', ru: 'Состояние' },
  'column.rate': { en: 'Published a second', ru: 'Опубликовано в секунду' },
  'column.lag': { en: 'Lag', ru: 'Задержка' },
  'column.onPortal': { en: 'On the portal', ru: 'На портале' },
  'column.flight': { en: 'In flight', ru: 'В пути' },
  'column.failed': { en: 'Failed', ru: 'С ошибкой' },
  'column.waiting': { en: 'Waiting', ru: 'Ждут' },
  'column.dead': { en: 'Dead', ru: 'Не доставлены' },
  'column.round': { en: 'Last round', ru: 'Последний обмен' },

  'portal.was': {
    en: 'was {name}, which another portal is now',
    ru: 'прежнее имя {name}, теперь его носит другой портал',
  },
  'portal.sharedShort': { en: 'another program drains it', ru: 'его очередь разбирает другая программа' },

  'chart.spark': {
    en: '{name}: events a second over two minutes, at most {most}',
    ru: '{name}: событий в секунду за две минуты, не более {most}',
  },
  'chart.label': {
    en: '{name}: events a second over five minutes; at most {most} published; {failures} failed in all',
    ru: '{name}: событий в секунду за пять минут; опубликовано не более {most}; всего с ошибкой {failures}',
  },
  'chart.fiveMinutes': { en: '−5 min', ru: '−5 мин' },
  'chart.now': { en: 'now', ru: 'сейчас' },
  'chart.caption': { en: 'Events a second, five minutes:', ru: 'Событий в секунду за пять минут:' },
  'chart.published': { en: 'published', ru: 'опубликовано' },
  'chart.failed': { en: 'reported as failed', ru: 'с ошибкой у потребителя' },
} as const;
