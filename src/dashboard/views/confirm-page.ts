import { type ActionName, type Preview } from '../event-actions.js';
import { type Choice, queryFields } from '../event-query.js';
import { html, type Html } from '../html.js';
import { type Snapshot } from '../snapshot.js';
import { count, counted } from './format.js';
import { deliveryBadge, objectOf } from './events-page.js';
import { type Frame, page, token } from './layout.js';

/** What is about to be done to how many events. */
export interface Question {
  readonly action: ActionName;
  readonly choice: Choice;
  readonly preview: Preview;
  /** Where to go afterwards, and without it. */
  readonly back: string;
}

const MEANING: Readonly<Record<ActionName, string>> = {
  retry:
    'Delivered to consumers again at once, under the same event id. What is dead begins a new series of attempts.',
  discard:
    'Given up for good: counts as processed, is cleared from the portal, and no consumer sees it again.',
};

/** The question before what cannot be taken back, and before what concerns many. */
export function confirmPage(frame: Frame, snapshot: Snapshot, question: Question): Html {
  const { action, choice, preview, back } = question;
  const verb = action === 'retry' ? 'Retry' : 'Discard';
  const others = preview.total - preview.possible;
  const states = Object.entries(preview.counts).map(([state, number]) => `${count(number)} ${state}`);
  const fields: [string, string][] =
    'seqs' in choice
      ? choice.seqs.map((seq) => ['seq', String(seq)])
      : [...queryFields(choice.query), ['scope', 'matching'], ['upTo', String(preview.upToSeq)]];
  return page(frame, snapshot, {
    title: `${verb} ${counted(preview.possible, 'event')}?`,
    room: 'events',
    still: true,
    body:
      preview.possible === 0
        ? html`<h1>Nothing to ${action}</h1>
            <p>
              ${
                preview.total === 0
                  ? 'Nothing was chosen, or it has gone on meanwhile.'
                  : `Of what was chosen (${states.join(', ')}) nothing is in a state for that.`
              }
            </p>
            <p><a href="${back}">Back</a></p>`
        : html`<h1>${verb} ${counted(preview.possible, 'event')}?</h1>
            <p>
              Chosen: ${states.join(', ')}.
              ${others > 0 && html`${counted(others, 'event')} of them in another state ${others === 1 ? 'is' : 'are'} left alone.`}
            </p>
            ${examples(snapshot, preview)}
            <p>${MEANING[action]}</p>
            <form method="post" action="/events/${action}" class="buttons">
              ${token(frame)}
              ${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
              <input type="hidden" name="back" value="${back}" />
              <button type="submit" class="${action === 'discard' ? 'danger' : 'primary'}">
                ${verb} ${counted(preview.possible, 'event')}
              </button>
              <a class="button" href="${back}">Cancel</a>
            </form>`,
  });
}

/** Which ones, as far as there is room: the reason tells most. */
function examples({ portals }: Snapshot, { some, total }: Preview): Html {
  const nameOf = (memberId: string) =>
    portals.find(({ portal }) => portal.memberId === memberId)?.portal.name ?? memberId;
  return html`<ul class="chosen card">
    ${some.map(
      (record) =>
        html`<li>
          ${deliveryBadge(record.state)} <b>${record.event}</b> ${objectOf(record)} of
          ${nameOf(record.member_id)}
          ${record.reason !== null && html`<bdi class="reason">${record.reason.slice(0, 300)}</bdi>`}
        </li>`,
    )}
    ${total > some.length && html`<li class="quiet">and ${counted(total - some.length, 'other')}</li>`}
  </ul>`;
}
