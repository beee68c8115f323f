import { html, type Html } from '../html/html.js';
import { type Snapshot } from '../live/snapshot.js';
import { type PageContext, page } from './layout.js';

/** In the place of a page that cannot be shown without the database. The page's script looks for it again. */
export function unavailablePage(context: PageContext, snapshot: Snapshot): Html {
  const { t } = context.words;
  return page(context, snapshot, {
    title: t('error.503'),
    room: 'overview',
    body: html`<h1>${t('error.503')}</h1>
      <p data-unavailable>${t('trouble.unavailable')}</p>
      <p><a href="/">${t('error.toOverview')}</a></p>`,
  });
}
