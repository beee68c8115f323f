import { type FoundEvent } from '../../events/search/found-event.js';
import { FOUND_STATES } from '../../ledger/search/event-filter.js';
import { FIND_PATH, findPath, type FindQuery } from '../events/find-query.js';
import { html, type Html, type Part } from '../html/html.js';
import { portalNamesList } from './portal-names-list.js';
import { type Words } from '../html/words.js';
import { type Snapshot } from '../live/snapshot.js';
import { eventTabs } from './event-tabs.js';
import { type PageContext, page } from './layout.js';
import { stateBadge } from './state-badge.js';

/** One page of what was found. */
export interface FoundList {
  readonly query: FindQuery;
  readonly events: readonly FoundEvent[];
  /** The cursor of the next page; null on the last. */
  readonly next: string | null;
  readonly first: boolean;
  /** A portal or a time that could not be read; null where all could. */
  readonly unreadable: string | null;
  /** For how long what was settled is remembered. */
  readonly days: number;
}

/** Characters of a reason in a list. */
const REASON_SHOWN = 300;

/** `/events/all`: events under way, in trouble and over, the latest change first. */
export function foundPage(context: PageContext, snapshot: Snapshot, list: FoundList): Html {
  const { words } = context;
  const { t } = words;
  const { query, events, unreadable } = list;
  return page(context, snapshot, {
    title: t('find.title'),
    room: 'events',
    body: html`<h1>${t('find.heading')}</h1>
      ${eventTabs(words, 'all')} ${findForm(words, snapshot, query)}
      ${unreadable !== null && html`<p class="banner warn">${t('find.unreadable', { value: unreadable })}</p>`}
      ${events.length === 0 ? nothing(words, list) : [exports(words, query), table(words, events, snapshot.at)]}
      ${pageLinks(words, list)}`,
  });
}

function findForm({ t, language }: Words, snapshot: Snapshot, query: FindQuery): Html {
  const field = (name: keyof FindQuery, label: string, hint: string, more: Part = null) =>
    html`<label
      >${label}
      <input
        type="text"
        name="${name}"
        value="${query[name]}"
        placeholder="${hint}"
        autocomplete="off"
        spellcheck="false"
        ${more}
      />
    </label>`;
  return html`<form
    class="filter"
    method="get"
    action="${FIND_PATH}"
    role="search"
    aria-label="${t('find.title')}"
  >
    <label class="grow"
      >${t('find.text')}
      <input type="search" name="q" value="${query.q}" placeholder="${t('find.textHint')}" />
    </label>
    <label
      >${t('find.state')}
      <select name="state">
        <option value="">${t('events.all')}</option>
        ${FOUND_STATES.map(
          (state) =>
            html`<option
              value="${state}"
              ${query.state === state && html`selected`}
              ${language !== 'en' && html`title="${state}"`}
            >
              ${t(`delivery.${state}`)}
            </option>`,
        )}
      </select>
    </label>
    ${field('portal', t('events.portal'), t('events.all'), html`list="portal-names"`)}
    ${portalNamesList(snapshot)} ${field('event', t('events.code'), t('events.all'))}
    ${field('from', t('find.from'), '2026-11-29 14:00')} ${field('to', t('find.to'), '2026-11-30')}
    <div class="filter-end">
      <button type="submit">${t('find.submit')}</button>
      <a href="${FIND_PATH}">${t('events.reset')}</a>
    </div>
  </form>`;
}

function nothing({ t }: Words, { days, unreadable }: FoundList): Part {
  if (unreadable !== null) return null;
  return html`<div class="empty">
    <p><strong>${t('find.none')}</strong></p>
    <p>${days === 0 ? t('find.noHistory') : t('find.noneMeaning', { days })}</p>
  </div>`;
}

function exports({ h }: Words, query: FindQuery): Html {
  return html`<p class="quiet">
    ${h('events.export', {
      csv: (inside) => html`<a href="${findPath(query, { file: 'csv' })}" download>${inside}</a>`,
      json: (inside) => html`<a href="${findPath(query, { file: 'json' })}" download>${inside}</a>`,
    })}
  </p>`;
}

function table(words: Words, events: readonly FoundEvent[], at: number): Html {
  const { t } = words;
  return html`<table class="cards events">
    <caption class="visually-hidden">
      ${t('find.caption')}
    </caption>
    <thead>
      <tr>
        <th scope="col">${t('events.event')}</th>
        <th scope="col">${t('events.portal')}</th>
        <th scope="col">${t('events.state')}</th>
        <th scope="col">${t('events.reason')}</th>
        <th scope="col">${t('events.attempts')}</th>
        <th scope="col">${t('find.changed')}</th>
        <th scope="col">${t('find.settled')}</th>
      </tr>
    </thead>
    <tbody>
      ${events.map((event) => row(words, event, at))}
    </tbody>
  </table>`;
}

function row(words: Words, event: FoundEvent, at: number): Html {
  const { t, exactTime, ago, count } = words;
  const { reason, settledAt } = event;
  const cell = (label: string, content: Part, kind = '') =>
    html`<td data-label="${label}" class="${kind}"><span>${content}</span></td>`;
  return html`<tr id="found-${event.seq}">
    <th scope="row">
      <a href="/events/${encodeURIComponent(event.id)}?delivery=${event.seq}">${event.code}</a>
      <span class="quiet">${event.subject ?? t('events.row', { row: event.rowId })}</span>
    </th>
    ${cell(t('events.portal'), event.portal)} ${cell(t('events.state'), stateBadge(words, event.state))}
    ${cell(
      t('events.reason'),
      reason === null
        ? html`<span class="quiet">–</span>`
        : html`<bdi class="reason">${reason.slice(0, REASON_SHOWN)}</bdi>`,
      'wide',
    )}
    ${cell(t('events.attempts'), count(event.attempts), 'tight')}
    ${cell(t('find.changed'), exactTime(event.changedAt))}
    ${cell(
      t('find.settled'),
      settledAt === null ? html`<span class="quiet">${t('find.underWay')}</span>` : ago(settledAt, at),
    )}
  </tr>`;
}

function pageLinks({ t }: Words, { query, next, first }: FoundList): Part {
  if (first && next === null) return null;
  return html`<nav class="pages" aria-label="${t('events.pages')}">
    ${!first && html`<a href="${findPath(query)}">${t('events.latest')}</a>`}
    ${next !== null && html`<a href="${findPath(query, { cursor: next })}" rel="next">${t('events.earlier')}</a>`}
  </nav>`;
}
