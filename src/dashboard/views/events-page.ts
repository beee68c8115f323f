import { eventId, subjectOf } from '../../contract/event.js';
import { attemptsOf } from '../../events/attempt.js';
import { countedStates } from '../../events/counted-states.js';
import { reasonShown } from '../../events/refusal.js';
import { parseJson } from '../../json/exact-json.js';
import { type DeliveryRecord } from '../../ledger/find-deliveries.js';
import { DISCARDABLE } from '../../ledger/discard.js';
import { RETRYABLE } from '../../ledger/retry-now.js';
import { TROUBLED } from '../../ledger/trouble.js';
import { type EventList } from '../events/event-list.js';
import {
  type TroubleQuery,
  eventsPath,
  exportPath,
  queryFields,
  seenValue,
} from '../events/trouble-query.js';
import { html, type Html, type Part } from '../html/html.js';
import { type Words } from '../html/words.js';
import { eventTabs } from './event-tabs.js';
import { type Snapshot } from '../live/snapshot.js';
import { emptyList, filterForm } from './events-filter.js';
import { type PageContext, page, token } from './layout.js';
import { reasonTable } from './reason-table.js';
import { stateBadge } from './state-badge.js';

/** Name of the list, whose rows stay where they are while somebody works with it. */
export const EVENT_ROWS = 'event-rows';

/** More newer ones than a page has are not counted. */
const MOST_TOLD = 50;

