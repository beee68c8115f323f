import { type PortalState } from '../../database/schema.js';
import { type Round } from '../../monitoring/activity.js';
import { html, type Html, type Part } from '../html.js';
import { type PortalView } from '../snapshot.js';
import { count, moment } from './format.js';

const TONES: Readonly<Record<PortalState, string>> = {
  active: 'good',
  suspended: 'warn',
  unauthorized: 'bad',
  unlicensed: 'warn',
  uninstalled: 'idle',
};

const FRESH_MS = 30_000;
/** Replicas tell every few seconds; one that is late may be gone, or cut off from the database. */
const TOLD_LATELY_MS = 10_000;
/** A count is still worth showing while more keeps coming. */
const COUNT_LASTS_MS = 300_000;

export function stateBadge(state: PortalState): Html {
  return html`<span class="badge ${TONES[state]}"
    ><span class="dot" aria-hidden="true"></span>${state}</span
  >`;
}

/** What waits on the portal, as far as we know without asking it. */
export function queueWords({ activity, troubles }: PortalView, now: number): Part {
  const { sight, backlog } = activity;
  const later = backlog !== null && (sight === null || backlog.at > sight.at) ? backlog : null;
  // That more waited says less than a count did, however old, and an empty queue says more.
  if (sight !== null && (later === null || (later.more && now - sight.at < COUNT_LASTS_MS))) {
    const rows = sight.pending + sight.marked;
    return html`${rows === 0 ? 'empty' : count(rows)}<br /><span class="quiet"
        >seen ${moment(sight.at, now)}</span
      >`;
  }
  if (later === null) return html`<span class="quiet">not seen here yet</span>`;
  // Nobody has asked for a while: the portal is in trouble.
  const when =
    now - later.at > FRESH_MS && html`<br /><span class="quiet">seen ${moment(later.at, now)}</span>`;
  if (later.more) return html`more waits${when}`;
  // Marked rows are pending there, too, until they are fetched again.
  const marked = troubles?.marked ?? 0;
  return marked > 0 ? html`${count(marked)} marked${when}` : html`<span class="quiet">empty</span>${when}`;
}

/** Where the rounds of a portal run that run elsewhere, or why they run nowhere. */
export function elsewhereWords({ portal, owner }: PortalView): Part {
  if (owner !== null) return html`on replica <bdi>${owner}</bdi>`;
  if (portal.state === 'uninstalled') return 'none: it is uninstalled';
  return 'no replica has it at present';
}

/** What the last round did. */
export function roundWords(view: PortalView, now: number): Html {
  const { here, toldAt } = view;
  const { round } = view.activity;
  const where = !here && html`<span class="quiet">${elsewhereWords(view)}${agedWords(toldAt, now)}</span>`;
  if (!here && (toldAt === null || round === null)) return html`${where}`;
  if (round === null) return html`<span class="quiet">none here yet</span>`;
  return html`${moment(round.at, now)}<br />
    <span class="quiet"
      >${round.failure === null ? deeds(round) : html`<span class="bad-text">failed</span>`}</span
    >${where && html`<br />${where}`}`;
}

/** How old what another replica told is, where that matters. */
function agedWords(toldAt: number | null, now: number): Part {
  return toldAt !== null && now - toldAt > TOLD_LATELY_MS && html`, told ${moment(toldAt, now)}`;
}

/** `12 reserved, 3 cleared`; `nothing to do`. */
export function deeds(round: Round): string {
  const words = (['reserved', 'adopted', 'errorRows', 'marked', 'cleared'] as const)
    .filter((deed) => round[deed] > 0)
    .map((deed) => `${count(round[deed])} ${deed === 'errorRows' ? 'fetched again' : deed}`);
  return words.length === 0 ? 'nothing to do' : words.join(', ');
}
