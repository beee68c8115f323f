import { type QueueLook } from '../../broker/look-into.js';
import { type RepublishableQueue } from '../../outcomes/republishing.js';
import { MOST_AT_ONCE, type Republished } from '../../outcomes/republished.js';
import { html, type Html } from '../html/html.js';
import { type Words } from '../html/words.js';
import { type Snapshot } from '../live/snapshot.js';
import { type PageContext, page, token } from './layout.js';

/** Keys shown; hooks may make as many as there are objects. */
const KEYS_SHOWN = 100;

/** On the page of queues: leads to what lies in one. */
export function lookButton(context: PageContext, queue: RepublishableQueue): Html {
  return html`<form method="post" action="/queues/${queue}/look">
    ${token(context)}<button type="submit">${context.words.t('republish.look')}</button>
  </form>`;
}

/** `/queues/<queue>/look`: what lies in a queue, and the buttons that republish it. */
export function republishPage(
  context: PageContext,
  snapshot: Snapshot,
  queue: RepublishableQueue,
  look: QueueLook,
): Html {
  const { t } = context.words;
  const title = t(queue === 'dead' ? 'republish.dead' : 'republish.unrouted');
  return page(context, snapshot, {
    title,
    room: 'queues',
    still: true,
    body: html`<nav aria-label="${t('layout.breadcrumb')}" class="crumbs">
        <a href="/queues">${t('layout.queues')}</a>
      </nav>
      <h1>${title}</h1>
      <p>${t(queue === 'dead' ? 'republish.deadMeaning' : 'republish.unroutedMeaning')}</p>
      <p>${t('republish.seen', { seen: look.seen, there: look.there })}</p>
      ${look.worn && html`<p class="banner warn">${t('republish.worn')}</p>`}
      ${look.keys.length === 0 ? html`<p class="empty">${t('republish.empty')}</p>` : keyTable(context, queue, look)}`,
  });
}

function keyTable(context: PageContext, queue: RepublishableQueue, { keys, seen }: QueueLook): Html {
  const { t, count } = context.words;
  const row = (key: string | null, there: number) =>
    html`<tr>
      <th scope="row">${key === null ? t('republish.everyKey') : html`<code>${key}</code>`}</th>
      <td class="number" data-label="${t('republish.howMany')}"><span>${count(there)}</span></td>
      <td class="wide">
        <form method="post" action="/queues/${queue}/republish" class="buttons">
          ${token(context)} ${key !== null && html`<input type="hidden" name="key" value="${key}" />`}
          <input
            type="number"
            name="count"
            min="1"
            max="${MOST_AT_ONCE}"
            value="${Math.min(there, MOST_AT_ONCE)}"
            aria-label="${t('republish.howMany')}: ${key ?? t('republish.everyKey')}"
          />
          <button type="submit">
            ${t('republish.button')}<span class="visually-hidden"> ${key ?? t('republish.everyKey')}</span>
          </button>
        </form>
      </td>
    </tr>`;
  return html`<table class="cards">
    <thead>
      <tr>
        <th scope="col">${t('republish.key')}</th>
        <th scope="col" class="number">${t('republish.howMany')}</th>
        <th scope="col"><span class="visually-hidden">${t('republish.button')}</span></th>
      </tr>
    </thead>
    <tbody>
      ${keys.length > 1 && row(null, seen)}
      ${keys.slice(0, KEYS_SHOWN).map(({ key, count: there }) => row(key, there))}
    </tbody>
  </table>`;
}

/** What became of it, for the notice. */
export function republishedWords(
  { t }: Words,
  { republished, obsolete, left, cutShort }: Republished,
): string {
  const words = [t('republish.done', { count: republished })];
  if (obsolete > 0) words.push(t('republish.obsolete', { count: obsolete }));
  for (const because of ['unroutable', 'unconfirmed', 'unreadable', 'unknown_portal'] as const) {
    const number = left[because] ?? 0;
    if (number > 0) words.push(t(`republish.left.${because}`, { count: number }));
  }
  if (cutShort) words.push(t('republish.cutShort'));
  return words.join(' ');
}
