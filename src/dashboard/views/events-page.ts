import { eventId, subjectOf } from '../../contract/event.js';
import { type DeliveryState } from '../../database/schema.js';
import { attemptsOf } from '../../events/attempt.js';
import { countedStates } from '../../events/counted-states.js';
import { reasonShown } from '../../events/refusal.js';
import { parseJson } from '../../json/exact-json.js';
import { type DeliveryRecord, type PageMark } from '../../ledger/find-deliveries.js';
import { DISCARDABLE } from '../../ledger/discard.js';
import { RETRYABLE } from '../../ledger/retry-now.js';
import { TROUBLED } from '../../ledger/trouble.js';
import { type EventQuery, eventsPath, exportPath, queryFields } from '../events/event-query.js';
import { html, type Html, type Part } from '../html/html.js';
import { type Words } from '../html/words.js';
import { badge } from './badge.js';
import { type Snapshot } from '../live/snapshot.js';
import { type PageContext, page, token } from './layout.js';

/** One page of events. */
interface EventList {
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
  refused: 'warn',
  dead: 'bad',
  processed: 'good',
};

export function deliveryBadge({ language, t }: Words, state: DeliveryState): Html {
  return badge(TONES[state] ?? 'idle', t(`delivery.${state}`), language === 'en' ? null : state);
}

/** `/events`: what went wrong, the latest first. */
export function eventsPage(context: PageContext, snapshot: Snapshot, list: EventList): Html {
  const { words } = context;
  const { t } = words;
  const total = Object.values(list.counts).reduce((sum, value) => sum + value, 0);
  return page(context, snapshot, {
    title: t('events.title'),
    room: 'events',
    body: html`<h1>${t('events.heading')}</h1>
      ${filterForm(words, snapshot, list.query)}
      <form id="choice" method="post" action="/events/retry">
        ${token(context)}
        ${queryFields(list.query).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
        <input type="hidden" name="back" value="${eventsPath(list.query)}" />
        <div id="events" data-live data-summary="${countWords(words, list.counts, total)}">
          ${total === 0 ? emptyList(words, list.query) : [actions(words, list, total), table(words, snapshot, list)]}
        </div>
      </form>
      ${pageLinks(words, list)}`,
  });
}

function filterForm(
  { t, language }: Words,
  { portals }: Snapshot,
  { states, portal, event, text }: EventQuery,
): Html {
  const names = portals.map((view) => view.portal.name).sort();
  return html`<form
    class="filter"
    method="get"
    action="/events"
    role="search"
    aria-label="${t('events.filter')}"
  >
    <fieldset>
      <legend class="visually-hidden">${t('events.states')}</legend>
      ${TROUBLED.map(
        (state) =>
          html`<label class="check" ${language !== 'en' && html`title="${state}"`}
            ><input
              type="checkbox"
              name="state"
              value="${state}"
              ${states.includes(state) && html`checked`}
            />
            ${t(`delivery.${state}`)}</label
          >`,
      )}
    </fieldset>
    <label
      >${t('events.portal')}
      <input
        type="text"
        name="portal"
        list="portal-names"
        value="${portal}"
        placeholder="${t('events.all')}"
        autocomplete="off"
      />
    </label>
    <datalist id="portal-names">
      ${names.slice(0, 500).map((name) => html`<option value="${name}"></option>`)}
    </datalist>
    <label
      >${t('events.code')}
      <input
        type="text"
        name="event"
        value="${event}"
        placeholder="${t('events.all')}"
        autocomplete="off"
        spellcheck="false"
      />
    </label>
    <label class="grow"
      >${t('events.search')}
      <input type="search" name="q" value="${text}" placeholder="${t('events.searchHint')}" />
    </label>
    <div class="filter-end">
      <button type="submit">${t('events.apply')}</button>
      <a href="/events">${t('events.reset')}</a>
    </div>
  </form>`;
}

function countWords({ t }: Words, counts: EventList['counts'], total: number): string {
  if (total === 0) return t('events.noneMatches');
  const ordered = TROUBLED.filter((state) => counts[state] !== undefined).map((state) => [
    state,
    counts[state],
  ]);
  const states = countedStates(Object.fromEntries(ordered) as EventList['counts']);
  return t('events.counts', { total, states });
}

function emptyList({ t, h }: Words, { states, portal, event, text }: EventQuery): Html {
  const narrow = portal !== '' || event !== '' || text !== '' || states.length < TROUBLED.length;
  return html`<div class="empty">
    <p><strong>${t(narrow ? 'events.noneMatches' : 'events.nothingWrong')}</strong></p>
    <p>
      ${
        narrow
          ? h('events.showAll', { link: (inside) => html`<a href="/events">${inside}</a>` })
          : t('events.emptyHelp')
      }
    </p>
  </div>`;
}

