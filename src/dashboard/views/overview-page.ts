import { shownAddress } from '../../bitrix24/portal-address.js';
import { html, type Html, type Part } from '../html/html.js';
import { type Words } from '../html/words.js';
import { type PortalView, type Snapshot, sumOf } from '../live/snapshot.js';
import { sparkline } from './chart.js';
import { type PageContext, page } from './layout.js';
import { sharedLately } from '../../portals/shared-queue.js';
import { pausedBadge, pauseWords } from './pause-page.js';
import { queueWords, refusedWords, roundWords, stateBadge } from './portal-words.js';

/** Portals on one page. */
const PORTALS_PER_PAGE = 50;

interface OverviewQuery {
  /** Part of a portal's name or domain. */
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

/** `/`: every portal at a glance, those in trouble first. */
export function overviewPage(context: PageContext, snapshot: Snapshot, query: OverviewQuery): Html {
  const text = query.text.toLowerCase();
  const matching = snapshot.portals.filter(({ portal }) =>
    [portal.name, portal.domain, shownAddress(portal.clientEndpoint)].some((word) => word.includes(text)),
  );
  const pages = Math.max(1, Math.ceil(matching.length / PORTALS_PER_PAGE));
  const number = Math.min(query.number, pages);
  const shown = matching.slice((number - 1) * PORTALS_PER_PAGE, number * PORTALS_PER_PAGE);
  const { words } = context;
  const { t } = words;
  return page(context, snapshot, {
    title: t('overview.title'),
    room: 'overview',
    body: html`<h1 class="visually-hidden">${t('overview.title')}</h1>
      ${tiles(words, snapshot)}
      <section aria-labelledby="portals-title">
        <div class="section-head">
          <h2 id="portals-title">${t('overview.portals')}</h2>
          ${
            snapshot.portals.length > PORTALS_PER_PAGE &&
            html`<form method="get" action="/" role="search">
              <label>${t('overview.find')} <input type="search" name="q" value="${query.text}" /></label>
              <button type="submit">${t('overview.find')}</button>
            </form>`
          }
        </div>
        <div id="portals" data-live>${portalTable(words, snapshot, shown)}</div>
        ${pageLinks(words, query.text, number, pages)}
      </section>`,
  });
}

function tiles({ t, count, rate }: Words, snapshot: Snapshot): Html {
  const { portals, depths } = snapshot;
  const troubles = (state: 'failed' | 'marked' | 'waiting' | 'refused' | 'dead') =>
    sumOf(portals, (view) => (view.troubles === null ? null : (view.troubles[state] ?? 0)));
  const installed = portals.filter(({ portal }) => portal.state !== 'uninstalled');
  const everyRate = installed.every((view) => view.rate !== null);
  const stopped = installed.filter(({ portal }) => portal.state !== 'active').length;
  const paused = installed.filter(({ portal }) => portal.state === 'active' && portal.paused !== null).length;
  const failed = troubles('failed');
  const marked = troubles('marked');
  const tile = (id: string, words: string, value: string, bad: boolean, path?: string): Html =>
    html`<div class="tile ${bad ? 'attention' : ''}">
      <dt>${words}</dt>
      <dd id="tile-${id}">${path === undefined ? value : html`<a href="${path}">${value}</a>`}</dd>
    </div>`;
  const toMark = failed === null ? null : failed + (marked ?? 0);
  const waiting = troubles('waiting');
  const refused = troubles('refused');
  const dead = troubles('dead');
  return html`<dl
    id="tiles"
    class="tiles"
    data-live
    data-summary="${t('overview.summary', { stopped, paused, failed: count(toMark), waiting: count(waiting), refused: count(refused), dead: count(dead) })}"
  >
    ${tile('portals', t('tile.portals'), t('tile.portalsOf', { working: count(installed.length - stopped - paused), installed: count(installed.length) }), stopped > 0)}
    ${tile('rate', t(everyRate ? 'tile.rate' : 'tile.rateKnown'), rate(sumOf(portals, (view) => view.rate)), false)}
    ${tile('flight', t('tile.flight'), count(sumOf(portals, ({ inFlight }) => inFlight)), false)}
    ${tile('failed', t('tile.failed'), count(toMark), false, '/events?state=failed&state=marked')}
    ${tile('waiting', t('tile.waiting'), count(waiting), false, '/events?state=waiting')}
    ${tile('refused', t('tile.refused'), count(refused), (refused ?? 0) > 0, '/events?state=refused')}
    ${tile('dead', t('tile.dead'), count(dead), (dead ?? 0) > 0, '/events?state=dead')}
    ${tile('unrouted', t('tile.unrouted'), count(depths.unrouted), (depths.unrouted ?? 0) > 0, '/queues#unrouted')}
    ${tile('rejected', t('tile.rejected'), count(depths.rejected), (depths.rejected ?? 0) > 0, '/queues#rejected')}
  </dl>`;
}

function portalTable(words: Words, snapshot: Snapshot, views: readonly PortalView[]): Html {
  const { t, h } = words;
  if (snapshot.portals.length === 0) {
    return html`<div class="empty">
      <p><strong>${t('overview.none')}</strong></p>
      <p>
        ${h('overview.noneHelp', {
          path: html`<code>/bitrix24/install</code>`,
          command: html`<code>npx bitrix24-bridge portals add &lt;portal&gt;</code>`,
        })}
      </p>
    </div>`;
  }
  if (views.length === 0) return html`<p class="empty">${t('overview.noneNamed')}</p>`;
  return html`<table class="cards">
    <caption class="visually-hidden">
      ${t('overview.caption')}
    </caption>
    <thead>
      <tr>
        <th scope="col">${t('column.portal')}</th>
        <th scope="col">${t('column.state')}</th>
        <th scope="col">${t('column.rate')}</th>
        <th scope="col">${t('column.lag')}</th>
        <th scope="col">${t('column.onPortal')}</th>
        <th scope="col" class="number">${t('column.flight')}</th>
        <th scope="col" class="number">${t('column.failed')}</th>
        <th scope="col" class="number">${t('column.waiting')}</th>
        <th scope="col" class="number">${t('column.dead')}</th>
        <th scope="col">${t('column.round')}</th>
      </tr>
    </thead>
    <tbody>
      ${views.map((view) => portalRow(words, view, snapshot.at))}
    </tbody>
  </table>`;
}

function portalRow(words: Words, view: PortalView, now: number): Html {
  const { t, count, rate, duration } = words;
  const { portal, troubles, inFlight, activity, rate: perSecond, lagMs } = view;
  const cell = (label: string, content: Part, kind = '') =>
    html`<td data-label="${label}" class="${kind}"><span>${content}</span></td>`;
  const events = (state: 'failed' | 'waiting' | 'dead'): Part => {
    const marked = state === 'failed' ? (troubles?.marked ?? 0) : 0;
    const value = troubles === null ? null : (troubles[state] ?? 0) + marked;
    if (value === null || value === 0) return count(value);
    return html`<a
      class="${state === 'dead' ? 'bad-text' : ''}"
      href="/events?state=${state}${state === 'failed' && '&state=marked'}&portal=${portal.name}"
      >${count(value)}<span class="visually-hidden"> ${t(`delivery.${state}`)}</span></a
    >`;
  };
  return html`<tr id="portal-${portal.memberId}">
    <th scope="row">
      <a href="/portals/${encodeURIComponent(portal.name)}">${portal.name}</a>
      <span class="quiet domain" title="${portal.domain}">${shownAddress(portal.clientEndpoint)}</span>
      ${portal.formerName !== null && html`<span class="quiet domain">${t('portal.was', { name: portal.formerName })}</span>`}
    </th>
    ${cell(
      t('column.state'),
      html`${stateBadge(words, portal.state)}${pausedBadge(words, portal)}${
        portal.paused !== null && html`<span class="reason">${pauseWords(words, portal.paused, now)}</span>`
      }${
        portal.stateReason !== null && html`<span class="reason"><bdi>${portal.stateReason}</bdi></span>`
      }${sharedLately(portal, now) && html`<span class="reason">${t('portal.sharedShort')}</span>`}${refusedWords(words, view)}`,
      'wide',
    )}
    ${cell(
      t('column.rate'),
      perSecond === null
        ? html`<span class="quiet">–</span>`
        : html`${activity.samples.length > 0 && sparkline(words, activity.samples, portal.name)}<b
              >${rate(perSecond)}</b
            >`,
      'rate',
    )}
    ${cell(t('column.lag'), lagMs === null ? html`<span class="quiet">–</span>` : duration(lagMs), 'tight')}
    ${cell(t('column.onPortal'), queueWords(words, view, now), 'queueCount')}
    ${cell(t('column.flight'), count(inFlight), 'number')}
    ${cell(t('column.failed'), events('failed'), 'number')}
    ${cell(t('column.waiting'), events('waiting'), 'number')}
    ${cell(t('column.dead'), events('dead'), 'number')}
    ${cell(t('column.round'), roundWords(words, view, now), 'round')}
  </tr>`;
}

function pageLinks({ t, count }: Words, text: string, number: number, pages: number): Part {
  if (pages === 1) return null;
  const link = (to: number, words: string) =>
    html`<a href="/?q=${encodeURIComponent(text)}&page=${to}">${words}</a>`;
  return html`<nav class="pages" aria-label="${t('overview.pages')}">
    ${number > 1 && link(number - 1, t('overview.previous'))}
    <span>${t('overview.page', { number: count(number), pages: count(pages) })}</span>
    ${number < pages && link(number + 1, t('overview.next'))}
  </nav>`;
}
