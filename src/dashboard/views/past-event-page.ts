import { type Timeline } from '../../events/search/timeline.js';
import { FIND_PATH } from '../events/find-query.js';
import { html, type Html } from '../html/html.js';
import { copiedFact, fact } from './fact.js';
import { type Snapshot } from '../live/snapshot.js';
import { copyButton } from './copy-button.js';
import { eventTimeline } from './event-timeline.js';
import { type PageContext, page } from './layout.js';
import { objectLinkPart } from './object-link-part.js';
import { stateBadge } from './state-badge.js';

/** What is known of an event whose record is gone. */
interface PastEvent {
  readonly timeline: Timeline;
  /** Whether its portal is still registered. */
  readonly portalKnown: boolean;
  /** Where its object is on the portal; null where that is not known. */
  readonly link: string | null;
  /** For how long it is remembered. */
  readonly days: number;
}

/** `/events/<event id>` of an event that is over: what became of it. */
export function pastEventPage(
  context: PageContext,
  snapshot: Snapshot,
  { timeline, portalKnown, link, days }: PastEvent,
): Html {
  const { words } = context;
  const { t, h, ago } = words;
  const [latest] = timeline.deliveries;
  const row = latest === undefined || latest.origin !== null ? '' : t('events.row', { row: latest.rowId });
  const object = timeline.subject ?? row;
  const { portal } = timeline;
  return page(context, snapshot, {
    title: t('event.title', { event: timeline.code, object, portal }),
    room: 'events',
    body: html`<nav aria-label="${t('layout.breadcrumb')}" class="crumbs">
        <a href="${FIND_PATH}">${t('find.heading')}</a>
      </nav>
      <h1>${timeline.code} <span class="quiet">${objectLinkPart(words, object, link)}</span></h1>
      ${
        latest !== undefined &&
        html`<p class="lead">
          ${stateBadge(words, latest.state)}
          ${latest.settledAt !== null && html`<span>${h('past.settled', { when: ago(latest.settledAt, snapshot.at) })}</span>`}
          <span>· ${t('past.attempts', { attempts: latest.attempts })}</span>
        </p>`
      }
      <p class="quiet">${t('past.over', { days })}</p>
      ${
        latest?.reason != null &&
        html`<blockquote class="reason-box">
          <bdi>${latest.reason}</bdi> ${copyButton(words, t('event.reason'), { text: latest.reason })}
        </blockquote>`
      }
      <div class="columns">
        <section aria-labelledby="timeline-title">
          <h2 id="timeline-title">${t('event.timeline')}</h2>
          ${eventTimeline(words, timeline)}
        </section>
        <section aria-labelledby="facts-title">
          <h2 id="facts-title">${t('event.facts')}</h2>
          <dl class="facts">
            ${copiedFact(words, t('event.id'), timeline.id)}
            ${fact(t('event.portal'), portalKnown ? html`<a href="/portals/${encodeURIComponent(portal)}">${portal}</a>` : portal)}
            ${latest !== undefined && (latest.origin === null ? fact(t('event.row'), latest.rowId) : fact(t('event.origin'), t(`event.origin.${latest.origin}`)))}
            ${latest?.processId != null && copiedFact(words, t('event.processId'), latest.processId)}
          </dl>
        </section>
      </div>`,
  });
}
