import { html, type Html } from '../html/html.js';
import { type Words } from '../html/words.js';
import { barePage, languageSwitch, type PageContext, token } from './layout.js';

/** Why the last attempt to log in was refused. */
function refusal({ t }: Words, waitMs: number): string {
  return waitMs === 0 ? t('logIn.wrong') : t('logIn.tooMany', { minutes: Math.ceil(waitMs / 60_000) });
}

function undeclared({ h }: Words): Html {
  const setting = html`<code>HTTP_TRUSTED_PROXIES</code>`;
  return html`<p class="banner warn" role="note">${h('logIn.undeclaredProxy', { setting })}</p>`;
}

/**
 * `/log-in`.
 * @param options `to`: where to go afterwards; `waitMs`: null before a password was tried, 0 after a wrong one, else how
 *   long to wait with the next
 */
export function logInPage(
  context: PageContext,
  options: { to: string; byPassword: boolean; waitMs: number | null; undeclaredProxy: boolean },
): Html {
  const { to, byPassword, waitMs, undeclaredProxy } = options;
  const { words } = context;
  const { t, h } = words;
  const refused = waitMs !== null;
  if (!byPassword) {
    return barePage(
      context,
      t('logIn.title'),
      html`<h1>${t('logIn.title')}</h1>
        ${undeclaredProxy && undeclared(words)}
        <p>${t('logIn.byProxy')}</p>
        ${languageSwitch(context)}`,
    );
  }
  return barePage(
    context,
    t('logIn.title'),
    html`<h1>${t('logIn.title')}</h1>
      ${undeclaredProxy && undeclared(words)}
      <form method="post" action="/log-in" class="log-in">
        ${token(context)}
        <input type="hidden" name="to" value="${to}" />
        <input type="text" name="username" value="dashboard" autocomplete="username" hidden />
        <label for="password">${t('logIn.password')}</label>
        <input
          id="password"
          type="password"
          name="password"
          autocomplete="current-password"
          required
          autofocus
          ${refused && html`aria-invalid="true" aria-describedby="refused"`}
        />
        ${refused && html`<p id="refused" class="bad-text" role="alert">${refusal(words, waitMs)}</p>`}
        <button type="submit" class="primary">${t('logIn.button')}</button>
        <p class="quiet">${h('logIn.whichPassword', { setting: html`<code>DASHBOARD_PASSWORD</code>` })}</p>
      </form>
      ${languageSwitch(context)}`,
  );
}
