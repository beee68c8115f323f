/** States as people read them. Logs, metrics and JSON have the English words that the keys end with. */
export const stateTexts = {
  'delivery.reserved': { en: 'reserved', ru: 'зарезервировано' },
  'delivery.published': { en: 'published', ru: 'опубликовано' },
  'delivery.processed': { en: 'processed', ru: 'обработано' },
  'delivery.failed': { en: 'failed', ru: 'с ошибкой' },
  'delivery.marked': { en: 'marked', ru: 'помечено' },
  'delivery.waiting': { en: 'waiting', ru: 'в ожидании' },
  'delivery.refused': { en: 'refused', ru: 'не принято' },
  'delivery.dead': { en: 'dead', ru: 'не доставлено' },

  'delivery.discarded': { en: 'discarded', ru: 'отброшено' },
  'delivery.superseded': { en: 'superseded', ru: 'заменено более новым' },

  'delivery.counted': { en: '{count, number} {state}', ru: '{state} {count, number}' },

  'condition.broker': { en: 'broker', ru: 'брокер' },
  'condition.database': { en: 'database', ru: 'база данных' },

  'portal.active': { en: 'active', ru: 'активен' },
  'portal.unfinished': { en: 'unfinished', ru: 'установка не завершена' },
  'portal.unmarkable': { en: 'unmarkable', ru: 'не принимает пометки' },
  'portal.suspended': { en: 'suspended', ru: 'приостановлен' },
  'portal.unauthorized': { en: 'unauthorized', ru: 'нет доступа' },
  'portal.unlicensed': { en: 'unlicensed', ru: 'нет в тарифе' },
  'portal.not_allowed': { en: 'not_allowed', ru: 'не разрешён' },
  'portal.uninstalled': { en: 'uninstalled', ru: 'удалён' },
} as const;
