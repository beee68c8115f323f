import { TROUBLED } from '../../ledger/trouble.js';
import { type TroubleQuery } from '../events/trouble-query.js';
import { findPath } from '../events/find-query.js';
import { html, type Html } from '../html/html.js';
import { portalNamesList } from './portal-names-list.js';
import { type Words } from '../html/words.js';
import { type Snapshot } from '../live/snapshot.js';

/** Characters of a reason beside its box. */
const REASON_NAMED = 120;

/** Which events the list has. */
export function filterForm(
  { t, language }: Words,
  snapshot: Snapshot,
  { states, portal, event, text, reason, order, group }: TroubleQuery,
): Html {
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
    ${portalNamesList(snapshot)}
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
    <label
      >${t('list.order')}
      <select name="order">
        <option value="latest">${t('list.latestFirst')}</option>
        <option value="oldest" ${order === 'oldest' && html`selected`}>${t('list.oldestFirst')}</option>
      </select>
    </label>
    ${group && html`<input type="hidden" name="group" value="reason" />`}
    ${
      reason !== null &&
      html`<label class="check"
        ><input type="checkbox" name="reason" value="${encodeURIComponent(reason)}" checked />
        <bdi
          >${
            reason === ''
              ? t('groups.onlyWithout')
              : t('groups.only', { reason: reason.slice(0, REASON_NAMED) })
          }</bdi
        ></label
      >`
    }
    <div class="filter-end">
      <button type="submit">${t('events.apply')}</button>
      <a href="/events">${t('events.reset')}</a>
    </div>
  </form>`;
}

/** In the place of a list with nothing in it. */
export function emptyList({ t, h }: Words, { states, portal, event, text, reason }: TroubleQuery): Html {
  const narrow =
    reason !== null || portal !== '' || event !== '' || text !== '' || states.length < TROUBLED.length;
  return html`<div class="empty">
    <p><strong>${t(narrow ? 'events.noneMatches' : 'events.nothingWrong')}</strong></p>
    <p>
      ${
        narrow
          ? h('events.showAll', { link: (inside) => html`<a href="/events">${inside}</a>` })
          : t('events.emptyHelp')
      }
    </p>
    ${
      narrow &&
      html`<p>
        ${h('find.elsewhere', {
          link: (inside) => html`<a href="${findPath({ q: text, portal, event })}">${inside}</a>`,
        })}
      </p>`
    }
  </div>`;
}
