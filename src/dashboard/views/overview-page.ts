import { shownAddress } from '../../bitrix24/portal-address.js';
import { html, type Html, type Part } from '../html/html.js';
import { type Words } from '../html/words.js';
import { type Past, type Reach } from '../../monitoring/long-past.js';
import { type PortalView, type Snapshot, sumOf } from '../live/snapshot.js';
import {
  PORTAL_FILTERS,
  PORTAL_ORDERS,
  type PortalPage,
  type PortalQuery,
  portalsOf,
  portalsPath,
} from '../portals/portal-query.js';
import { sparkline } from './chart.js';
import { type PageContext, page } from './layout.js';
import { pastCharts, reachLinks } from './past-chart.js';
import { sharedLately } from '../../portals/shared-queue.js';
import { pausedBadge, pauseWords } from './pause-page.js';
import { queueWords, refusedWords, roundWords, stateBadge } from './portal-words.js';

/** Name of the list, whose rows stay where they are while somebody works with it. */
export const PORTAL_ROWS = 'portal-rows';
/** How far back the charts go where nobody has said. */
export const OVERVIEW_REACH: Reach = 'hour';

/**
 * `/`: every portal at a glance, those in trouble first unless another order is asked for.
 * @param past of all portals together, as the query wants it
 * @param held member ids of rows that stay where they are; empty for none
 */
export function overviewPage(
  context: PageContext,
  snapshot: Snapshot,
  query: PortalQuery,
  past: Past,
  held: readonly string[],
): Html {
  const { words } = context;
  const { t } = words;
  const portals = portalsOf(snapshot.portals, query, held);
  return page(context, snapshot, {
    title: t('overview.title'),
    room: 'overview',
    body: html`<h1 class="visually-hidden">${t('overview.title')}</h1>
      ${tiles(words, snapshot)} ${charts(words, query, past)}
      <section aria-labelledby="portals-title">
        <h2 id="portals-title">${t('overview.portals')}</h2>
        ${snapshot.portals.length > 1 && filterForm(words, query)}
        <div id="portals" data-live>${portalTable(words, snapshot, query, portals)}</div>
        ${pageLinks(words, query, portals)}
      </section>`,
  });
}

/** Folded until somebody asks for them: portals in trouble come first. */
function charts(words: Words, query: PortalQuery, past: Past): Html {
  const { t } = words;
  const reach = query.reach ?? OVERVIEW_REACH;
  return html`<details id="past" data-live class="past" ${query.reach !== null && html`open`}>
    <summary>${t('past.all')}</summary>
    ${reachLinks(words, (one) => portalsPath({ ...query, reach: one }), reach)}
    ${pastCharts(words, past, reach, t('past.allPortals'))}
  </details>`;
}

function filterForm({ t }: Words, { text, state, order, group, reach }: PortalQuery): Html {
  const option = (value: string, chosen: string, words: string) =>
    html`<option value="${value}" ${value === chosen && html`selected`}>${words}</option>`;
  return html`<form class="filter" method="get" action="/" role="search" aria-label="${t('portals.filter')}">
    <label class="grow"
      >${t('overview.find')}
      <input type="search" name="q" value="${text}" placeholder="${t('portals.nameOrDomain')}" />
    </label>
    <label
      >${t('column.state')}
      <select name="state">
        ${PORTAL_FILTERS.map((one) =>
          option(
            one,
            state,
            one === 'all' ? t('events.all') : one === 'trouble' ? t('portals.trouble') : t(`portal.${one}`),
          ),
        )}
      </select>
    </label>
    <label
      >${t('list.order')}
      <select name="sort">
        ${PORTAL_ORDERS.map((one) =>
          option(
            one,
            order,
            one === 'need' ? t('portals.byNeed') : one === 'name' ? t('column.portal') : t(`column.${one}`),
          ),
        )}
      </select>
    </label>
    <label class="check"
      ><input type="checkbox" name="group" value="state" ${group && html`checked`} />
      ${t('portals.group')}</label
    >
    ${reach !== null && html`<input type="hidden" name="span" value="${reach}" />`}
    <div class="filter-end">
      <button type="submit">${t('events.apply')}</button>
      <a href="/">${t('events.reset')}</a>
    </div>
  </form>`;
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
  const waiting = troubles('waiting');
  const refused = troubles('refused');
  const dead = troubles('dead');
  return html`<dl
    id="tiles"
    class="tiles"
    data-live
    data-summary="${t('overview.summary', { stopped, paused, failed: count(failed), waiting: count(waiting), refused: count(refused), dead: count(dead) })}"
  >
    ${tile('portals', t('tile.portals'), t('tile.portalsOf', { working: count(installed.length - stopped - paused), installed: count(installed.length) }), stopped > 0)}
    ${tile('rate', t(everyRate ? 'tile.rate' : 'tile.rateKnown'), rate(sumOf(portals, (view) => view.rate)), false)}
    ${tile('flight', t('tile.flight'), count(sumOf(portals, ({ inFlight }) => inFlight)), false)}
    ${tile('failed', t('tile.failed'), count(failed), false, '/events?state=failed')}
    ${tile('marked', t('tile.marked'), count(marked), false, '/events?state=marked')}
    ${tile('waiting', t('tile.waiting'), count(waiting), false, '/events?state=waiting')}
    ${tile('refused', t('tile.refused'), count(refused), (refused ?? 0) > 0, '/events?state=refused')}
    ${tile('dead', t('tile.dead'), count(dead), (dead ?? 0) > 0, '/events?state=dead')}
    ${tile('unrouted', t('tile.unrouted'), count(depths.unrouted), (depths.unrouted ?? 0) > 0, '/queues#unrouted')}
    ${tile('rejected', t('tile.rejected'), count(depths.rejected), (depths.rejected ?? 0) > 0, '/queues#rejected')}
  </dl>`;
}