/** `/events`: what went wrong, the latest first. @param tasks what is done to many events */
export function eventsPage(context: PageContext, snapshot: Snapshot, list: EventList, tasks: Html): Html {
  const { words } = context;
  const { t } = words;
  const total = Object.values(list.counts).reduce((sum, value) => sum + value, 0);
  return page(context, snapshot, {
    title: t('events.title'),
    room: 'events',
    body: html`<h1>${t('events.heading')}</h1>
      ${eventTabs(words, 'troubled')} ${filterForm(words, snapshot, list.query)} ${tasks}
      <form id="choice" method="post" action="/events/retry">
        ${token(context)}
        ${queryFields(list.query).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
        <input type="hidden" name="back" value="${context.path}" />
        <div id="events" data-live data-summary="${countWords(words, list.counts, total)}">
          ${
            list.groups !== null
              ? [actions(words, list, total), reasonTable(words, list.query, list.groups, snapshot.at)]
              : total === 0 && list.records.length === 0
                ? emptyList(words, list.query)
                : [actions(words, list, total), table(words, snapshot, list)]
          }
        </div>
      </form>
      ${pageLinks(words, list)}`,
  });
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

function actions(words: Words, { counts, query, groups, waiting }: EventList, total: number): Html {
  const { t, h, count } = words;
  return html`<div class="actions">
    <p class="count">
      <span id="event-count" tabindex="-1">${countWords(words, counts, total)}</span>
      <span class="quiet"
        >${h('events.export', {
          csv: (inside) => html`<a href="${exportPath(query, 'csv')}" download>${inside}</a>`,
          json: (inside) => html`<a href="${exportPath(query, 'json')}" download>${inside}</a>`,
        })}</span
      >
    </p>
    <p class="newer">
      ${groups === null && newer(words, query, waiting)}
      <a href="${eventsPath({ ...query, group: groups === null })}"
        >${t(groups === null ? 'groups.show' : 'groups.hide')}</a
      >
    </p>
    <div class="buttons">
      ${
        groups === null &&
        html`<button type="submit" formaction="/events/retry" data-needs-choice>
            ${t('events.retrySelected')}<span data-chosen></span>
          </button>
          <button type="submit" formaction="/events/confirm/discard" data-needs-choice>
            ${t('events.discardSelected')}<span data-chosen></span>
          </button>`
      }
      <button type="submit" name="scope" value="matching" formaction="/events/confirm/retry">
        ${t('events.retryAll', { count: count(total) })}
      </button>
      <button type="submit" name="scope" value="matching" formaction="/events/confirm/discard">
        ${t('events.discardAll', { count: count(total) })}
      </button>
    </div>
  </div>`;
}

/** Newer events wait behind a button, so that nothing moves under the pointer; its place is kept for it. */
function newer({ t, count }: Words, query: TroubleQuery, waiting: number): Html {
  if (waiting === 0) return html`<span class="quiet">${t('list.nothingNew')}</span>`;
  const number = waiting > MOST_TOLD ? `${count(MOST_TOLD)}+` : count(waiting);
  return html`<a
    class="button primary"
    href="${eventsPath(query)}"
    data-show-new="${EVENT_ROWS}"
    data-focus="event-count"
    >${t('list.new', { count: number })}</a
  >`;
}

function table(words: Words, snapshot: Snapshot, { records, maxAttempts, query, mark }: EventList): Html {
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
    <tbody id="${EVENT_ROWS}" data-hold data-mark="${mark}">
      ${records.map((record) => row(words, snapshot, record, maxAttempts, !listed(query, record)))}
    </tbody>
  </table>`;
}

/** Whether the list would have it, were it drawn anew. */
function listed({ states }: TroubleQuery, { state }: DeliveryRecord): boolean {
  return states.some((one) => one === state);
}

function row(
  words: Words,
  { at, portals }: Snapshot,
  record: DeliveryRecord,
  maxAttempts: number,
  left: boolean,
): Html {
  const { t, language, ago } = words;
  const name =
    portals.find(({ portal }) => portal.memberId === record.member_id)?.portal.name ?? record.member_id;
  const named = `${record.event} ${objectOf(words, record)}`;
  const { inSeries } = attemptsOf(record);
  const reason = reasonShown(record, language);
  const cell = (label: string, content: Part, kind = '') =>
    html`<td data-label="${label}" class="${kind}"><span>${content}</span></td>`;
  return html`<tr
    id="event-${idOf(record)}"
    data-key="${idOf(record)}"
    data-delivery="${record.seq}"
    ${left && html`data-left class="left"`}
  >
    <td class="pick">
      <input
        type="checkbox"
        name="seq"
        value="${seenValue(record)}"
        ${left ? html`disabled` : html`data-pick`}
        aria-label="${t('events.select', { event: named, portal: name })}"
      />
    </td>
    <th scope="row">
      <a href="${eventPath(record)}">${record.event}</a>
      <span class="quiet">${objectOf(words, record)}</span>
    </th>
    ${cell(t('events.portal'), name)}
    ${cell(
      t('events.state'),
      html`${stateBadge(words, record.state)}${left && html`<span class="reason">${t('list.left')}</span>`}`,
    )}
    ${cell(
      t('events.reason'),
      reason === null
        ? html`<span class="quiet">${t('events.noReason')}</span>`
        : html`<bdi class="reason">${reason.slice(0, 300)}</bdi>`,
      'wide',
    )}
    ${cell(t('events.attempts'), t('events.attemptsOf', { made: inSeries, most: maxAttempts }), 'tight')}
    ${cell(t('events.since'), ago(record.state_at, at))}
    ${cell(t('events.nextAttempt'), nextAttempt(words, record, at), 'tight')}
    <td class="row-actions">${!left && rowActions(words, record, named)}</td>
  </tr>`;
}

export function nextAttempt({ t, ago }: Words, { state, due_at: dueAt }: DeliveryRecord, now: number): Part {
  if (state === 'dead') return html`<span class="quiet">${t('events.noAttempt')}</span>`;
  if (state === 'failed') return html`<span class="quiet">${t('events.afterMark')}</span>`;
  return dueAt !== null && dueAt <= now ? t('events.dueNow') : ago(dueAt, now);
}

/** Buttons for one event, inside a form. */
export function rowActions({ h }: Words, record: DeliveryRecord, event: string, kind = ''): Part {
  const { state } = record;
  const seen = seenValue(record);
  const hidden = (inside: Html) => html`<span class="visually-hidden">${inside}</span>`;
  return [
    RETRYABLE.includes(state) &&
      html`<button type="submit" class="${kind}" name="only" value="${seen}" formaction="/events/retry">
        ${h('events.retry', { event, hidden })}
      </button>`,
    DISCARDABLE.includes(state) &&
      html`<button type="submit" name="only" value="${seen}" formaction="/events/confirm/discard">
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
