import { countedStates } from '../../events/counted-states.js';
import { type ActionName, type Preview } from '../events/event-actions.js';
import { type Choice, queryFields } from '../events/trouble-query.js';
import { html, type Html } from '../html/html.js';
import { type Words } from '../html/words.js';
import { type Snapshot } from '../live/snapshot.js';
import { objectOf } from './events-page.js';
import { type PageContext, page, token } from './layout.js';
import { stateBadge } from './state-badge.js';

/** What is about to be done to how many events. */
interface Question {
  readonly action: ActionName;
  readonly choice: Choice;
  readonly preview: Preview;
  /** Where to go afterwards, and without it. */
  readonly back: string;
}

/** The question before what cannot be taken back, and before what concerns many. */
export function confirmPage(context: PageContext, snapshot: Snapshot, question: Question): Html {
  const { words } = context;
  const { t } = words;
  const { action, choice, preview, back } = question;
  const { possible: count, total } = preview;
  const others = total - count;
  const states = countedStates(preview.counts);
  const deed = t(`confirm.${action}`, { count });
  const fields: [string, string][] =
    'seen' in choice
      ? choice.seen.map(({ seq, state, attempt }) => [
          'seq',
          state === null ? String(seq) : `${seq}.${state}.${attempt}`,
        ])
      : [...queryFields(choice.query), ['scope', 'matching'], ['upTo', String(preview.upToSeq)]];
  return page(context, snapshot, {
    title: `${deed}?`,
    room: 'events',
    still: true,
    body:
      count === 0
        ? html`<h1>${t(action === 'retry' ? 'confirm.nothingToRetry' : 'confirm.nothingToDiscard')}</h1>
            <p>${total === 0 ? t('confirm.nothingChosen') : t('confirm.noneInState', { states })}</p>
            ${preview.changed > 0 && html`<p>${t('done.changed', { count: preview.changed })}</p>`}
            <p><a href="${back}">${t('confirm.back')}</a></p>`
        : html`<h1>${deed}?</h1>
            <p>${t('confirm.chosen', { states })} ${others > 0 && t('confirm.others', { count: others })}</p>
            ${preview.changed > 0 && html`<p>${t('done.changed', { count: preview.changed })}</p>`}
            ${examples(words, snapshot, preview)}
            <p>${t(`confirm.${action}Meaning`)}</p>
            <form method="post" action="/events/${action}" class="buttons">
              ${token(context)}
              ${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
              <input type="hidden" name="back" value="${back}" />
              <button type="submit" class="${action === 'discard' ? 'danger' : 'primary'}">${deed}</button>
              <a class="button" href="${back}">${t('confirm.cancel')}</a>
            </form>`,
  });
}

/** Some of the deliveries, with their reasons. */
function examples(words: Words, { portals }: Snapshot, { some, total }: Preview): Html {
  const nameOf = (memberId: string) =>
    portals.find(({ portal }) => portal.memberId === memberId)?.portal.name ?? memberId;
  return html`<ul class="chosen card">
    ${some.map(
      (record) =>
        html`<li>
          ${stateBadge(words, record.state)}
          ${words.h('confirm.one', {
            event: html`<b>${record.event}</b>`,
            object: objectOf(words, record),
            portal: nameOf(record.member_id),
          })}
          ${record.reason !== null && html`<bdi class="reason">${record.reason.slice(0, 300)}</bdi>`}
        </li>`,
    )}
    ${total > some.length && html`<li class="quiet">${words.t('confirm.more', { count: total - some.length })}</li>`}
  </ul>`;
}
