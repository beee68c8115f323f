import { withoutControls } from '../../logging/printable.js';

/** Markup that is safe to send as it is. Made by {@link html} only. */
export class Html {
  constructor(readonly text: string) {}
}

/** What may stand in a template: markup as it is, everything else as text; nothing for null, undefined and false. */
export type Part = Html | string | number | null | undefined | false | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * A template whose every value is escaped, for elements' content and for attributes in quotes, and shows the control
 * characters in it. Reasons and bodies of events are written by strangers: there is no way around it but {@link Html}.
 */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = texts[0] ?? '';
  parts.forEach((part, index) => {
    text += write(part) + (texts[index + 1] ?? '');
  });
  return new Html(text);
}

function write(part: Part): string {
  if (part instanceof Html) return part.text;
  if (part === null || part === undefined || part === false) return '';
  if (typeof part === 'string' || typeof part === 'number') return escape(String(part));
  return part.map(write).join('');
}

function escape(text: string): string {
  return withoutControls(text, '\t\n').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
