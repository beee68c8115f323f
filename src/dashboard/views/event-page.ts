import { attemptsOf } from '../../events/attempt.js';
import { type EventMessage } from '../../events/event-message.js';
import { reasonShown } from '../../events/refusal.js';
import { type Timeline } from '../../events/search/timeline.js';
import { parseJson, writeAnyJson } from '../../json/exact-json.js';
import { type DeliveryRecord } from '../../ledger/find-deliveries.js';
import { html, type Html, type Part } from '../html/html.js';
import { copiedFact, fact } from './fact.js';
import { type Words } from '../html/words.js';
import { type Snapshot } from '../live/snapshot.js';
import { eventPath, idOf, nextAttempt, objectOf, rowActions } from './events-page.js';
import { copyButton } from './copy-button.js';
import { eventTimeline } from './event-timeline.js';
import { type PageContext, page, token } from './layout.js';
import { objectLinkPart } from './object-link-part.js';
import { stateBadge } from './state-badge.js';

/** One delivery with all there is to know of its event. */
interface EventDetails {
  readonly record: DeliveryRecord;
  /** What happened to it, over all of its deliveries; null where it has gone on this very moment. */
  readonly timeline: Timeline | null;
  readonly message: EventMessage;
  /** Name of its portal; null where that is not registered any more. */
  readonly portal: string | null;
  readonly maxAttempts: number;
  /** Where its object is on the portal; null where that is not known. */
  readonly link: string | null;
}

/** Characters of a body that a browser shows without delay. */
const MAX_SHOWN = 200_000;

/** `/events/<event id>`: why it failed, what happened to it so far, and what consumers get. */
export function eventPage(context: PageContext, snapshot: Snapshot, details: EventDetails): Html {
  const { words } = context;
  const { t, h, ago } = words;
  const { record, portal, maxAttempts } = details;
  const { at } = snapshot;
  const { made, inSeries } = attemptsOf(record);
  const object = objectOf(words, record);
  const named = `${record.event} ${object}`;
  return page(context, snapshot, {
    title: t('event.title', { event: record.event, object, portal: portal ?? record.member_id }),
    room: 'events',
    body: html`<nav aria-label="${t('layout.breadcrumb')}" class="crumbs">
        <a href="/events">${t('layout.events')}</a>
      </nav>
      <h1>
        ${record.event}
        <span class="quiet">${objectLinkPart(words, object, details.link)}</span>
      </h1>
      <div
        id="event"
        data-live
        data-summary="${t('event.summary', { event: record.event, state: t(`delivery.${record.state}`) })}"
      >
        <p class="lead">
          ${stateBadge(words, record.state)}
          <span>${h('event.since', { when: ago(record.state_at, at) })}</span>
          ${record.state !== 'processed' && html`<span>${t(made === inSeries ? 'event.attempt' : 'event.attemptInAll', { number: inSeries, most: maxAttempts, made })}</span>`}
          ${record.due_at !== null && html`<span>${h('event.next', { when: html`${nextAttempt(words, record, at)}` })}</span>`}
        </p>
        ${reasonBox(words, record)}
        <form method="post" action="/events/retry" class="buttons">
          ${token(context)}<input type="hidden" name="back" value="${eventPath(record)}" />
          ${rowActions(words, record, named, 'primary')}
          ${record.state === 'marked' && html`<span class="quiet">${t('event.markedHint')}</span>`}
        </form>
        <div class="columns">
          <section aria-labelledby="timeline-title">
            <h2 id="timeline-title">${t('event.timeline')}</h2>
            ${details.timeline !== null && eventTimeline(words, details.timeline)}
          </section>
          <section aria-labelledby="facts-title">
            <h2 id="facts-title">${t('event.facts')}</h2>
            <dl class="facts">
              ${copiedFact(words, t('event.id'), idOf(record))}
              ${fact(t('event.portal'), portal === null ? record.member_id : html`<a href="/portals/${encodeURIComponent(portal)}">${portal}</a>`)}
              ${details.message.routingKey === null ? fact(t('event.routingKey'), '–') : copiedFact(words, t('event.routingKey'), details.message.routingKey)}
              ${record.origin === null ? fact(t('event.row'), `${record.row_id}, ${heldWords(words, record)}`) : fact(t('event.origin'), t(`event.origin.${record.origin}`))}
              ${copiedFact(words, t('event.messageId'), record.message_id)}
              ${copiedFact(words, t('event.processId'), record.process_id)}
              ${fact(t('event.delivery'), t('event.deliveryNumber', { seq: record.seq }))}
            </dl>
          </section>
        </div>
      </div>
      <section id="event-body" data-live aria-labelledby="body-title">
        <h2 id="body-title">
          ${t('event.body')} ${copyButton(words, t('event.body'), { element: 'event-text' })}
        </h2>
        ${body(words, details)}
      </section>`,
  });
}

function reasonBox(words: Words, record: DeliveryRecord): Part {
  const { t, language } = words;
  const { state, discarded_at: discardedAt } = record;
  const reason = reasonShown(record, language);
  if (reason === null) return false;
  const followed = discardedAt === null && ['reserved', 'published', 'processed'].includes(state);
  const whose = followed && html`<span class="quiet">${t('event.earlierAttempt')} </span>`;
  return html`<blockquote class="reason-box">
    ${whose}<bdi>${reason}</bdi> ${copyButton(words, t('event.reason'), { text: reason })}
  </blockquote>`;
}

function heldWords({ t }: Words, { held, errored, state }: DeliveryRecord): string {
  if (state === 'marked') return t('event.heldMarked');
  if (held === 0) return t('event.notHeld');
  return t(errored === 1 ? 'event.heldErrored' : 'event.held');
}

function body({ t, h }: Words, { message, record }: EventDetails): Html {
  const { unencodable } = message;
  const text =
    unencodable === null ? writeAnyJson(message.body, 2) : writeAnyJson(parseJson(record.payload), 2);
  const note =
    unencodable !== null &&
    html`<p>${h('event.unencodable', { reason: html`<bdi>${unencodable}</bdi>` })}</p>`;
  const cut =
    text.length > MAX_SHOWN &&
    html`<p class="quiet">${t('event.cut', { shown: MAX_SHOWN, length: text.length })}</p>`;
  return html`${note}
    <pre
      tabindex="0"
      role="region"
      aria-label="${t('event.bodyLabel')}"
    ><code id="event-text">${text.slice(0, MAX_SHOWN)}</code></pre>
    ${cut}`;
}
