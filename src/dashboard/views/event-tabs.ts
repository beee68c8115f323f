import { html, type Html } from '../html/html.js';
import { type Words } from '../html/words.js';
import { FIND_PATH } from '../events/find-query.js';

/** From what wants to be looked at to all events, and back. */
export function eventTabs({ t }: Words, present: 'troubled' | 'all'): Html {
  const link = (name: typeof present, path: string) =>
    html`<a href="${path}" ${name === present && html`aria-current="page"`}>${t(`find.${name}`)}</a>`;
  return html`<nav class="tabs" aria-label="${t('find.tabs')}">
    ${link('troubled', '/events')} ${link('all', FIND_PATH)}
  </nav>`;
}
