/** What `doctor` finds. The subjects stand first in each line. */
export const doctorTexts = {
  'subject.alarm': { en: 'alarm', ru: 'тревога' },
  'subject.broker': { en: 'broker', ru: 'брокер' },
  'subject.certificates': { en: 'certificates', ru: 'сертификаты' },
  'subject.database': { en: 'database', ru: 'база данных' },
  'subject.dead': { en: 'dead', ru: 'недоставленные' },
  'subject.names': { en: 'names', ru: 'имена' },
  'subject.oauth': { en: 'oauth', ru: 'сервер авторизации' },
  'subject.portals': { en: 'portals', ru: 'порталы' },
  'subject.prefix': { en: 'prefix', ru: 'префикс' },
  'subject.proxy': { en: 'proxy', ru: 'прокси' },
  'subject.queues': { en: 'queues', ru: 'очереди' },
  'subject.readers': { en: 'readers', ru: 'читатели' },
  'subject.refused': { en: 'refused', ru: 'не принято' },
  'subject.rejected': { en: 'rejected', ru: 'отклонённые ответы' },
  'subject.replicas': { en: 'replicas', ru: 'реплики' },
  'subject.replies': { en: 'replies', ru: 'ответы' },
  'subject.settings': { en: 'settings', ru: 'настройки' },
  'subject.tokens': { en: 'tokens', ru: 'токены' },
  'subject.topology': { en: 'topology', ru: 'топология' },
  'subject.unrouted': { en: 'unrouted', ru: 'без маршрута' },

  'doctor.settings': { en: 'every setting is usable', ru: 'все настройки пригодны' },

  'doctor.lost': {
    en: '{host} was lost meanwhile: {reason}',
    ru: 'соединение с {host} прервалось во время проверки: {reason}',
  },
  'doctor.conflict': {
    en: '{object}: {reason}; delete it (a queue: once it is drained) and the service declares it anew, or set another AMQP_PREFIX',
    ru: '{object}: {reason}; удалите (очередь — когда она опустеет), и сервис создаст заново, или задайте другой AMQP_PREFIX',
  },
  'doctor.unknownObject': {
    en: '{object}: {reason}; look into the log of RabbitMQ',
    ru: '{object}: {reason}; посмотрите журнал RabbitMQ',
  },
  'doctor.nothingDeclared': {
    en: 'nothing is declared yet; the service does that when it starts',
    ru: 'пока ничего не создано, это сделает сервис при запуске',
  },
  'doctor.missing': {
    en: 'missing: {objects}. Restart the service, which declares them',
    ru: 'не хватает: {objects}. Перезапустите сервис, он их создаст',
  },
  'doctor.declared': {
    en: '{count} exchanges and queues as needed',
    ru: 'точек обмена и очередей: {count}, все как нужно',
  },
  'doctor.declaredUnseen': {
    en: '{count} exchanges and queues as needed, {given} of them made by another user: this one may not look at their properties',
    ru: 'точек обмена и очередей: {count}, все как нужно; из них {given} создал другой пользователь, и свойства этому не видны',
  },

  'doctor.prefixUnknown': {
    en: 'this user of RabbitMQ has no right to configure {exchange}: nothing keeps a second bridge from "{prefix}"',
    ru: 'у этого пользователя RabbitMQ нет права на {exchange}: ничто не удержит второй мост от «{prefix}»',
  },
  'doctor.prefixFree': {
    en: '"{prefix}" is not claimed yet; the service claims it when it starts',
    ru: '«{prefix}» пока никем не занят, сервис займёт его при запуске',
  },
  'doctor.prefixOwn': { en: '"{prefix}" is this database\'s', ru: '«{prefix}» принадлежит этой базе данных' },
  'doctor.prefixOther': {
    en: '"{prefix}" belongs to another database ({holder}): a new one would find it taken',
    ru: '«{prefix}» принадлежит другой базе данных ({holder}): для новой он будет занят',
  },
  'doctor.prefixOf': {
    en: '"{prefix}" is the database\'s with the id {holder}',
    ru: '«{prefix}» принадлежит базе данных с id {holder}',
  },

  'doctor.unrouted': {
    en: '{count} events were published that no queue is bound to: see bitrix24-bridge queues look unrouted, bind a queue to their keys, then bitrix24-bridge queues republish unrouted --count {count}',
    ru: 'опубликовано событий, которых не ждёт ни одна очередь: {count}. Посмотрите bitrix24-bridge queues look unrouted, привяжите очередь к их ключам, затем bitrix24-bridge queues republish unrouted --count {count}',
  },
  'doctor.rejected': {
    en: '{count} replies could not be understood and had no effect: the header x-bridge-error of each in {queue} says why; correct the consumer, then purge that queue',
    ru: 'не удалось разобрать ответов: {count}, они ни на что не повлияли. Причина — в заголовке x-bridge-error каждого в {queue}; исправьте потребителя, затем очистите эту очередь',
  },
  'doctor.replies': {
    en: '{count} replies wait to be recorded: look at the service and its database, which cannot keep up',
    ru: 'ответов ждут записи: {count}. Проверьте сервис и его базу данных: они не успевают',
  },
  'doctor.dead': {
    en: '{count} dead letters: see bitrix24-bridge events list --state dead for the reasons; once those are gone, bitrix24-bridge queues republish dead --count {count}',
    ru: 'недоставленных: {count}. Причины покажет bitrix24-bridge events list --state dead; когда они устранены, выполните bitrix24-bridge queues republish dead --count {count}',
  },
  'doctor.nobodyReads': {
    en: 'nobody reads the replies: no service runs on this prefix',
    ru: 'ответы никто не читает: сервис с этим префиксом не запущен',
  },
  'doctor.readers': { en: '{count} read the replies', ru: 'ответы читают: {count}' },

  'doctor.notAsked': {
    en: 'not asked: with HTTP_PORT=0 its port is only in its log',
    ru: 'не спрошен: при HTTP_PORT=0 порт виден только в его журнале',
  },
  'doctor.notRunning': {
    en: 'none is running here: nothing listens at {url}. Start it, or run doctor where it runs, with its settings',
    ru: 'здесь не запущен: на {url} никто не отвечает. Запустите его или выполните doctor там, где он работает, с его настройками',
  },
  'doctor.serviceSilent': {
    en: '{url} does not answer: {reason}. Look into the log of the service',
    ru: '{url} не отвечает: {reason}. Посмотрите журнал сервиса',
  },
  'doctor.ready': { en: '{url} says that it is ready', ru: '{url} сообщает, что сервис готов' },
  'doctor.notReady': {
    en: '{url} says that it is not ready: {reasons}; it goes on by itself once that is mended',
    ru: '{url} сообщает, что сервис не готов: {reasons}; когда это исправлено, он продолжит сам',
  },
  'doctor.stranger': {
    en: '{url} answers with {status}: another program listens there, or HTTP_PORT is another',
    ru: '{url} отвечает {status}: там другая программа, или HTTP_PORT другой',
  },

  'doctor.noDatabase': {
    en: 'there is none at {place} yet; the service makes it when it starts',
    ru: 'по адресу {place} её пока нет, сервис создаст её при запуске',
  },
  'doctor.pending': {
    en: '{place} lacks {migrations}; the service brings it up to date when it starts',
    ru: 'в {place} нет {migrations}; сервис обновит её при запуске',
  },
  'doctor.database': { en: '{place}, up to date, takes writes', ru: '{place}, актуальна, запись работает' },
  'doctor.databaseFault': { en: '{place}: {fault}', ru: '{place}: {fault}' },
  'doctor.noReplica': {
    en: 'none is alive; portals wait for one',
    ru: 'ни одна не работает, порталы ждут',
  },
  'doctor.replicas': {
    en: '{count} share {portals} portals: {shares}',
    ru: 'реплик: {count}, порталов на всех: {portals}. По репликам: {shares}',
  },

  'doctor.refusedBy': { en: '{count} by {queue}', ru: '{count}, не приняла {queue}' },
  'doctor.refused': {
    en: 'events are refused and tried again: {queues}; {advice}',
    ru: 'события не принимаются и отправляются снова: {queues}; {advice}',
  },
  'doctor.refusedMore': {
    en: 'events are refused and tried again: {queues}, and under {more} more routing keys; {advice}',
    ru: 'события не принимаются и отправляются снова: {queues} и ещё ключей маршрутизации: {more}; {advice}',
  },

  'doctor.tokensClear': {
    en: 'they are stored in clear: set TOKEN_ENCRYPTION_KEY (openssl rand -base64 32)',
    ru: 'хранятся открытым текстом: задайте TOKEN_ENCRYPTION_KEY (openssl rand -base64 32)',
  },
  'doctor.tokensRead': {
    en: 'they can be read with TOKEN_ENCRYPTION_KEY',
    ru: 'читаются с TOKEN_ENCRYPTION_KEY',
  },
  'doctor.tokensClearStill': {
    en: 'those of {portals} are stored in clear still: restart the service with this TOKEN_ENCRYPTION_KEY, which seals them; backups made before have them in clear',
    ru: 'у {portals} они ещё хранятся открытым текстом: перезапустите сервис с этим TOKEN_ENCRYPTION_KEY, он их зашифрует; в прежних резервных копиях они остаются открытыми',
  },
  'doctor.tokensOldKey': {
    en: 'those of {portals} are sealed with an old key still: restart the service, which seals them with the first key of TOKEN_ENCRYPTION_KEY; then the old key can go',
    ru: 'у {portals} они ещё зашифрованы старым ключом: перезапустите сервис, он зашифрует их первым ключом TOKEN_ENCRYPTION_KEY; после этого старый ключ можно убрать',
  },
  'doctor.keysCanGo': {
    en: 'all are sealed with the first key of TOKEN_ENCRYPTION_KEY: the keys behind it can go, unless a backup is to be put back that was made with them',
    ru: 'все зашифрованы первым ключом TOKEN_ENCRYPTION_KEY: остальные можно убрать, если не понадобится резервная копия, сделанная с ними',
  },
  'doctor.tokensUnread': {
    en: '{reason}; set the key that they were stored with',
    ru: '{reason}; задайте ключ, которым они зашифрованы',
  },
  'doctor.names': {
    en: '{first} and {more} more',
    ru: '{first} и ещё {more}',
  },

  'doctor.noPortals': { en: 'none is installed', ru: 'нет ни одного' },
  'doctor.twin': {
    en: 'another program drains {portal}, last seen {when}: {advice}',
    ru: 'очередь портала {portal} разбирает другая программа, последний раз замечено {when}: {advice}',
  },
  'doctor.pinned': {
    en: 'PORTAL_NAMES says that {portal} ({address}) is {name}: a restart of the service renames it, unless another portal at its address has that name',
    ru: 'по PORTAL_NAMES портал {portal} ({address}) — это {name}: при перезапуске сервис переименует его, если это имя не занято другим порталом с тем же адресом',
  },
  'doctor.paused': {
    en: '{portal} is {pause}: nothing new is reserved there until {command}',
    ru: '{portal} {pause}: ничего нового не резервируется, пока не выполнено {command}',
  },
  'doctor.leftAlone': {
    en: '{portal} is left alone: {reason}; {advice}',
    ru: 'к {portal} сервис не обращается: {reason}; {advice}',
  },
  'doctor.troubled': {
    en: '{portal} is active, but: {reason}; it is tried again by itself',
    ru: '{portal} активен, но: {reason}; сервис пробует снова сам',
  },
  'doctor.active': { en: '{portal} is active', ru: '{portal} активен' },
  'doctor.stopped': {
    en: '{portal} is {state}: {reason}; see: {command}',
    ru: '{portal} в состоянии «{state}»: {reason}; подробнее: {command}',
  },
  'doctor.stoppedAdvice': {
    en: '{portal} is {state}: {reason}; {advice}; see: {command}',
    ru: '{portal} в состоянии «{state}»: {reason}; {advice}; подробнее: {command}',
  },

  'doctor.proxyUsed': {
    en: '{proxy} is used for {scheme}// addresses ({setting}); no authorization server is asked through it',
    ru: '{proxy} используется для адресов {scheme}// ({setting}); серверы авторизации спрашиваются не через него',
  },
  'doctor.proxySeen': {
    en: '{proxy} is used for {scheme}// addresses ({setting}); see oauth',
    ru: '{proxy} используется для адресов {scheme}// ({setting}); см. сервер авторизации',
  },
  'doctor.proxyLeads': {
    en: '{proxy} ({setting}) leads to {host}',
    ru: '{proxy} ({setting}) ведёт к {host}',
  },
  'doctor.proxyFault': {
    en: '{reason}. Correct {setting}, or name in NO_PROXY what is reached without it',
    ru: '{reason}. Исправьте {setting} или перечислите в NO_PROXY то, что доступно без прокси',
  },
  'doctor.certificates': {
    en: 'those of {file} are trusted too',
    ru: 'доверенными считаются и те, что в {file}',
  },

  'doctor.oauthGrants': {
    en: '{server} granted tokens for a made-up one: it is no authorization server',
    ru: '{server} выдал токены в обмен на выдуманный: это не сервер авторизации',
  },
  'doctor.oauth': {
    en: "{server} answers and takes the application's keys",
    ru: '{server} отвечает и принимает ключи приложения',
  },
  'doctor.oauthUnknown': {
    en: '{server} does not know the application: portals that belong to it cannot install it ({reason})',
    ru: '{server} не знает приложения: его порталы не смогут установить приложение ({reason})',
  },
  'doctor.oauthRefuses': {
    en: '{server} refuses the application: {reason}. Check B24_CLIENT_ID and B24_CLIENT_SECRET',
    ru: '{server} отклоняет приложение: {reason}. Проверьте B24_CLIENT_ID и B24_CLIENT_SECRET',
  },
  'doctor.oauthSuspends': {
    en: '{server} has suspended the application: {reason}',
    ru: '{server} приостановил приложение: {reason}',
  },
  'doctor.oauthBusy': {
    en: '{server} is asked too much at present: {reason}',
    ru: 'к {server} сейчас слишком много запросов: {reason}',
  },
  'doctor.oauthNoAnswer': {
    en: '{server} gives no usable answer: {reason}. Check the network and B24_OAUTH_URL',
    ru: '{server} не даёт пригодного ответа: {reason}. Проверьте сеть и B24_OAUTH_URL',
  },
  'doctor.oauthNoAnswerOf': {
    en: '{server} gives no usable answer: {reason}. Check the network, or leave it out of B24_OAUTH_URL where no portal belongs to it',
    ru: '{server} не даёт пригодного ответа: {reason}. Проверьте сеть или уберите его из B24_OAUTH_URL, если к нему не относится ни один портал',
  },

  'pause.by': { en: 'paused by {by} since {when}', ru: 'на паузе с {when}, поставил {by}' },
  'pause.byBecause': {
    en: 'paused by {by} since {when} ({reason})',
    ru: 'на паузе с {when}, поставил {by} ({reason})',
  },
  'check.paused': {
    en: 'it is {pause}: nothing new is reserved until {command}',
    ru: 'портал {pause}: ничего нового не резервируется, пока не выполнено {command}',
  },
} as const;
