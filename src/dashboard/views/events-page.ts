import { eventId, subjectOf } from '../../contract/event.js';
import { type DeliveryState } from '../../database/schema.js';
import { attemptsOf } from '../../inspection/attempt.js';
import { type DeliveryRecord, type PageMark } from '../../ledger/find-deliveries.js';
import { DISCARDABLE } from '../../ledger/discard.js';
import { RETRYABLE } from '../../ledger/retry-now.js';
import { TROUBLED } from '../../ledger/trouble.js';
import { type EventQuery, eventsPath, queryFields } from '../event-query.js';
import { html, type Html, type Part } from '../html.js';
import { type Snapshot } from '../snapshot.js';
import { count, counted, moment } from './format.js';
import { type Frame, page, token } from './layout.js';

/** One page of events. */
export interface EventList {
  readonly query: EventQuery;
  readonly records: readonly DeliveryRecord[];
  /** All that match, by state. */
  readonly counts: Readonly<Partial<Record<DeliveryState, number>>>;
  readonly maxAttempts: number;
  /** Where the next page begins; null on the last. */
  readonly next: PageMark | null;
  readonly first: boolean;
}

const TONES: Readonly<Partial<Record<DeliveryState, string>>> = {
  failed: 'warn',
  marked: 'warn',
  waiting: 'warn',
  dead: 'bad',
  processed: 'good',
};

export function deliveryBadge(state: DeliveryState): Html {
  return html`<span class="badge ${TONES[state] ?? 'idle'}"
    ><span class="dot" aria-hidden="true"></span>${state}</span
  >`;
}

/** `/events`: what went wrong, the latest first. */
export function eventsPage(frame: Frame, snapshot: Snapshot, list: EventList): Html {
  const total = Object.values(list.counts).reduce((sum, value) => sum + value, 0);
  return page(frame, snapshot, {
    title: 'Events',
    room: 'events',
    body: html`<h1>Events that went wrong</h1>
      ${filterForm(snapshot, list.query)}
      <form id="choice" method="post" action="/events/retry">
        ${token(frame)}
        ${queryFields(list.query).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
        <input type="hidden" name="back" value="${eventsPath(list.query)}" />
        <div id="events" data-live data-summary="${countWords(list.counts, total)}">
          ${total === 0 ? emptyList(list.query) : [actions(list, total), table(snapshot, list)]}
        </div>
      </form>
      ${pageLinks(list)}`,
  });
}

function filterForm({ portals }: Snapshot, { states, portal, event, text }: EventQuery): Html {
  const names = portals.map((view) => view.portal.name).sort();
  return html`<form class="filter" method="get" action="/events" role="search" aria-label="Filter">
    <fieldset>
      <legend class="visually-hidden">States</legend>
      ${TROUBLED.map(
        (state) =>
          html`<label class="check"
            ><input
              type="checkbox"
              name="state"
              value="${state}"
              ${states.includes(state) && html`checked`}
            />
            ${state}</label
          >`,
      )}
    </fieldset>
    <label
      >Portal
      <input
        type="text"
        name="portal"
        list="portal-names"
        value="${portal}"
        placeholder="all"
        autocomplete="off"
      />
    </label>
    <datalist id="portal-names">
      ${names.slice(0, 500).map((name) => html`<option value="${name}"></option>`)}
    </datalist>
    <label
      >Event code
      <input
        type="text"
        name="event"
        value="${event}"
        placeholder="all"
        autocomplete="off"
        spellcheck="false"
      />
    </label>
    <label class="grow"
      >Search
      <input type="search" name="q" value="${text}" placeholder="reason, body or id" />
    </label>
    <div class="filter-end">
      <button type="submit">Apply</button>
      <a href="/events">Reset</a>
    </div>
  </form>`;
}

function countWords(counts: EventList['counts'], total: number): string {
  if (total === 0) return 'No event matches.';
  const parts = TROUBLED.filter((state) => counts[state] !== undefined).map(
    (state) => `${count(counts[state])} ${state}`,
  );
  return `${counted(total, 'event')}: ${parts.join(', ')}`;
}

function emptyList({ states, portal, event, text }: EventQuery): Html {
  const narrow = portal !== '' || event !== '' || text !== '' || states.length < TROUBLED.length;
  return html`<div class="empty">
    <p><strong>${narrow ? 'No event matches.' : 'Nothing went wrong.'}</strong></p>
    <p>
      ${
        narrow
          ? html`<a href="/events">Show everything that went wrong</a>, or search for an event by its id.`
          : 'Events that a consumer reports as failed appear here with their reason, and disappear when a retry has settled them.'
      }
    </p>
  </div>`;
}

