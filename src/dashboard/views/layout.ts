import { type Html, html, type Part } from '../html/html.js';
import { type Session } from '../session/sessions.js';
import { LANGUAGES, OWN_NAMES } from '../../i18n/language.js';
import { timeWords } from '../../i18n/figures.js';
import { type Words } from '../html/words.js';
import { sumOf, type Snapshot } from '../live/snapshot.js';
import { troubleBanner } from './trouble-banner.js';

/** What every page is drawn with. */
export interface PageContext {
  readonly assets: string;
  readonly session: Session;
  readonly formToken: string;
  /** In the user's language. */
  readonly words: Words;
  /** Where the page is, for the way back to it. */
  readonly path: string;
  /** What was just done, or could not be done, for the person who did it. */
  readonly notice: Notice | null;
}

export interface Notice {
  readonly text: string;
  /** It could not be done, or that is not known. */
  readonly bad: boolean;
}

type Room = 'overview' | 'events' | 'queues' | 'audit';

/** A page for a user who is logged in. */
export function page(
  context: PageContext,
  snapshot: Snapshot,
  options: { title: string; room: Room; body: Part; still?: boolean },
): Html {
  const { session, notice, words } = context;
  const { t } = words;
  const { title, room, body, still = false } = options;
  const link = (name: Room, path: string, words: Part) =>
    html`<li><a href="${path}" ${room === name && html`aria-current="page"`}>${words}</a></li>`;
  return shell(
    context,
    title,
    html`${troubleBanner(words, snapshot)}
      <header class="bar">
        <a class="brand" href="/">${logo()}<span>${t('layout.product')}</span></a>
        <nav aria-label="${t('layout.navigation')}">
          <ul>
            ${link('overview', '/', t('layout.overview'))}
            ${link('events', '/events', html`${t('layout.events')}${troubleCount(words, snapshot)}`)}
            ${link('queues', '/queues', t('layout.queues'))} ${link('audit', '/audit', t('layout.audit'))}
          </ul>
        </nav>
        <div class="bar-end">
          ${health(words, snapshot)} ${languageSwitch(context)}
          <form method="post" action="/log-out">
            ${token(context)}${session.user !== null && html`<span class="user">${session.user}</span>`}
            ${session.via === 'password' && html`<button class="plain" type="submit">${t('layout.logOut')}</button>`}
          </form>
        </div>
      </header>
      <p
        id="connection"
        class="banner warn"
        data-interrupted="${t('layout.interrupted')}"
        data-restarting="${t('layout.restarting')}"
        role="status"
        hidden
      ></p>
      <main id="main" tabindex="-1" ${!still && html`data-watch`}>
        ${
          notice !== null &&
          html`<p class="banner ${notice.bad ? 'bad' : 'done'}" role="status" tabindex="-1" autofocus>
            ${notice.text}
          </p>`
        }
        ${body}
      </main>
      <div id="announcer" class="visually-hidden" role="status" aria-live="polite"></div>`,
    snapshot.at,
  );
}

/** A page that needs no log-in: the log-in itself, errors. */
export function barePage(context: ShellContext, title: string, body: Part): Html {
  return shell(
    context,
    title,
    html`<main id="main" class="bare" tabindex="-1">
      <p class="brand">${logo()}<span>${context.words.t('layout.product')}</span></p>
      ${body}
    </main>`,
    Date.now(),
  );
}

/** The hidden field without which a form is refused. */
export function token({ formToken }: Pick<PageContext, 'formToken'>): Html {
  return html`<input type="hidden" name="formToken" value="${formToken}" />`;
}

/** One button for each other language, in that language. */
export function languageSwitch(context: PageContext): Html {
  const { words, path } = context;
  const others = LANGUAGES.filter((language) => language !== words.language);
  return html`<form
    method="post"
    action="/language"
    class="language"
    aria-label="${words.t('layout.language')}"
  >
    ${token(context)}<input type="hidden" name="back" value="${path}" />
    ${others.map(
      (language) =>
        html`<button class="plain" type="submit" name="language" value="${language}" lang="${language}">
          ${OWN_NAMES[language]}
        </button>`,
    )}
  </form>`;
}

type ShellContext = Pick<PageContext, 'assets' | 'words'>;

function shell({ assets, words }: ShellContext, title: string, body: Html, now: number): Html {
  const { t } = words;
  return html`<!doctype html>
    <html
      lang="${words.language}"
      data-now="${now}"
      data-times="${JSON.stringify(timeWords(words.language))}"
    >
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title} · ${t('layout.product')}</title>
        <link rel="icon" href="${assets}/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="${assets}/dashboard.css" />
        <script type="module" src="${assets}/dashboard.js"></script>
      </head>
      <body>
        <a class="skip" href="#main">${t('layout.skip')}</a>
        ${body}
      </body>
    </html>`;
}

function logo(): Html {
  return html`<svg class="logo" viewBox="0 0 24 24" aria-hidden="true">
    <path d="M2 17c4-9 16-9 20 0M2 17v3M22 17v3M7 12.2V20M12 10.3V20M17 12.2V20M1 20h22" />
  </svg>`;
}

function troubleCount({ t, count }: Words, snapshot: Snapshot): Part {
  const dead = sumOf(snapshot.portals, ({ troubles }) => (troubles === null ? null : (troubles.dead ?? 0)));
  return html`<span id="nav-dead" data-live
    >${
      dead !== null &&
      dead > 0 &&
      html`<span class="pill bad"
        >${count(dead)}<span class="visually-hidden"> ${t('delivery.dead')}</span></span
      >`
    }</span
  >`;
}

function health(words: Words, { conditions }: Snapshot): Html {
  return html`<a id="health" class="health" href="/queues" data-live>
    ${conditions.map(
      ({ name, up }) =>
        html`<span class="condition ${up ? 'good' : 'bad'}"
          ><span class="dot" aria-hidden="true"></span>${conditionName(words, name)}
          <span class="${up ? 'visually-hidden' : ''}"
            >${words.t(up ? 'layout.up' : 'layout.down')}</span
          ></span
        >`,
    )}
  </a>`;
}

/** What the service stands on, as people call it. */
export function conditionName({ t }: Words, name: string): string {
  return name === 'broker' || name === 'database' ? t(`condition.${name}`) : name;
}
