/** What is around every page of the dashboard, the log-in, and pages that could not be shown. */
export const layoutTexts = {
  'layout.product': { en: 'Offline bridge', ru: 'Офлайн-мост' },
  'layout.skip': { en: 'Skip to the content', ru: 'К содержимому' },
  'layout.navigation': { en: 'Main', ru: 'Разделы' },
  'layout.breadcrumb': { en: 'Breadcrumb', ru: 'Путь' },
  'layout.overview': { en: 'Overview', ru: 'Обзор' },
  'layout.events': { en: 'Events', ru: 'События' },
  'layout.queues': { en: 'Queues & health', ru: 'Очереди' },
  'layout.audit': { en: 'Audit', ru: 'Действия' },
  'layout.language': { en: 'Language', ru: 'Язык' },
  'layout.logOut': { en: 'Log out', ru: 'Выйти' },
  'layout.interrupted': {
    en: 'Live updates are interrupted; trying again…',
    ru: 'Связь с сервисом прервана, подключаемся снова…',
  },
  'layout.restarting': {
    en: 'The service restarts; this page goes on by itself.',
    ru: 'Сервис перезапускается, страница продолжит работу сама.',
  },
  'layout.copy': { en: 'Copy: {what}', ru: 'Скопировать: {what}' },
  'layout.copied': { en: 'Copied', ru: 'Скопировано' },
  'layout.notCopied': { en: 'The browser refused to copy', ru: 'Браузер не дал скопировать' },
  'layout.up': { en: 'up', ru: 'работает' },
  'layout.down': { en: 'down', ru: 'недоступно' },

  'logIn.title': { en: 'Log in', ru: 'Вход' },
  'logIn.button': { en: 'Log in', ru: 'Войти' },
  'logIn.password': { en: 'Password', ru: 'Пароль' },
  'logIn.whichPassword': {
    en: 'The service’s setting {setting}.',
    ru: 'Он задан в настройке сервиса {setting}.',
  },
  'logIn.wrong': { en: 'That is not the password.', ru: 'Пароль неверный.' },
  'logIn.tooMany': {
    en: 'Too many attempts. Try again in {minutes, plural, =1 {a minute} one {# minute} other {# minutes}}.',
    ru: 'Слишком много попыток. Повторите через {minutes, plural, =1 {минуту} one {# минуту} few {# минуты} many {# минут} other {# минуты}}.',
  },
  'logIn.byProxy': {
    en: 'This dashboard is opened by an authenticating proxy, and this request came without its word. Come by the proxy’s address.',
    ru: 'Вход в панель идёт через прокси с проверкой пользователей, а этот запрос пришёл без его подтверждения. Откройте панель по адресу прокси.',
  },
  'logIn.undeclaredProxy': {
    en: 'This page came through a proxy that {setting} does not name. So all its visitors count as one when passwords are tried: a stranger can use up your attempts. Set it to the proxy’s address; the log has it.',
    ru: 'Страница пришла через прокси, который не указан в {setting}. Поэтому все, кто идёт через него, считаются одним посетителем, и посторонний может исчерпать ваши попытки входа. Укажите в настройке адрес прокси: он есть в журнале.',
  },

  'error.toOverview': { en: 'To the overview', ru: 'К обзору' },
  'error.400': { en: 'That request makes no sense', ru: 'Непонятный запрос' },
  'error.400.words': { en: 'Go back and try again.', ru: 'Вернитесь назад и попробуйте ещё раз.' },
  'error.403': { en: 'Not done', ru: 'Не выполнено' },
  'error.403.words': {
    en: 'That form was from another session, or too old. Go back, reload the page and try again.',
    ru: 'Форма устарела или открыта в другом сеансе. Вернитесь назад, обновите страницу и попробуйте ещё раз.',
  },
  'error.404': { en: 'Not here', ru: 'Здесь этого нет' },
  'error.404.words': {
    en: 'There is no such page, portal or event. Events are forgotten some time after they were settled.',
    ru: 'Такой страницы, такого портала или события нет. Завершённые события хранятся ограниченное время.',
  },
  'error.413': { en: 'Too much at once', ru: 'Слишком много за один раз' },
  'error.413.words': {
    en: 'Choose fewer events, or all that match.',
    ru: 'Выберите меньше событий или все подходящие.',
  },
  'error.429': { en: 'Too many attempts', ru: 'Слишком много попыток' },
  'error.429.words': {
    en: 'Wait five minutes, then try again.',
    ru: 'Подождите пять минут и попробуйте ещё раз.',
  },
  'error.503': { en: 'The database does not answer', ru: 'База данных не отвечает' },
  'error.503.words': {
    en: 'The page works again as soon as it does.',
    ru: 'Страница заработает, как только база ответит.',
  },
  'error.other': { en: 'Something went wrong', ru: 'Что-то пошло не так' },
  'error.other.words': { en: 'The log says what.', ru: 'Подробности в журнале сервиса.' },
} as const;
