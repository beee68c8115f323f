import { type ReasonGroup } from '../../ledger/reason-groups.js';
import { type TroubleQuery, eventsPath } from '../events/trouble-query.js';
import { html, type Html } from '../html/html.js';
import { type Words } from '../html/words.js';

/** Characters of a reason that are read out with its button. */
const NAMED = 80;

/** `customer 42 is unknown`, 31 events, 9 portals: a row and one button each, inside the form of the page. */
export function reasonTable(
  words: Words,
  query: TroubleQuery,
  groups: readonly ReasonGroup[],
  now: number,
): Html {
  const { t, h, count, ago } = words;
  const hidden = (inside: Html) => html`<span class="visually-hidden">${inside}</span>`;
  return html`<table class="cards groups">
    <caption class="visually-hidden">
      ${t('groups.caption')}
    </caption>
    <thead>
      <tr>
        <th scope="col">${t('events.reason')}</th>
        <th scope="col" class="number">${t('groups.events')}</th>
        <th scope="col" class="number">${t('groups.portals')}</th>
        <th scope="col">${t('groups.last')}</th>
        <th scope="col"><span class="visually-hidden">${t('events.actions')}</span></th>
      </tr>
    </thead>
    <tbody>
      ${groups.map(({ reason, events, portals, lastAt }) => {
        const shown = reason ?? t('events.noReason');
        return html`<tr>
          <th scope="row">
            <a href="${eventsPath({ ...query, group: false, reason: reason ?? '' })}"
              ><bdi class="reason">${shown.slice(0, 300)}</bdi></a
            >
          </th>
          <td data-label="${t('groups.events')}" class="number"><span>${count(events)}</span></td>
          <td data-label="${t('groups.portals')}" class="number"><span>${count(portals)}</span></td>
          <td data-label="${t('groups.last')}"><span>${ago(lastAt, now)}</span></td>
          <td class="row-actions">
            <button
              type="submit"
              name="ofReason"
              value="${encodeURIComponent(reason ?? '')}"
              formaction="/events/confirm/retry"
            >
              ${h('groups.retry', { count: count(events), reason: html`<bdi>${shown.slice(0, NAMED)}</bdi>`, hidden })}
            </button>
          </td>
        </tr>`;
      })}
    </tbody>
  </table>`;
}
