import { html, type Html } from '../html/html.js';
import { type Words } from '../html/words.js';

/** An object's name, as a link to it on its portal where that is known. */
export function objectLinkPart({ t }: Words, object: string, link: string | null): Html {
  if (link === null) return html`${object}`;
  return html`<a href="${link}" rel="noopener noreferrer" target="_blank"
    >${object}<span class="visually-hidden"> ${t('event.onPortal')}</span></a
  >`;
}
