import { html, type Html } from '../html.js';
import { barePage } from './layout.js';

const WORDS: Readonly<Record<number, readonly [string, string]>> = {
  400: ['That request makes no sense', 'Go back and try again.'],
  403: [
    'Not done',
    'That form was from another session, or too old. Go back, reload the page and try again.',
  ],
  404: [
    'Not here',
    'There is no such page, portal or event. Events are forgotten some time after they were settled.',
  ],
  413: ['Too much at once', 'Choose fewer events, or all that match.'],
  429: ['Too many attempts', 'Wait five minutes, then try again.'],
  503: ['The database does not answer', 'The page works again as soon as it does.'],
};

/** What went wrong with a page, without what only the log may know. */
export function errorPage(assets: string, status: number): Html {
  const [title, words] = WORDS[status] ?? ['Something went wrong', 'The log says what.'];
  return barePage(
    { assets },
    title,
    html`<h1>${title}</h1>
      <p>${words}</p>
      <p><a href="/">To the overview</a></p>`,
  );
}
