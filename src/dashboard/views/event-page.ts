import { attemptsOf } from '../../inspection/attempt.js';
import { type EventMessage } from '../../inspection/event-message.js';
import { type DeliveryRecord } from '../../ledger/find-deliveries.js';
import { html, type Html, type Part } from '../html.js';
import { type Snapshot } from '../snapshot.js';
import { deliveryBadge, eventPath, idOf, nextAttempt, objectOf, rowActions } from './events-page.js';
import { exact, moment } from './format.js';
import { type Frame, page, token } from './layout.js';

/** One delivery with all there is to know of its event. */
export interface EventDetails {
  readonly record: DeliveryRecord;
  /** Every delivery of the same change, oldest first; the record is one of them. */
  readonly all: readonly DeliveryRecord[];
  readonly message: EventMessage;
  /** Name of its portal; null where that is not registered any more. */
  readonly portal: string | null;
  readonly maxAttempts: number;
}

/** What a browser still shows without delay. */
const MAX_SHOWN = 200_000;

/** `/events/<event id>`: why it failed, what happened to it so far, and what consumers get. */
export function eventPage(frame: Frame, snapshot: Snapshot, details: EventDetails): Html {
  const { record, portal, maxAttempts } = details;
  const { at } = snapshot;
  const { made, inSeries } = attemptsOf(record);
  const words = `${record.event} ${objectOf(record)}`;
  const fact = (name: string, value: Part) =>
    html`<div>
      <dt>${name}</dt>
      <dd>${value}</dd>
    </div>`;
  return page(frame, snapshot, {
    title: `${words} of ${portal ?? record.member_id}`,
    room: 'events',
    body: html`<nav aria-label="Breadcrumb" class="crumbs"><a href="/events">Events</a></nav>
      <h1>${record.event} <span class="quiet">${objectOf(record)}</span></h1>
      <div id="event" data-live data-summary="${record.event} is ${record.state}">
        <p class="lead">
          ${deliveryBadge(record.state)} <span>since ${moment(record.state_at, at)}</span>
          ${record.state !== 'processed' && html`<span>· attempt ${inSeries} of ${maxAttempts}${made !== inSeries && ` (${made} in all)`}</span>`}
          ${record.due_at !== null && html`<span>· next attempt ${nextAttempt(record, at)}</span>`}
        </p>
        ${reasonBox(record)}
        <form method="post" action="/events/retry" class="buttons">
          ${token(frame)}<input type="hidden" name="back" value="${eventPath(record)}" />
          ${rowActions(record, words, 'primary')}
          ${
            record.state === 'marked' &&
            html`<span class="quiet">Can be discarded once a round has fetched it: a retry does that.</span>`
          }
        </form>
        <div class="columns">
          <section aria-labelledby="timeline-title">
            <h2 id="timeline-title">Time line</h2>
            <ol class="timeline">
              ${timeline(details).map(
                ({ when, what, tone, detail }) =>
                  html`<li class="${tone}">
                    <time datetime="${new Date(when).toISOString()}">${exact(when)}</time>
                    <span>${what}</span>
                    ${detail !== null && html`<bdi class="reason">${detail}</bdi>`}
                  </li>`,
              )}
            </ol>
          </section>
          <section aria-labelledby="facts-title">
            <h2 id="facts-title">Facts</h2>
            <dl class="facts">
              ${fact('Event id', html`<code>${idOf(record)}</code>`)}
              ${fact('Portal', portal === null ? record.member_id : html`<a href="/portals/${encodeURIComponent(portal)}">${portal}</a>`)}
              ${fact('Routing key', html`<code>${details.message.routingKey ?? '–'}</code>`)}
              ${fact('Row on the portal', `${record.row_id}, ${heldWords(record)}`)}
              ${fact('Message id', html`<code>${record.message_id}</code>`)}
              ${fact('Process id', html`<code>${record.process_id}</code>`)}
              ${fact('Delivery', `number ${record.seq} of the ledger`)}
            </dl>
          </section>
        </div>
      </div>
      <section id="event-body" data-live aria-labelledby="body-title">
        <h2 id="body-title">Body</h2>
        ${body(details)}
      </section>`,
  });
}

