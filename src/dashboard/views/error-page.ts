import { html, type Html } from '../html/html.js';
import { type Words } from '../html/words.js';
import { barePage } from './layout.js';

const KNOWN = [400, 403, 404, 413, 429, 503] as const;

/** A page that says what went wrong; details stay in the log. */
export function errorPage(assets: string, words: Words, status: number): Html {
  const { t } = words;
  const name = KNOWN.find((known) => known === status) ?? 'other';
  const title = t(`error.${name}`);
  return barePage(
    { assets, words },
    title,
    html`<h1>${title}</h1>
      <p>${t(`error.${name}.words`)}</p>
      <p><a href="/">${t('error.toOverview')}</a></p>`,
  );
}
