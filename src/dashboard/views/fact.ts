import { html, type Html, type Part } from '../html/html.js';
import { type Words } from '../html/words.js';
import { copyButton } from './copy-button.js';

/** One line of a list of facts (`<dl>`). */
export function fact(name: string, value: Part): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

/** A line whose value somebody may want to copy. */
export function copiedFact(words: Words, name: string, text: string): Html {
  return fact(name, html`<code>${text}</code> ${copyButton(words, name, { text })}`);
}
