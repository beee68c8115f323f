/** What the command line finds where it checks a portal. The subjects stand first in each line. */
export const checkTexts = {
  'verdict.ok': { en: 'ok', ru: 'ок' },
  'verdict.note': { en: 'note', ru: 'важно' },
  'verdict.wrong': { en: 'wrong', ru: 'ошибка' },

  'subject.administrator': { en: 'administrator', ru: 'администратор' },
  'subject.allowed': { en: 'allowed', ru: 'разрешение' },
  'subject.notifications': { en: 'notifications', ru: 'уведомления' },
  'subject.authorization': { en: 'authorization', ru: 'авторизация' },
  'subject.bindings': { en: 'bindings', ru: 'подписки' },
  'subject.speed': { en: 'speed', ru: 'скорость' },
  'subject.clock': { en: 'clock', ru: 'часы' },
  'subject.former key': { en: 'former key', ru: 'прежний ключ' },
  'subject.installation': { en: 'installation', ru: 'установка' },
  'subject.installations': { en: 'installations', ru: 'установки' },
  'subject.marks': { en: 'marks', ru: 'пометки' },
  'subject.paused': { en: 'paused', ru: 'пауза' },
  'subject.portal': { en: 'portal', ru: 'портал' },
  'subject.queue': { en: 'queue', ru: 'очередь' },
  'subject.reservations': { en: 'reservations', ru: 'резервирование' },
  'subject.service': { en: 'service', ru: 'сервис' },
  'subject.shared queue': { en: 'shared queue', ru: 'общая очередь' },
  'subject.source key': { en: 'source key', ru: 'ключ источника' },

  'check.removed': {
    en: 'it is removed: {command}',
    ru: 'портал удалён, чтобы вернуть его: {command}',
  },
  'check.noSourceKeys': {
    en: 'the plan has no source keys: unset B24_AUTH_CONNECTOR or change the plan ({reason})',
    ru: 'в тарифе нет ключей источника: уберите B24_AUTH_CONNECTOR или смените тариф ({reason})',
  },
  'check.notNow': {
    en: 'it cannot be told at present, the service tries again by itself: {reason}',
    ru: 'сейчас это не узнать, сервис попробует снова сам: {reason}',
  },
  'check.gone': {
    en: 'it is gone: install the application again, or {command} ({reason})',
    ru: 'доступа больше нет: установите приложение заново или выполните {command} ({reason})',
  },
  'check.settings': {
    en: 'settings or rights are wrong: {reason}',
    ru: 'неверные настройки или права: {reason}',
  },
  'check.notListed': {
    en: '{address} (member id {memberId}) is not among B24_ALLOWED_PORTALS',
    ru: 'портала {address} (member id {memberId}) нет в B24_ALLOWED_PORTALS',
  },
  'check.notAllowed': { en: '{reason}; {advice}', ru: '{reason}; что делать: {advice}' },
  'check.noCalls': {
    en: 'it takes no calls; its owner has to mend that: {reason}',
    ru: 'портал не принимает вызовы, исправить это может его владелец: {reason}',
  },
  'check.busy': {
    en: 'it is asked too much at present; check again in a minute: {reason}',
    ru: 'к порталу сейчас слишком много запросов, повторите проверку через минуту: {reason}',
  },
  'check.noAnswer': {
    en: 'no usable answer; check the network and the address: {reason}',
    ru: 'нет пригодного ответа, проверьте сеть и адрес: {reason}',
  },
  'check.token': {
    en: 'the portal takes our token (last renewed {renewed}; {server})',
    ru: 'портал принимает наш токен (обновлён {renewed}; {server})',
  },
  'check.never': { en: 'never', ru: 'ни разу' },
  'check.server': { en: 'authorization server {server}', ru: 'сервер авторизации {server}' },
  'check.serverUnknown': {
    en: 'which authorization server it belongs to shows with the next renewal',
    ru: 'к какому серверу авторизации относится портал, станет известно при следующем обновлении',
  },
  'check.administrator': {
    en: 'the user may read the offline queue',
    ru: 'у пользователя есть права на офлайн-очередь',
  },
  'check.cannotTell': { en: 'cannot be told: {reason}', ru: 'узнать не удалось: {reason}' },
  'check.noAdministrator': {
    en: 'the user who installed the application is none: let an administrator do it, {command}',
    ru: 'приложение установил не администратор: пусть это сделает администратор, {command}',
  },
  'check.unfinished': { en: 'it is not finished: {advice}', ru: 'она не завершена: {advice}' },
  'check.selfHosted': {
    en: 'the portal is self-hosted and has them',
    ru: 'коробочный портал, резервирование есть',
  },
  'check.planHas': { en: 'the plan has {feature}', ru: 'в тарифе есть {feature}' },
  'check.granted': {
    en: 'the portal grants them, although it does not say that its plan has {feature}',
    ru: 'портал резервирует события, хотя не сообщает, что в тарифе есть {feature}',
  },
  'check.refusedAlthough': {
    en: 'the portal refuses them, although it says that its plan has {feature}: events are journaled, nothing is marked; it works, a higher plan reserves',
    ru: 'портал не резервирует события, хотя сообщает, что в тарифе есть {feature}: события записываются в реестр, ничего не помечается; всё работает, а на более высоком тарифе будет и резервирование',
  },
  'check.planLacks': {
    en: 'the plan lacks {feature}: events are journaled, nothing is marked; it works, a higher plan reserves',
    ru: 'в тарифе нет {feature}: события записываются в реестр, ничего не помечается; всё работает, а на более высоком тарифе будет и резервирование',
  },
  'check.installRefused': {
    en: 'an installation was refused, since its user may not do what draining needs, last {when}; nothing has changed ({reason})',
    ru: 'установка отклонена: у её пользователя нет прав, нужных для разбора очереди; последний раз {when}; ничего не изменилось ({reason})',
  },
  'check.marks': {
    en: 'they have failed since {when}: {advice}',
    ru: 'не удаются с {when}: {advice}',
  },
  'check.selfHostedKeys': {
    en: 'the portal is self-hosted and has source keys',
    ru: 'коробочный портал, ключи источника есть',
  },
  'check.keyTaken': {
    en: 'the portal takes ours, although it does not say that its plan has rest_auth_connector',
    ru: 'портал принимает наш ключ, хотя не сообщает, что в тарифе есть rest_auth_connector',
  },
  'check.bound': {
    en: '{count, plural, one {# event is bound} other {# events are bound}}',
    ru: '{count, plural, one {подписка на # событие} few {подписка на # события} many {подписка на # событий} other {подписка на # события}}',
  },
  'check.notBound': {
    en: 'not bound: {events}. A running service binds them within 5 minutes; its log says bindings.refused where the portal does not let it',
    ru: 'нет подписки: {events}. Работающий сервис подпишется в течение 5 минут; если портал не даёт, в журнале будет bindings.refused',
  },
  'check.notifications': {
    en: "this portal's application token is not known, so its notifications are refused and it is asked every DRAIN_INTERVAL_MS: install the application again with PUBLIC_URL/bitrix24/install as its installation path",
    ru: 'токен приложения этого портала неизвестен, поэтому его уведомления отклоняются, и портал опрашивается каждые DRAIN_INTERVAL_MS: установите приложение заново с путём для первоначальной установки PUBLIC_URL/bitrix24/install',
  },
  'check.queue': {
    en: '{pending, number} pending, {reserved, number} reserved, {marked, number} marked as failed',
    ru: 'ждут {pending, number}, зарезервировано {reserved, number}, помечено как ошибочные {marked, number}',
  },
  'check.answered': { en: 'answered in {seconds} s', ru: 'ответ за {seconds} с' },
  'check.answeredSlowly': {
    en: 'took {seconds} s to answer one request; each round takes about as long',
    ru: 'отвечал на один запрос {seconds} с; столько же занимает каждый обмен',
  },
  'check.clockBehind': {
    en: "the portal's clock is {seconds} s behind this machine's",
    ru: 'часы портала отстают от часов этой машины на {seconds} с',
  },
  'check.clockAhead': {
    en: "the portal's clock is {seconds} s ahead of this machine's",
    ru: 'часы портала спешат относительно этой машины на {seconds} с',
  },
  'check.clockOff': {
    en: '{clock}: delays in the metrics are wrong by as much; let this machine follow NTP',
    ru: '{clock}: на столько же ошибаются задержки в метриках; настройте на этой машине NTP',
  },
  'check.formerKey': {
    en: '{count, plural, one {# row is} other {# rows are}} left under {key}: a running service finishes what is there, then the key is forgotten',
    ru: 'под прежним ключом ({key}) {count, plural, one {осталась # строка} few {остались # строки} many {осталось # строк} other {осталось # строки}}: работающий сервис завершает их, затем ключ забывается',
  },
  'check.formerKeyRefused': {
    en: 'what is left under {key} cannot be finished while the portal refuses to show it; it is tried again and again: {reason}',
    ru: 'оставшееся под прежним ключом ({key}) нельзя завершить, пока портал его не показывает; попытки продолжаются: {reason}',
  },
  'check.twin': {
    en: 'another program drains this portal, last seen {when}: {advice}',
    ru: 'очередь этого портала разбирает другая программа, последний раз замечено {when}: {advice}',
  },
  'check.troubled': {
    en: 'it is troubled, and tries again by itself: {reason}',
    ru: 'есть проблема, сервис пробует снова сам: {reason}',
  },
  'check.active': {
    en: 'the portal was active when it last spoke with it',
    ru: 'при последнем обмене портал был активен',
  },
  'check.stopped': {
    en: 'it has the portal as {state} since {when} ({reason}); it looks again by itself, a restart makes it look at once',
    ru: 'портал для него в состоянии «{state}» с {when} ({reason}); сервис проверит ещё раз сам, а после перезапуска — сразу',
  },
  'check.noReason': { en: 'no reason', ru: 'без причины' },
} as const;
