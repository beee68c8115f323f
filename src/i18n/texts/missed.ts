/** Changes that no event has announced. */
export const missedTexts = {
  'missed.bindings_missing': { en: 'bindings were missing', ru: 'не было подписок на события' },
  'missed.not_installed': { en: 'the application was not installed', ru: 'приложение не было установлено' },
  'missed.unfinished': {
    en: 'the application’s installation was not finished',
    ru: 'установка приложения не была завершена',
  },
  'missed.suspended': { en: 'the portal was suspended', ru: 'портал был приостановлен' },
  'missed.unlicensed': { en: 'the plan lacked the feature', ru: 'на тарифе не было нужной возможности' },
  'missed.unauthorized': { en: 'the authorization was gone', ru: 'авторизация была утрачена' },
  'missed.paused': { en: 'the portal was paused', ru: 'портал был на паузе' },
  'missed.own_write': {
    en: 'perhaps written by the application itself',
    ru: 'возможно, запись самого приложения',
  },
  'missed.shared_queue': {
    en: 'another program reads the same queue',
    ru: 'ту же очередь читает другая программа',
  },
  'missed.unknown': { en: 'unknown', ru: 'неизвестно' },
} as const;
