import { html, type Html } from '../html/html.js';

/**
 * A state at a glance.
 * @param term the word that logs and JSON have for it, where the page's language has another
 */
export function badge(tone: string, words: string, term: string | null): Html {
  return html`<span class="badge ${tone}" ${term !== null && html`title="${term}"`}
    ><span class="dot" aria-hidden="true"></span>${words}</span
  >`;
}
