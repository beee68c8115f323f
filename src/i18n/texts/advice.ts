/** What people can do about what went wrong: in the dashboard, at the command line, and in English in the log. */
export const adviceTexts = {
  'advice.unauthorized': {
    en: 'install the application on this portal again, or set B24_DOMAIN and a new B24_REFRESH_TOKEN and restart; its queue and its deliveries are kept',
    ru: 'установите приложение на этом портале заново или задайте B24_DOMAIN и новый B24_REFRESH_TOKEN и перезапустите сервис; очередь портала и доставки сохраняются',
  },
  'advice.unfinished': {
    en: 'the portal announces nothing to the application until its installation is finished: choose "Script only (no user interface)" in the settings of the application and install it again, or have its page call BX24.installFinish(); it is looked at again by itself',
    ru: 'пока установка не завершена, портал ничего не сообщает приложению: отметьте в настройках приложения «Использует только API» и установите его заново либо вызовите на его странице BX24.installFinish(); сервис проверит портал ещё раз сам',
  },
  'advice.unmarkable': {
    en: "failures are retried from the ledger meanwhile, their rows stay on the portal without a mark; see the reason, and ask the portal's owner or Bitrix24's support to mend event.offline.error; it is tried again every hour and with every start",
    ru: 'неудачные события пока повторяются из реестра доставок, а их строки остаются на портале без пометки; посмотрите причину и попросите владельца портала или поддержку Битрикс24 исправить event.offline.error; сервис пробует снова каждый час и при каждом запуске',
  },
  'advice.not_allowed': {
    en: 'it is called again, and goes on with its queue and its deliveries, once B24_ALLOWED_PORTALS names it (after a restart with that); if it is not to come back: portals remove, and delete the application there',
    ru: 'сервис снова обратится к нему и продолжит с его очередью и доставками, когда портал будет указан в B24_ALLOWED_PORTALS (после перезапуска); если портал больше не нужен, выполните portals remove и удалите на нём приложение',
  },
  'advice.suspended': {
    en: 'see the reason; it is looked at again by itself',
    ru: 'посмотрите причину; сервис проверит портал ещё раз сам',
  },
  'advice.unlicensed': {
    en: "the portal's plan lacks a feature, see the reason; it is looked at again by itself",
    ru: 'в тарифе портала нет нужной возможности, см. причину; сервис проверит портал ещё раз сам',
  },
  'advice.shared': {
    en: 'another program with the same application keys (a staging copy, perhaps) reserves its events, so each of you gets a part of them and clears rows of the other: stop it, or give it an application of its own or another B24_AUTH_CONNECTOR',
    ru: 'его события резервирует другая программа с теми же ключами приложения (например, тестовая копия), поэтому каждой достаётся лишь часть, и каждая удаляет строки другой: остановите её, заведите для неё отдельное приложение или другой B24_AUTH_CONNECTOR',
  },
  'advice.refused': {
    en: 'find the queue: rabbitmqctl list_queues name messages policy arguments (full, with overflow reject-publish, or a quorum queue without a majority), then empty it, enlarge it or unbind it',
    ru: 'найдите очередь: rabbitmqctl list_queues name messages policy arguments (переполнена при overflow reject-publish или это кворумная очередь без большинства), затем разберите её, увеличьте или отвяжите',
  },

  'refusal.deadLetters': { en: 'the queue for dead letters', ru: 'очередь недоставленных' },
  'refusal.boundFor': { en: 'a queue bound for {key}', ru: 'очередь, привязанная к {key}' },
  'refusal.shown': {
    en: '{refusals, plural, =1 {refused once by {queue}} one {refused # times in a row by {queue}} other {refused # times in a row by {queue}}}',
    ru: '{refusals, plural, =1 {не приняла {queue}} one {# раз подряд не приняла {queue}} few {# раза подряд не приняла {queue}} many {# раз подряд не приняла {queue}} other {# раза подряд не приняла {queue}}}',
  },
  'refusal.failedBefore': {
    en: '{refused}; failed before: {reason}',
    ru: '{refused}; прежняя ошибка: {reason}',
  },
} as const;
