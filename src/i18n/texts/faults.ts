/** Why the broker or the database cannot be used, and what to do. In the log and in JSON they are English. */
export const faultTexts = {
  'fault.explained': { en: '{sentence} ({words}). {advice}', ru: '{sentence} ({words}). {advice}' },
  'fault.unexplained': { en: '{words}', ru: '{words}' },
  'fault.at': { en: '{host}: {fault}', ru: '{host}: {fault}' },
  'fault.both': { en: '{first}; {then}', ru: '{first}; {then}' },

  'fault.noAnswerYet': { en: 'no answer yet', ru: 'ответа пока нет' },
  'fault.asking': {
    en: 'RabbitMQ is being asked whose the prefix is',
    ru: 'выясняем у RabbitMQ, чей это префикс',
  },

  'fault.http': {
    en: 'an HTTP server answers there, which looks like the management UI of RabbitMQ',
    ru: 'там отвечает HTTP-сервер, похоже на веб-интерфейс RabbitMQ',
  },
  'fault.http.advice': {
    en: 'AMQP has a port of its own: 5672, or 5671 with TLS. Correct RABBITMQ_URL',
    ru: 'У AMQP свой порт: 5672, с TLS 5671. Исправьте RABBITMQ_URL',
  },
  'fault.tlsOnly': {
    en: 'that port speaks TLS and the address does not',
    ru: 'этот порт работает по TLS, а адрес указан без TLS',
  },
  'fault.tlsOnly.advice': { en: 'Write amqps:// in RABBITMQ_URL', ru: 'Укажите amqps:// в RABBITMQ_URL' },
  'fault.vhost': {
    en: 'the vhost "{vhost}" is missing, or the user "{user}" is not allowed in it',
    ru: 'нет vhost «{vhost}» или пользователю «{user}» он не разрешён',
  },
  'fault.vhost.advice': {
    en: 'See rabbitmqctl list_vhosts and rabbitmqctl list_user_permissions {user}; the vhost is what follows the port in RABBITMQ_URL',
    ru: 'Посмотрите rabbitmqctl list_vhosts и rabbitmqctl list_user_permissions {user}; vhost в RABBITMQ_URL стоит после порта',
  },
  'fault.login': {
    en: 'the login of the user "{user}" is refused: the name or the password is wrong',
    ru: 'вход пользователя «{user}» отклонён: неверное имя или пароль',
  },
  'fault.login.advice': {
    en: 'Try rabbitmqctl authenticate_user {user}; set RABBITMQ_USER and RABBITMQ_PASSWORD as they are, or in RABBITMQ_URL with special characters percent-encoded',
    ru: 'Проверьте rabbitmqctl authenticate_user {user}; в RABBITMQ_USER и RABBITMQ_PASSWORD всё записывается как есть, а в RABBITMQ_URL специальные символы — с процентами',
  },
  'fault.guest.advice': {
    en: 'RabbitMQ lets guest in from its own machine only: make a user (rabbitmqctl add_user) and name it in RABBITMQ_USER, or in RABBITMQ_URL',
    ru: 'RabbitMQ пускает guest только со своей машины: создайте пользователя (rabbitmqctl add_user) и укажите его в RABBITMQ_USER или в RABBITMQ_URL',
  },
  'fault.certificate': { en: 'its certificate is not accepted', ru: 'его сертификат не принят' },
  'fault.certificate.advice': {
    en: 'Where a private authority has signed it, name its file in NODE_EXTRA_CA_CERTS; the host in RABBITMQ_URL has to be one that the certificate names',
    ru: 'Если он подписан частным центром, укажите файл центра в NODE_EXTRA_CA_CERTS; узел в RABBITMQ_URL должен быть назван в сертификате',
  },
  'fault.notTls': { en: 'that port does not speak TLS', ru: 'этот порт не работает по TLS' },
  'fault.notTls.advice': {
    en: 'Use the port for TLS (usually 5671), or amqp:// in RABBITMQ_URL without TLS',
    ru: 'Укажите порт для TLS (обычно 5671) или amqp:// в RABBITMQ_URL, без TLS',
  },
  'fault.nobody': { en: 'nothing listens there', ru: 'там никто не отвечает' },
  'fault.nobody.broker': {
    en: 'Start RabbitMQ, or correct RABBITMQ_URL',
    ru: 'Запустите RabbitMQ или исправьте RABBITMQ_URL',
  },
  'fault.nobody.database': {
    en: 'Start PostgreSQL, or correct DATABASE_URL',
    ru: 'Запустите PostgreSQL или исправьте DATABASE_URL',
  },
  'fault.host': {
    en: 'the host name "{host}" cannot be resolved',
    ru: 'имя узла «{host}» не найдено',
  },
  'fault.hostUnnamed': { en: 'the host name cannot be resolved', ru: 'имя узла не найдено' },
  'fault.host.advice': {
    en: 'Correct {setting}, or look at the DNS',
    ru: 'Исправьте {setting} или проверьте DNS',
  },
  'fault.noRoute': { en: 'no network leads there', ru: 'туда нет пути по сети' },
  'fault.noRoute.advice': {
    en: 'Look at the network, firewalls, and {setting}',
    ru: 'Проверьте сеть, межсетевые экраны и {setting}',
  },
  'fault.stranger': {
    en: 'what answers there is not RabbitMQ',
    ru: 'там отвечает не RabbitMQ, а другая программа',
  },
  'fault.correct': { en: 'Correct {setting}', ru: 'Исправьте {setting}' },
  'fault.reset': {
    en: 'the connection is reset before RabbitMQ has greeted',
    ru: 'соединение сброшено до приветствия RabbitMQ',
  },
  'fault.reset.advice': {
    en: 'Look at RABBITMQ_URL, at firewalls between, and into the log of RabbitMQ',
    ru: 'Проверьте RABBITMQ_URL, межсетевые экраны на пути и журнал RabbitMQ',
  },
  'fault.silent': { en: 'no answer', ru: 'ответа нет' },
  'fault.silent.advice': {
    en: 'Look at the network and firewalls, and whether RabbitMQ is overloaded',
    ru: 'Проверьте сеть, межсетевые экраны и не перегружен ли RabbitMQ',
  },
  'fault.blocked': {
    en: 'RabbitMQ takes no messages at present: it is {reason}. Free memory or disk on its machine (rabbitmqctl status lists the alarms); everything goes on by itself then',
    ru: 'RabbitMQ сейчас не принимает сообщения: {reason}. Освободите память или диск на его машине (тревоги показывает rabbitmqctl status), после этого всё продолжится само',
  },
  'fault.rightOnBroker': {
    en: 'RabbitMQ refuses what the bridge lives by ({words}). Give this user the rights that deploy/rabbitmq/definitions.json has; everything goes on by itself then',
    ru: 'RabbitMQ отказывает в том, без чего мост не работает ({words}). Дайте этому пользователю права из deploy/rabbitmq/definitions.json, после этого всё продолжится само',
  },
  'fault.prefixTaken': {
    en: 'the prefix "{prefix}" belongs to another bridge\'s database ({holder}). Two bridges on one prefix would take each other\'s replies, so this one reserves, publishes and reads nothing. Give it an AMQP_PREFIX of its own or, if the other one is gone for good, run: bitrix24-bridge broker take-over',
    ru: 'префикс «{prefix}» принадлежит базе другого моста ({holder}). Два моста с одним префиксом забирали бы ответы друг друга, поэтому этот ничего не резервирует, не публикует и не читает. Задайте ему свой AMQP_PREFIX, а если другого моста больше нет, выполните: bitrix24-bridge broker take-over',
  },
  'fault.owner': { en: '{id}, made on {machine}', ru: '{id}, создана на {machine}' },
  'fault.ownerOnly': { en: '{id}', ru: '{id}' },
  'fault.ownerUnknown': { en: 'RabbitMQ does not say which', ru: 'RabbitMQ не сообщает, какая' },

  'fault.noDatabase': { en: 'there is no such database', ru: 'такой базы данных нет' },
  'fault.noDatabase.advice': {
    en: 'Make it (createdb), or correct the name at the end of DATABASE_URL',
    ru: 'Создайте её (createdb) или исправьте имя в конце DATABASE_URL',
  },
  'fault.databaseLogin': { en: 'the login is refused', ru: 'вход отклонён' },
  'fault.databaseLogin.advice': {
    en: 'Correct DATABASE_USER and DATABASE_PASSWORD, or the two in DATABASE_URL (there with special characters percent-encoded), and see pg_hba.conf',
    ru: 'Исправьте DATABASE_USER и DATABASE_PASSWORD или то же в DATABASE_URL (там специальные символы записываются с процентами) и проверьте pg_hba.conf',
  },
  'fault.right': { en: 'this user lacks a right', ru: 'у этого пользователя не хватает прав' },
  'fault.right.advice': {
    en: 'Make the user the owner of the database, or grant it all on the schema public',
    ru: 'Сделайте пользователя владельцем базы данных или дайте ему все права на схему public',
  },
  'fault.readOnly': { en: 'it is read-only', ru: 'она только для чтения' },
  'fault.readOnly.advice': {
    en: 'It is a standby, or default_transaction_read_only is set: name the primary in DATABASE_URL',
    ru: 'Это резервный сервер, или задано default_transaction_read_only: укажите в DATABASE_URL основной сервер',
  },
  'fault.full': { en: 'its disk is full', ru: 'её диск заполнен' },
  'fault.full.advice': {
    en: 'Make room on the disk of the database; the service goes on by itself then',
    ru: 'Освободите место на диске базы данных, после этого сервис продолжит работу сам',
  },
  'fault.connections': { en: 'it has no connection left', ru: 'у неё не осталось свободных соединений' },
  'fault.connections.advice': {
    en: 'Raise max_connections, or end what holds them (pg_stat_activity)',
    ru: 'Увеличьте max_connections или завершите тех, кто их занимает (pg_stat_activity)',
  },
  'fault.starting': { en: 'it is starting or stopping', ru: 'она запускается или останавливается' },
  'fault.starting.advice': { en: 'Wait, then look again', ru: 'Подождите и проверьте снова' },
  'fault.unwritable': {
    en: 'the file, or its folder, cannot be written',
    ru: 'в файл или его папку нельзя писать',
  },
  'fault.unwritable.advice': {
    en: 'Give the user of the service the right to write both, and see that the disk is not mounted read-only',
    ru: 'Дайте пользователю сервиса право писать в файл и в папку и проверьте, что диск подключён не только для чтения',
  },
  'fault.unopened': { en: 'the file cannot be opened', ru: 'файл не открывается' },
  'fault.unopened.advice': {
    en: 'Look at the path in DATABASE_URL, and at the rights of its folder',
    ru: 'Проверьте путь в DATABASE_URL и права на папку',
  },
  'fault.locked': { en: 'another program holds it locked', ru: 'её заблокировала другая программа' },
  'fault.locked.advice': {
    en: 'End that program (fuser shows which)',
    ru: 'Завершите эту программу (какая, покажет fuser)',
  },
  'fault.damaged': {
    en: 'the file is damaged, or no database',
    ru: 'файл повреждён или это не база данных',
  },
  'fault.damaged.advice': { en: 'Put back a backup', ru: 'Восстановите резервную копию' },
  'fault.database': {
    en: '{words}. Start it, or correct DATABASE_URL',
    ru: '{words}. Запустите базу данных или исправьте DATABASE_URL',
  },
} as const;
