import { type Portal } from '../../portals/portal-record.js';
import { html, type Html, type Part } from '../html/html.js';
import { type Words } from '../html/words.js';
import { type Snapshot } from '../live/snapshot.js';
import { badge } from './badge.js';
import { type PageContext, page, token } from './layout.js';

/** Characters of a reason that are kept. */
export const LONGEST_REASON = 300;

/** States that a resumption ends, beside a pause. */
const STOPPED: ReadonlySet<Portal['state']> = new Set([
  'unmarkable',
  'suspended',
  'unauthorized',
  'unlicensed',
]);

/** Beside its state: people keep it from reserving anything new. */
export function pausedBadge({ language, t }: Words, { paused }: Pick<Portal, 'paused'>): Part {
  return paused !== null && html` ${badge('warn', t('pause.badge'), language === 'en' ? null : 'paused')}`;
}

/** Who has paused a portal, since when and why. */
export function pauseWords(
  { h, ago }: Words,
  { since, reason, by }: NonNullable<Portal['paused']>,
  now: number,
): Html {
  const who = { by: html`<bdi>${by}</bdi>`, when: ago(since, now) };
  return reason === null
    ? h('pause.byWhom', who)
    : h('pause.byWhomWhy', { ...who, reason: html`<bdi>${reason}</bdi>` });
}

/** On a portal's page: who has paused it, and what that means. */
export function pauseBanner(words: Words, { paused }: Portal, now: number): Part {
  return (
    paused !== null &&
    html`<p class="banner">${pauseWords(words, paused, now)}. ${words.t('pause.meaning')}</p>`
  );
}

/** On a portal's page: pause it, or have it go on. */
export function pauseButtons(context: PageContext, portal: Portal): Part {
  if (portal.state === 'uninstalled') return null;
  const { t } = context.words;
  const path = `/portals/${encodeURIComponent(portal.name)}`;
  const resumable = portal.paused !== null || STOPPED.has(portal.state);
  return html`<section aria-labelledby="pause-title">
    <h2 id="pause-title">${t('pause.title')}</h2>
    <div class="buttons">
      ${portal.paused === null && html`<a class="button" href="${path}/pause">${t('pause.pause')}</a>`}
      ${
        resumable &&
        html`<form method="post" action="${path}/resume">
          ${token(context)}
          <button type="submit" class="primary">
            ${portal.paused === null ? t('pause.askAgain') : t('pause.resume')}
          </button>
        </form>`
      }
    </div>
  </section>`;
}

/** `/portals/<name>/pause`: the question before a portal is paused. */
export function pausePage(context: PageContext, snapshot: Snapshot, portal: Portal): Html {
  const { t } = context.words;
  const path = `/portals/${encodeURIComponent(portal.name)}`;
  const question = t('pause.question', { portal: portal.name });
  return page(context, snapshot, {
    title: question,
    room: 'overview',
    still: true,
    body: html`<nav aria-label="${t('layout.breadcrumb')}" class="crumbs">
        <a href="/">${t('layout.overview')}</a> <a href="${path}">${portal.name}</a>
      </nav>
      <h1>${question}</h1>
      <p>${t('pause.what')}</p>
      <p>${t('pause.howLong')}</p>
      <form method="post" action="${path}/pause">
        ${token(context)}
        <p>
          <label
            >${t('pause.reason')} <input type="text" name="reason" maxlength="${LONGEST_REASON}"
          /></label>
        </p>
        <div class="buttons">
          <button type="submit" class="primary">${t('pause.confirm', { portal: portal.name })}</button>
          <a class="button" href="${path}">${t('pause.cancel')}</a>
        </div>
      </form>`,
  });
}