function actions({ counts }: EventList, total: number): Html {
  return html`<div class="actions">
    <p class="count" id="event-count">${countWords(counts, total)}</p>
    <div class="buttons">
      <button type="submit" formaction="/events/retry" data-needs-choice>
        Retry selected<span data-chosen></span>
      </button>
      <button type="submit" formaction="/events/confirm/discard" data-needs-choice>
        Discard selected<span data-chosen></span>
      </button>
      <button type="submit" name="scope" value="matching" formaction="/events/confirm/retry">
        Retry all ${count(total)}…
      </button>
      <button type="submit" name="scope" value="matching" formaction="/events/confirm/discard">
        Discard all ${count(total)}…
      </button>
    </div>
  </div>`;
}

function table(snapshot: Snapshot, { records, maxAttempts }: EventList): Html {
  return html`<table class="cards events">
    <caption class="visually-hidden">
      Events that went wrong, the latest first
    </caption>
    <thead>
      <tr>
        <th scope="col" class="pick">
          <input type="checkbox" data-pick-all aria-label="Select all on this page" />
        </th>
        <th scope="col">Event</th>
        <th scope="col">Portal</th>
        <th scope="col">State</th>
        <th scope="col">Reason</th>
        <th scope="col">Attempts</th>
        <th scope="col">Since</th>
        <th scope="col">Next attempt</th>
        <th scope="col"><span class="visually-hidden">Actions</span></th>
      </tr>
    </thead>
    <tbody>
      ${records.map((record) => row(snapshot, record, maxAttempts))}
    </tbody>
  </table>`;
}

function row({ at, portals }: Snapshot, record: DeliveryRecord, maxAttempts: number): Html {
  const name =
    portals.find(({ portal }) => portal.memberId === record.member_id)?.portal.name ?? record.member_id;
  const words = `${record.event} ${objectOf(record)}`;
  const { inSeries } = attemptsOf(record);
  const cell = (label: string, content: Part, kind = '') =>
    html`<td data-label="${label}" class="${kind}"><span>${content}</span></td>`;
  return html`<tr id="delivery-${record.seq}">
    <td class="pick">
      <input
        type="checkbox"
        name="seq"
        value="${record.seq}"
        data-pick
        aria-label="Select ${words} of ${name}"
      />
    </td>
    <th scope="row">
      <a href="${eventPath(record)}">${record.event}</a>
      <span class="quiet">${objectOf(record)}</span>
    </th>
    ${cell('Portal', name)} ${cell('State', deliveryBadge(record.state))}
    ${cell(
      'Reason',
      record.reason === null
        ? html`<span class="quiet">none given</span>`
        : html`<bdi class="reason">${record.reason.slice(0, 300)}</bdi>`,
      'wide',
    )}
    ${cell('Attempts', `${inSeries} of ${maxAttempts}`, 'tight')}
    ${cell('Since', moment(record.state_at, at))} ${cell('Next attempt', nextAttempt(record, at), 'tight')}
    <td class="row-actions">${rowActions(record, words)}</td>
  </tr>`;
}

export function nextAttempt({ state, due_at: dueAt }: DeliveryRecord, now: number): Part {
  if (state === 'dead') return html`<span class="quiet">none</span>`;
  if (state === 'failed') return html`<span class="quiet">after its mark</span>`;
  return dueAt !== null && dueAt <= now ? 'due now' : moment(dueAt, now);
}

/** Buttons for one event, inside a form. */
export function rowActions({ seq, state }: DeliveryRecord, words: string, kind = ''): Part {
  return [
    RETRYABLE.includes(state) &&
      html`<button type="submit" class="${kind}" name="only" value="${seq}" formaction="/events/retry">
        Retry<span class="visually-hidden"> ${words}</span>
      </button>`,
    DISCARDABLE.includes(state) &&
      html`<button type="submit" name="only" value="${seq}" formaction="/events/confirm/discard">
        Discard<span class="visually-hidden"> ${words}</span>…
      </button>`,
  ];
}

/** `crm.deal/17`: what changed, as consumers read it; the portal's row where the data does not say. */
export function objectOf({ event, payload, row_id: row }: DeliveryRecord): string {
  return subjectOf(event, JSON.parse(payload) as unknown) ?? `row ${row}`;
}

/**
 * The page of a delivery. A marked one is gone as soon as a round has fetched its event again: the page then shows the
 * delivery that took its place.
 */
export function eventPath(record: DeliveryRecord): string {
  return `/events/${idOf(record)}?delivery=${record.seq}`;
}

/** The event's id, as consumers see it. */
export function idOf(record: DeliveryRecord): string {
  return eventId(record.member_id, record.row_id, record.changed_at);
}

function pageLinks({ query, next, first }: EventList): Part {
  if (first && next === null) return null;
  return html`<nav class="pages" aria-label="Pages of events">
    ${!first && html`<a href="${eventsPath(query)}">Latest</a>`}
    ${next !== null && html`<a href="${eventsPath(query, next)}" rel="next">Earlier</a>`}
  </nav>`;
}
