import { html, type Html, type Part } from '../html.js';
import { type PortalView, type Snapshot, sumOf } from '../snapshot.js';
import { sparkline } from './chart.js';
import { count, counted, duration, rate } from './format.js';
import { type Frame, page } from './layout.js';
import { queueWords, roundWords, stateBadge } from './portal-words.js';

/** More portals than this are a list nobody reads. */
export const PORTALS_PER_PAGE = 50;

export interface OverviewQuery {
  /** Part of a portal's name or domain. */
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

/** `/`: every portal at a glance, those in trouble first. */
export function overviewPage(frame: Frame, snapshot: Snapshot, query: OverviewQuery): Html {
  const text = query.text.toLowerCase();
  const matching = snapshot.portals.filter(
    ({ portal }) => portal.name.includes(text) || portal.domain.includes(text),
  );
  const pages = Math.max(1, Math.ceil(matching.length / PORTALS_PER_PAGE));
  const number = Math.min(query.number, pages);
  const shown = matching.slice((number - 1) * PORTALS_PER_PAGE, number * PORTALS_PER_PAGE);
  return page(frame, snapshot, {
    title: 'Overview',
    room: 'overview',
    body: html`<h1 class="visually-hidden">Overview</h1>
      ${tiles(snapshot)}
      <section aria-labelledby="portals-title">
        <div class="section-head">
          <h2 id="portals-title">Portals</h2>
          ${
            snapshot.portals.length > PORTALS_PER_PAGE &&
            html`<form method="get" action="/" role="search">
              <label>Find <input type="search" name="q" value="${query.text}" /></label>
              <button type="submit">Find</button>
            </form>`
          }
        </div>
        <div id="portals" data-live>${portalTable(snapshot, shown)}</div>
        ${pageLinks(query.text, number, pages)}
      </section>`,
  });
}

function tiles(snapshot: Snapshot): Html {
  const { portals, depths } = snapshot;
  const troubles = (state: 'failed' | 'marked' | 'waiting' | 'dead') =>
    sumOf(portals, (view) => (view.troubles === null ? null : (view.troubles[state] ?? 0)));
  const installed = portals.filter(({ portal }) => portal.state !== 'uninstalled');
  const everyRate = installed.every((view) => view.rate !== null);
  const stopped = installed.filter(({ portal }) => portal.state !== 'active').length;
  const failed = troubles('failed');
  const marked = troubles('marked');
  const tile = (id: string, words: string, value: string, bad: boolean, path?: string): Html =>
    html`<div class="tile ${bad ? 'attention' : ''}">
      <dt>${words}</dt>
      <dd id="tile-${id}">${path === undefined ? value : html`<a href="${path}">${value}</a>`}</dd>
    </div>`;
  const toMark = failed === null ? null : failed + (marked ?? 0);
  const waiting = troubles('waiting');
  const dead = troubles('dead');
  return html`<dl
    id="tiles"
    class="tiles"
    data-live
    data-summary="${stopped > 0 && `${counted(stopped, 'portal')} stopped, `}${count(toMark)} failed, ${count(waiting)} waiting, ${count(dead)} dead"
  >
    ${tile('portals', 'Portals at work', `${count(installed.length - stopped)} of ${count(installed.length)}`, stopped > 0)}
    ${tile('rate', everyRate ? 'Events a second' : 'Events a second, where known', rate(sumOf(portals, (view) => view.rate)), false)}
    ${tile('flight', 'In flight', count(sumOf(portals, ({ inFlight }) => inFlight)), false)}
    ${tile('failed', 'Failed', count(toMark), false, '/events?state=failed&state=marked')}
    ${tile('waiting', 'Waiting for a retry', count(waiting), false, '/events?state=waiting')}
    ${tile('dead', 'Dead', count(dead), (dead ?? 0) > 0, '/events?state=dead')}
    ${tile('unrouted', 'Unrouted', count(depths.unrouted), (depths.unrouted ?? 0) > 0, '/queues#unrouted')}
    ${tile('rejected', 'Rejected replies', count(depths.rejected), (depths.rejected ?? 0) > 0, '/queues#rejected')}
  </dl>`;
}

function portalTable(snapshot: Snapshot, views: readonly PortalView[]): Html {
  if (snapshot.portals.length === 0) {
    return html`<div class="empty">
      <p><strong>No portal has installed the application yet.</strong></p>
      <p>
        Enter <code>/bitrix24/install</code> of this service's public address as the application's
        installation path and save it on the portal, or run
        <code>npx bitrix24-bridge portals add &lt;portal&gt;</code> beside the service.
      </p>
    </div>`;
  }
  if (views.length === 0) return html`<p class="empty">No portal has this in its name.</p>`;
  return html`<table class="cards">
    <caption class="visually-hidden">
      Portals, those in trouble first
    </caption>
    <thead>
      <tr>
        <th scope="col">Portal</th>
        <th scope="col">State</th>
        <th scope="col">Published a second</th>
        <th scope="col">Lag</th>
        <th scope="col">On the portal</th>
        <th scope="col" class="number">In flight</th>
        <th scope="col" class="number">Failed</th>
        <th scope="col" class="number">Waiting</th>
        <th scope="col" class="number">Dead</th>
        <th scope="col">Last round</th>
      </tr>
    </thead>
    <tbody>
      ${views.map((view) => portalRow(view, snapshot.at))}
    </tbody>
  </table>`;
}

function portalRow(view: PortalView, now: number): Html {
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
      >${count(value)}<span class="visually-hidden"> ${state}</span></a
    >`;
  };
  return html`<tr id="portal-${portal.memberId}">
    <th scope="row">
      <a href="/portals/${encodeURIComponent(portal.name)}">${portal.name}</a>
      <span class="quiet domain">${portal.domain}</span>
    </th>
    ${cell(
      'State',
      html`${stateBadge(portal.state)}${
        portal.stateReason !== null && html`<span class="reason"><bdi>${portal.stateReason}</bdi></span>`
      }`,
      'wide',
    )}
    ${cell(
      'Published a second',
      perSecond === null
        ? html`<span class="quiet">–</span>`
        : html`${activity.samples.length > 0 && sparkline(activity.samples, portal.name)}<b
              >${rate(perSecond)}</b
            >`,
      'rate',
    )}
    ${cell('Lag', lagMs === null ? html`<span class="quiet">–</span>` : duration(lagMs), 'tight')}
    ${cell('On the portal', queueWords(view, now), 'sight')} ${cell('In flight', count(inFlight), 'number')}
    ${cell('Failed', events('failed'), 'number')} ${cell('Waiting', events('waiting'), 'number')}
    ${cell('Dead', events('dead'), 'number')} ${cell('Last round', roundWords(view, now), 'round')}
  </tr>`;
}

function pageLinks(text: string, number: number, pages: number): Part {
  if (pages === 1) return null;
  const link = (to: number, words: string) =>
    html`<a href="/?q=${encodeURIComponent(text)}&page=${to}">${words}</a>`;
  return html`<nav class="pages" aria-label="Pages of portals">
    ${number > 1 && link(number - 1, 'Previous')} <span>Page ${number} of ${pages}</span>
    ${number < pages && link(number + 1, 'Next')}
  </nav>`;
}
