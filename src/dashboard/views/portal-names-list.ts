import { html, type Html } from '../html/html.js';
import { type Snapshot } from '../live/snapshot.js';

/** More would make the page heavy; a name that is not offered can be typed. */
const MOST = 500;

/** What a field with `list="portal-names"` offers. */
export function portalNamesList({ portals }: Pick<Snapshot, 'portals'>): Html {
  const names = portals.map((view) => view.portal.name).sort();
  return html`<datalist id="portal-names">
    ${names.slice(0, MOST).map((name) => html`<option value="${name}"></option>`)}
  </datalist>`;
}
