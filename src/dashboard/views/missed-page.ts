import { type MissedChange } from '../../state/reconcile/memory/read-missed.js';
import { CAUSE_TEXTS } from '../../state/reconcile/cause-texts.js';
import { eventIdOf, type TypeReport } from '../../state/reconcile/reconcile-report.js';
import { type Portal } from '../../portals/portal-record.js';
import { html, type Html } from '../html/html.js';
import { type Words } from '../html/words.js';
import { type Snapshot } from '../live/snapshot.js';
import { type PageContext, page, token } from './layout.js';

/** What was found at one portal. */
export interface MissedList {
  readonly portal: Portal;
  /** Whether the settings have anything compared. */
  readonly on: boolean;
  readonly types: readonly TypeReport[];
  readonly missed: readonly MissedChange[];
  /** Where the next page begins; null on the last. */
  readonly next: number | null;
  readonly first: boolean;
}

/** `/portals/<name>/missed`: changes that no event announced, and how far everything is compared. */
export function missedPage(context: PageContext, snapshot: Snapshot, list: MissedList): Html {
  const { words } = context;
  const { t } = words;
  const { portal, on, types, missed, next, first } = list;
  const path = `/portals/${encodeURIComponent(portal.name)}`;
  return page(context, snapshot, {
    title: t('missed.title', { portal: portal.name }),
    room: 'overview',
    body: html`<nav aria-label="${t('layout.breadcrumb')}" class="crumbs">
        <a href="/">${t('layout.overview')}</a> <a href="${path}">${portal.name}</a>
      </nav>
      <h1>${t('missed.heading')} <span class="quiet">${portal.name}</span></h1>
      <p>${t('missed.meaning')}</p>
      ${!on && html`<p class="banner">${t('missed.off')}</p>`}
      ${types.length > 0 && typesTable(words, types, snapshot.at)}
      ${
        on &&
        portal.state !== 'uninstalled' &&
        html`<form method="post" action="${path}/missed/now" class="below">
          ${token(context)}
          <button type="submit">${t('missed.now')}</button>
        </form>`
      }
      <h2>${t('missed.list')}</h2>
      ${
        missed.length === 0
          ? html`<div class="empty"><p>${t('missed.none')}</p></div>`
          : missedTable(words, missed, snapshot.at)
      }
      <p class="pages">
        ${!first && html`<a href="${path}/missed">${t('missed.latest')}</a>`}
        ${next !== null && html`<a href="${path}/missed?before=${next}">${t('missed.older')}</a>`}
      </p>`,
  });
}

function typesTable({ t, count, ago }: Words, types: readonly TypeReport[], at: number): Html {
  const when = (time: number | null) => (time === null ? t('missed.notYet') : ago(time, at));
  return html`<table class="cards">
    <caption class="visually-hidden">
      ${t('missed.types')}
    </caption>
    <thead>
      <tr>
        <th scope="col">${t('missed.type')}</th>
        <th scope="col" class="number">${t('missed.objects')}</th>
        <th scope="col">${t('missed.looked')}</th>
        <th scope="col">${t('missed.swept')}</th>
        <th scope="col" class="number">${t('missed.pending')}</th>
        <th scope="col" class="number">${t('missed.found')}</th>
      </tr>
    </thead>
    <tbody>
      ${types.map(
        (one) =>
          html`<tr>
            <th scope="row">
              ${one.type}${one.trouble !== null && html` <bdi class="bad-text">${one.trouble}</bdi>`}
            </th>
            <td data-label="${t('missed.objects')}" class="number">${count(one.objects)}</td>
            <td data-label="${t('missed.looked')}">
              ${one.learnedAt === null ? t('missed.learning') : when(one.lookedAt)}
            </td>
            <td data-label="${t('missed.swept')}">
              ${one.sweep === null ? when(one.sweptAt) : t('missed.sweeping', { percent: Math.floor(one.sweep * 100) })}
            </td>
            <td data-label="${t('missed.pending')}" class="number">${count(one.suspects)}</td>
            <td data-label="${t('missed.found')}" class="number">
              ${count(one.missed.add + one.missed.update + one.missed.delete)}
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function missedTable({ t, say, ago }: Words, missed: readonly MissedChange[], at: number): Html {
  return html`<table class="cards">
    <caption class="visually-hidden">
      ${t('missed.list')}
    </caption>
    <thead>
      <tr>
        <th scope="col">${t('missed.object')}</th>
        <th scope="col">${t('missed.change')}</th>
        <th scope="col">${t('missed.changed')}</th>
        <th scope="col">${t('missed.foundAt')}</th>
        <th scope="col">${t('missed.why')}</th>
      </tr>
    </thead>
    <tbody>
      ${missed.map(
        (one) =>
          html`<tr>
            <th scope="row">
              <a href="/events/${encodeURIComponent(eventIdOf(one))}">${one.type}/${String(one.object_id)}</a>
            </th>
            <td data-label="${t('missed.change')}">${t(`missed.did.${one.change}`)}</td>
            <td data-label="${t('missed.changed')}">${ago(one.changed_at * 1000, at)}</td>
            <td data-label="${t('missed.foundAt')}">${ago(one.found_at, at)}</td>
            <td data-label="${t('missed.why')}">${say(CAUSE_TEXTS[one.cause])}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