function actions(words: Words, { counts, query }: EventList, total: number): Html {
  const { t, h, count } = words;
  return html`<div class="actions">
    <p class="count">
      <span id="event-count">${countWords(words, counts, total)}</span>
      <span class="quiet"
        >${h('events.export', {
          csv: (inside) => html`<a href="${exportPath(query, 'csv')}" download>${inside}</a>`,
          json: (inside) => html`<a href="${exportPath(query, 'json')}" download>${inside}</a>`,
        })}</span
      >
    </p>
    <div class="buttons">
      <button type="submit" formaction="/events/retry" data-needs-choice>
        ${t('events.retrySelected')}<span data-chosen></span>
      </button>
      <button type="submit" formaction="/events/confirm/discard" data-needs-choice>
        ${t('events.discardSelected')}<span data-chosen></span>
      </button>
      <button type="submit" name="scope" value="matching" formaction="/events/confirm/retry">
        ${t('events.retryAll', { count: count(total) })}
      </button>
      <button type="submit" name="scope" value="matching" formaction="/events/confirm/discard">
        ${t('events.discardAll', { count: count(total) })}
      </button>
    </div>
  </div>`;
}

function table(words: Words, snapshot: Snapshot, { records, maxAttempts }: EventList): Html {
  const { t } = words;
  return html`<table class="cards events">
    <caption class="visually-hidden">
      ${t('events.caption')}
    </caption>
    <thead>
      <tr>
        <th scope="col" class="pick">
          <input type="checkbox" data-pick-all aria-label="${t('events.selectAll')}" />
        </th>
        <th scope="col">${t('events.event')}</th>
        <th scope="col">${t('events.portal')}</th>
        <th scope="col">${t('events.state')}</th>
        <th scope="col">${t('events.reason')}</th>
        <th scope="col">${t('events.attempts')}</th>
        <th scope="col">${t('events.since')}</th>
        <th scope="col">${t('events.nextAttempt')}</th>
        <th scope="col"><span class="visually-hidden">${t('events.actions')}</span></th>
      </tr>
    </thead>
    <tbody>
      ${records.map((record) => row(words, snapshot, record, maxAttempts))}
    </tbody>
  </table>`;
}

function row(words: Words, { at, portals }: Snapshot, record: DeliveryRecord, maxAttempts: number): Html {
  const { t, language, moment } = words;
  const name =
    portals.find(({ portal }) => portal.memberId === record.member_id)?.portal.name ?? record.member_id;
  const named = `${record.event} ${objectOf(words, record)}`;
  const { inSeries } = attemptsOf(record);
  const reason = reasonShown(record, language);
  const cell = (label: string, content: Part, kind = '') =>
    html`<td data-label="${label}" class="${kind}"><span>${content}</span></td>`;
  return html`<tr id="delivery-${record.seq}">
    <td class="pick">
      <input
        type="checkbox"
        name="seq"
        value="${record.seq}"
        data-pick
        aria-label="${t('events.select', { event: named, portal: name })}"
      />
    </td>
    <th scope="row">
      <a href="${eventPath(record)}">${record.event}</a>
      <span class="quiet">${objectOf(words, record)}</span>
    </th>
    ${cell(t('events.portal'), name)} ${cell(t('events.state'), deliveryBadge(words, record.state))}
    ${cell(
      t('events.reason'),
      reason === null
        ? html`<span class="quiet">${t('events.noReason')}</span>`
        : html`<bdi class="reason">${reason.slice(0, 300)}</bdi>`,
      'wide',
    )}
    ${cell(t('events.attempts'), t('events.attemptsOf', { made: inSeries, most: maxAttempts }), 'tight')}
    ${cell(t('events.since'), moment(record.state_at, at))}
    ${cell(t('events.nextAttempt'), nextAttempt(words, record, at), 'tight')}
    <td class="row-actions">${rowActions(words, record, named)}</td>
  </tr>`;
}

export function nextAttempt(
  { t, moment }: Words,
  { state, due_at: dueAt }: DeliveryRecord,
  now: number,
): Part {
  if (state === 'dead') return html`<span class="quiet">${t('events.noAttempt')}</span>`;
  if (state === 'failed') return html`<span class="quiet">${t('events.afterMark')}</span>`;
  return dueAt !== null && dueAt <= now ? t('events.dueNow') : moment(dueAt, now);
}

/** Buttons for one event, inside a form. */
export function rowActions({ h }: Words, { seq, state }: DeliveryRecord, event: string, kind = ''): Part {
  const hidden = (inside: Html) => html`<span class="visually-hidden">${inside}</span>`;
  return [
    RETRYABLE.includes(state) &&
      html`<button type="submit" class="${kind}" name="only" value="${seq}" formaction="/events/retry">
        ${h('events.retry', { event, hidden })}
      </button>`,
    DISCARDABLE.includes(state) &&
      html`<button type="submit" name="only" value="${seq}" formaction="/events/confirm/discard">
        ${h('events.discard', { event, hidden })}
      </button>`,
  ];
}

/** `crm.deal/17`: what changed, as consumers read it; the portal's row where the data does not say. */
export function objectOf({ t }: Words, { event, payload, row_id: row }: DeliveryRecord): string {
  return subjectOf(event, parseJson(payload)) ?? t('events.row', { row });
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

function pageLinks({ t }: Words, { query, next, first }: EventList): Part {
  if (first && next === null) return null;
  return html`<nav class="pages" aria-label="${t('events.pages')}">
    ${!first && html`<a href="${eventsPath(query)}">${t('events.latest')}</a>`}
    ${next !== null && html`<a href="${eventsPath(query, next)}" rel="next">${t('events.earlier')}</a>`}
  </nav>`;
}
