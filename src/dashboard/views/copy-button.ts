import { html, type Html } from '../html/html.js';
import { type Words } from '../html/words.js';

/**
 * A button that copies, shown where scripts run.
 * @param what what is copied, for those who do not see where the button stands
 * @param from the text, or the id of the element that shows it
 */
export function copyButton({ t }: Words, what: string, from: { text: string } | { element: string }): Html {
  const name = t('layout.copy', { what });
  const source = 'text' in from ? html`data-copy="${from.text}"` : html`data-copy-from="${from.element}"`;
  return html`<button
    type="button"
    class="copy"
    title="${name}"
    data-name="${name}"
    data-copied="${t('layout.copied')}"
    data-not-copied="${t('layout.notCopied')}"
    ${source}
  >
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <path d="M5 5V2h9v9h-3M2 5h9v9H2z" /></svg
    ><span class="visually-hidden" data-label>${name}</span>
  </button>`;
}