function portalTable(
  words: Words,
  snapshot: Snapshot,
  query: PortalQuery,
  { shown: views }: PortalPage,
): Html {
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
  const heading = (order: Exclude<PortalQuery['order'], 'need'>) => {
    const sorted = query.order === order;
    const name = t(order === 'name' ? 'column.portal' : `column.${order}`);
    return html`<th
      scope="col"
      class="${NUMBERS.has(order) && 'number'}"
      ${sorted && html`aria-sort="${order === 'name' ? 'ascending' : 'descending'}"`}
    >
      <a href="${portalsPath({ ...query, order: sorted ? 'need' : order, page: 1 })}">${name}</a>
    </th>`;
  };
  return html`<table class="cards portals">
    <caption class="visually-hidden">
      ${query.order === 'need' ? t('overview.caption') : t('overview.portals')}
    </caption>
    <thead>
      <tr>
        ${heading('name')}
        <th scope="col">${t('column.state')}</th>
        ${heading('rate')} ${heading('lag')}
        <th scope="col">${t('column.onPortal')}</th>
        ${heading('flight')} ${heading('failed')} ${heading('waiting')} ${heading('dead')}
        <th scope="col">${t('column.round')}</th>
      </tr>
    </thead>
    <tbody id="${PORTAL_ROWS}" data-hold>
      ${views.map((view, index) => [
        query.group &&
          view.portal.state !== views[index - 1]?.portal.state &&
          groupRow(words, snapshot, view.portal.state),
        portalRow(words, view, snapshot.at),
      ])}
    </tbody>
  </table>`;
}

const NUMBERS: ReadonlySet<string> = new Set(['flight', 'failed', 'waiting', 'dead']);

function groupRow(words: Words, { portals }: Snapshot, state: PortalView['portal']['state']): Html {
  const number = portals.filter(({ portal }) => portal.state === state).length;
  return html`<tr class="group" id="group-${state}">
    <th colspan="10" scope="colgroup">${stateBadge(words, state)} ${words.count(number)}</th>
  </tr>`;
}

function portalRow(words: Words, view: PortalView, now: number): Html {
  const { t, count, rate, duration } = words;
  const { portal, troubles, inFlight, activity, rate: perSecond, lagMs } = view;
  const cell = (label: string, content: Part, kind = '') =>
    html`<td data-label="${label}" class="${kind}"><span>${content}</span></td>`;
  const events = (state: 'failed' | 'waiting' | 'dead'): Part => {
    const value = troubles === null ? null : (troubles[state] ?? 0);
    if (value === null || value === 0) return count(value);
    return html`<a
      class="${state === 'dead' ? 'bad-text' : ''}"
      href="/events?state=${state}&portal=${portal.name}"
      >${count(value)}<span class="visually-hidden"> ${t(`delivery.${state}`)}</span></a
    >`;
  };
  return html`<tr id="portal-${portal.memberId}" data-key="${portal.memberId}">
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

function pageLinks({ t, count }: Words, query: PortalQuery, { number, pages }: PortalPage): Part {
  if (pages === 1) return null;
  const link = (to: number, words: string) =>
    html`<a href="${portalsPath({ ...query, page: to })}">${words}</a>`;
  return html`<nav class="pages" aria-label="${t('overview.pages')}">
    ${number > 1 && link(number - 1, t('overview.previous'))}
    <span>${t('overview.page', { number: count(number), pages: count(pages) })}</span>
    ${number < pages && link(number + 1, t('overview.next'))}
  </nav>`;
}
