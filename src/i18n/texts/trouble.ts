/** What is said while the broker or the database is away, and of actions that could not be carried out. */
export const troubleTexts = {
  'trouble.broker': { en: 'RabbitMQ cannot be used', ru: 'RabbitMQ недоступен' },
  'trouble.database': { en: 'The database cannot be used', ru: 'База данных недоступна' },
  'trouble.since': { en: 'since {when}', ru: 'с {when}' },
  'trouble.brokerMeanwhile': {
    en: 'Nothing is lost and nothing new is reserved: events wait on the portals, and the bridge goes on by itself within 10 s of RabbitMQ’s return.',
    ru: 'Ничего не теряется, новые события не резервируются: они ждут на порталах. Когда RabbitMQ вернётся, мост продолжит работу сам в течение 10 с.',
  },
  'trouble.databaseMeanwhile': {
    en: 'Nothing is lost and nothing new is reserved: events wait on the portals, replies wait in RabbitMQ, and the bridge goes on by itself within 10 s of the database’s return.',
    ru: 'Ничего не теряется, новые события не резервируются: они ждут на порталах, ответы ждут в RabbitMQ. Когда база вернётся, мост продолжит работу сам в течение 10 с.',
  },
  'trouble.figuresOf': {
    en: 'Counts of events on this page are of {when}.',
    ru: 'Числа событий на этой странице на момент: {when}.',
  },
  'trouble.figuresUnknown': {
    en: 'Counts of events are unknown.',
    ru: 'Числа событий неизвестны.',
  },
  'trouble.help': { en: 'What to do', ru: 'Что делать' },
  'trouble.unavailable': {
    en: 'This page needs the database. It appears as soon as the database answers.',
    ru: 'Для этой страницы нужна база данных. Она появится, как только база ответит.',
  },
  'trouble.summary': { en: '{what}: {reason}', ru: '{what}, причина: {reason}' },

  'help.brokerTitle': { en: 'RabbitMQ cannot be used: what to do', ru: 'RabbitMQ недоступен: что делать' },
  'help.broker1': {
    en: 'Read the reason above. Nothing listens there, or the host is unknown: start RabbitMQ, or correct {setting}.',
    ru: 'Прочитайте причину выше. Никто не отвечает или узел не найден: запустите RabbitMQ или исправьте {setting}.',
  },
  'help.broker2': {
    en: 'The login is refused, or the vhost is missing: the user, its password and its rights in RabbitMQ do not fit {setting}.',
    ru: 'Вход отклонён или нет vhost: пользователь, пароль или права в RabbitMQ не подходят к {setting}.',
  },
  'help.broker3': {
    en: 'Blocked: RabbitMQ has no memory or disk left and takes no messages. Make room there.',
    ru: 'Заблокировано: в RabbitMQ кончилась память или диск, сообщения не принимаются. Освободите место.',
  },
  'help.broker4': {
    en: 'A conflict names the exchange or queue that has other properties: let the queue be drained and delete it. The bridge declares it anew.',
    ru: 'При конфликте названы точка обмена или очередь с другими свойствами: дождитесь, пока очередь опустеет, и удалите её. Мост создаст её заново.',
  },
  'help.broker5': {
    en: 'The prefix is taken: another bridge with another database works on it. Two bridges need two values of {setting}.',
    ru: 'Префикс занят: с ним работает другой мост с другой базой. Двум мостам нужны разные значения {setting}.',
  },
  'help.databaseTitle': {
    en: 'The database cannot be used: what to do',
    ru: 'База данных недоступна: что делать',
  },
  'help.database1': {
    en: 'A full disk: make room. Never delete the {wal} file beside a SQLite database: it is part of it.',
    ru: 'Диск заполнен: освободите место. Никогда не удаляйте файл {wal} рядом с базой SQLite: это её часть.',
  },
  'help.database2': {
    en: 'Read-only: the file’s or its folder’s owner, or the file system’s mount, does not let this process write.',
    ru: 'Только чтение: владелец файла или папки либо способ подключения диска не дают процессу писать.',
  },
  'help.database3': {
    en: 'Locked: another program holds a transaction open in the file. End it.',
    ru: 'Заблокировано: другая программа держит открытую транзакцию в файле. Завершите её.',
  },
  'help.database4': {
    en: 'PostgreSQL does not answer, or refuses the login: start it, or correct {setting}.',
    ru: 'PostgreSQL не отвечает или отклоняет вход: запустите его или исправьте {setting}.',
  },
  'help.database5': {
    en: 'The file is gone or was replaced: put it back with its {wal} file, or restore a backup, and restart the service.',
    ru: 'Файл пропал или заменён: верните его вместе с файлом {wal} или восстановите копию и перезапустите сервис.',
  },
  'help.more': {
    en: 'The log says more, and so does {command}. The whole runbook: {page} in the documentation.',
    ru: 'Подробности в журнале и в выводе {command}. Полная инструкция: {page} в документации.',
  },
  'help.now': { en: 'At present', ru: 'Сейчас' },
  'help.works': { en: 'It works at present.', ru: 'Сейчас всё работает.' },

  'notDone.nothing': {
    en: 'Nothing was done: the database took no change ({reason}). Try again when it does.',
    ru: 'Ничего не сделано: база данных не приняла изменение ({reason}). Повторите, когда она заработает.',
  },
  'notDone.partly': {
    en: '{done, plural, one {# event was changed} other {# events were changed}}, then the database took no more ({reason}). The rest is as it was: try again when it does.',
    ru: '{done, plural, one {Изменено # событие} few {Изменено # события} many {Изменено # событий} other {Изменено # события}}, затем база данных перестала принимать изменения ({reason}). Остальное как было: повторите, когда она заработает.',
  },
  'notDone.unknown': {
    en: 'Whether it was done is not known: the connection to the database broke ({reason}). Look at the events when it answers; to do it again does no harm.',
    ru: 'Выполнено ли действие, неизвестно: связь с базой данных прервалась ({reason}). Проверьте события, когда база ответит; повторить действие безопасно.',
  },
} as const;