function reasonBox({ reason, state, discarded_at: discardedAt }: DeliveryRecord): Part {
  if (reason === null) return false;
  const followed = discardedAt === null && ['reserved', 'published', 'processed'].includes(state);
  const whose = followed && html`<span class="quiet">An earlier attempt: </span>`;
  return html`<blockquote class="reason-box">${whose}<bdi>${reason}</bdi></blockquote>`;
}

function heldWords({ held, errored, state }: DeliveryRecord): string {
  if (state === 'marked') return 'marked there with its error flag';
  if (held === 0) return 'no longer held there';
  return errored === 1 ? 'held for us, with its error flag' : 'held for us';
}

function body({ message, record }: EventDetails): Html {
  const { unencodable } = message;
  const text =
    unencodable === null
      ? JSON.stringify(message.body, null, 2)
      : JSON.stringify(JSON.parse(record.payload), null, 2);
  const note =
    unencodable !== null && html`<p>No message can be made of it: <bdi>${unencodable}</bdi>. Its data:</p>`;
  const cut =
    text.length > MAX_SHOWN &&
    html`<p class="quiet">The first ${MAX_SHOWN} characters of ${text.length}.</p>`;
  return html`${note}
    <pre
      tabindex="0"
      role="region"
      aria-label="The event's body"
    ><code>${text.slice(0, MAX_SHOWN)}</code></pre>
    ${cut}`;
}

interface Moment {
  readonly when: number;
  readonly what: string;
  readonly tone: 'good' | 'bad' | 'warn' | 'idle';
  readonly detail: string | null;
}

/** What the ledger still knows: of each delivery its beginning and its present state. Oldest first. */
export function timeline({ record, all }: Pick<EventDetails, 'record' | 'all'>): Moment[] {
  const moments: Moment[] = [
    { when: record.changed_at * 1000, what: 'Changed on the portal', tone: 'idle', detail: null },
  ];
  for (const delivery of all) {
    const again = delivery.errored === 1;
    moments.push({
      when: delivery.reserved_at,
      what: again ? 'Fetched again by a round, after its mark' : 'Reserved by a round',
      tone: 'idle',
      detail: null,
    });
    const state = stateMoment(delivery);
    if (state !== null) moments.push(state);
    const { due_at: dueAt } = delivery;
    if (delivery.state === 'waiting' && dueAt !== null) {
      moments.push({ when: dueAt, what: `Attempt ${delivery.attempt} is due`, tone: 'idle', detail: null });
    }
  }
  return moments.sort((left, right) => left.when - right.when);
}

function stateMoment(delivery: DeliveryRecord): Moment | null {
  const { state, state_at: when, attempt, reason, discarded_at: discardedAt } = delivery;
  switch (state) {
    case 'reserved':
      return null;
    case 'published':
      return {
        when,
        what: `Attempt ${attempt} confirmed by RabbitMQ, no report yet`,
        tone: 'idle',
        detail: null,
      };
    case 'processed':
      return discardedAt === null
        ? { when, what: `Attempt ${attempt} delivered: settled as processed`, tone: 'good', detail: null }
        : { when: discardedAt, what: 'Discarded', tone: 'idle', detail: reason };
    case 'failed':
      return {
        when,
        what: `Attempt ${attempt} failed; the next round marks it`,
        tone: 'bad',
        detail: reason,
      };
    case 'marked':
      return {
        when,
        what: `Attempt ${attempt} failed; marked by event.offline.error`,
        tone: 'bad',
        detail: reason,
      };
    case 'waiting':
      return { when, what: `Attempt ${attempt - 1} failed; waits for the next`, tone: 'bad', detail: reason };
    case 'dead':
      return { when, what: 'Attempts used up: in the dead-letter queue', tone: 'bad', detail: reason };
  }
}
