/** Portals that people have paused. */
export const pauseTexts = {
  'pause.badge': { en: 'paused', ru: 'на паузе' },
  'pause.byWhom': { en: 'paused by {by} {when}', ru: 'на паузе: {by}, {when}' },
  'pause.byWhomWhy': {
    en: 'paused by {by} {when}: {reason}',
    ru: 'на паузе: {by}, {when}, причина: {reason}',
  },
  'pause.meaning': {
    en: 'Nothing new is reserved on the portal until it is resumed; what the bridge has is published, retried and cleared as ever.',
    ru: 'Пока пауза не снята, новые события на портале не резервируются. Всё, что уже есть у моста, публикуется, повторяется и удаляется из очереди портала как обычно.',
  },
  'pause.title': { en: 'Pause', ru: 'Пауза' },
  'pause.pause': { en: 'Pause…', ru: 'Поставить на паузу…' },
  'pause.resume': { en: 'Resume', ru: 'Снять с паузы' },
  'pause.askAgain': { en: 'Ask it again now', ru: 'Опросить снова сейчас' },
  'pause.question': { en: 'Pause {portal}?', ru: 'Поставить {portal} на паузу?' },
  'pause.what': {
    en: 'Nothing new is reserved: its changes wait in the portal’s own queue. What the bridge has already is published, retried and cleared as ever; failures are retried from the ledger and are not marked on the portal meanwhile.',
    ru: 'Новые события не резервируются: изменения ждут в очереди самого портала. Всё, что уже есть у моста, публикуется, повторяется и удаляется из очереди как обычно; ошибки повторяются из реестра доставок, пометок на портале в это время нет.',
  },
  'pause.howLong': {
    en: 'It stays paused over restarts and new installations, until it is resumed.',
    ru: 'Пауза сохраняется при перезапусках и новых установках приложения, пока её кто-нибудь не снимет.',
  },
  'pause.reason': {
    en: 'Reason, for those who find it paused',
    ru: 'Причина — для тех, кто увидит портал на паузе',
  },
  'pause.confirm': { en: 'Pause {portal}', ru: 'Поставить {portal} на паузу' },
  'pause.cancel': { en: 'Cancel', ru: 'Отмена' },
  'pause.done': { en: '{portal} is paused.', ru: 'Портал {portal} на паузе.' },
  'pause.already': { en: '{portal} is paused already, by {by}.', ru: 'Портал {portal} уже на паузе: {by}.' },
  'pause.ended': {
    en: 'The pause of {portal} by {by} has ended.',
    ru: 'Пауза портала {portal} ({by}) снята.',
  },
  'pause.askedAgain': {
    en: '{portal} is asked again at once.',
    ru: 'Портал {portal} опрашивается снова.',
  },
  'pause.neither': {
    en: '{portal} was neither paused nor stopped.',
    ru: 'Портал {portal} не был ни на паузе, ни остановлен.',
  },
} as const;
