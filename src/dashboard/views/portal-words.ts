import { type PortalState } from '../../database/schema.js';
import { refusingQueue } from '../../events/refusal.js';
import { type Round } from '../../monitoring/activity.js';
import { html, type Html, type Part } from '../html/html.js';
import { type Words } from '../html/words.js';
import { badge } from './badge.js';
import { type PortalView } from '../live/snapshot.js';

const TONES: Readonly<Record<PortalState, string>> = {
  active: 'good',
  unfinished: 'bad',
  unmarkable: 'warn',
  suspended: 'warn',
  unauthorized: 'bad',
  unlicensed: 'warn',
  not_allowed: 'bad',
  uninstalled: 'idle',
};

const FRESH_MS = 30_000;
/** Replicas report every few seconds; one that is late may be gone, or cut off from the database. */
const TOLD_LATELY_MS = 10_000;
/** A count is still worth showing while more keeps coming. */
const COUNT_LASTS_MS = 300_000;

export function stateBadge({ language, t }: Words, state: PortalState): Html {
  return badge(TONES[state], t(`portal.${state}`), language === 'en' ? null : state);
}

/** What waits on the portal, as far as we know without asking it. */
export function queueWords(words: Words, { activity, troubles }: PortalView, now: number): Part {
  const { t, h, count, ago } = words;
  const { queueCount, backlog } = activity;
  const later = backlog !== null && (queueCount === null || backlog.at > queueCount.at) ? backlog : null;
  const seen = (at: number) =>
    html`<br /><span class="quiet">${h('queue.seen', { when: ago(at, now) })}</span>`;
  // Even an old count says more than "there was more to fetch"; that the queue was empty says more than a count.
  if (queueCount !== null && (later === null || (later.more && now - queueCount.at < COUNT_LASTS_MS))) {
    const rows = queueCount.pending + queueCount.marked;
    return html`${rows === 0 ? t('queue.empty') : count(rows)}${seen(queueCount.at)}`;
  }
  if (later === null) return html`<span class="quiet">${t('queue.notSeen')}</span>`;
  // The portal has not been asked for a while: it is in trouble.
  const when = now - later.at > FRESH_MS && seen(later.at);
  if (later.more) return html`${t('queue.more')}${when}`;
  // Marked rows are pending there, too, until they are fetched again.
  const marked = troubles?.marked ?? 0;
  return marked > 0
    ? html`${t('queue.marked', { count: count(marked) })}${when}`
    : html`<span class="quiet">${t('queue.empty')}</span>${when}`;
}

/** Which other replica runs a portal's rounds, or why none does. */
export function elsewhereWords({ t, h }: Words, { portal, owner }: PortalView): Part {
  if (owner !== null) return h('round.elsewhere', { owner: html`<bdi>${owner}</bdi>` });
  return t(portal.state === 'uninstalled' ? 'round.uninstalled' : 'round.nowhere');
}

/** What the last round did. */
export function roundWords(words: Words, view: PortalView, now: number): Html {
  const { t, ago } = words;
  const { here, toldAt } = view;
  const { round } = view.activity;
  const where =
    !here && html`<span class="quiet">${elsewhereWords(words, view)}${agedWords(words, toldAt, now)}</span>`;
  if (!here && (toldAt === null || round === null)) return html`${where}`;
  if (round === null) return html`<span class="quiet">${t('round.noneHere')}</span>`;
  return html`${ago(round.at, now)}<br />
    <span class="quiet"
      >${round.failure === null ? deeds(words, round) : html`<span class="bad-text">${t('round.failed')}</span>`}</span
    >${where && html`<br />${where}`}`;
}

/** The age of another replica's report, where that is late. */
function agedWords({ h, ago }: Words, toldAt: number | null, now: number): Part {
  return (
    toldAt !== null && now - toldAt > TOLD_LATELY_MS && html`, ${h('round.told', { when: ago(toldAt, now) })}`
  );
}

/** `12 reserved, 3 cleared`; `nothing to do`. */
export function deeds({ t, count }: Words, round: Round): string {
  const words = (['reserved', 'adopted', 'errorRows', 'marked', 'cleared'] as const)
    .filter((deed) => round[deed] > 0)
    .map((deed) => t(`round.${deed}`, { count: count(round[deed]) }));
  return words.length === 0 ? t('round.nothing') : words.join(', ');
}

/** Routing keys named in one cell. */
const KEYS_NAMED = 3;

/** Which events a queue refuses, where one does. */
export function refusedWords({ t, h, count }: Words, { portal, refused }: PortalView): Part {
  if (refused.length === 0) return false;
  const named = refused
    .slice(0, KEYS_NAMED)
    .map(({ key, count: events }) => t('refused.by', { count: count(events), queue: refusingQueue(key) }));
  const more = refused.length - KEYS_NAMED;
  return html`<span class="reason"
    >${h('refused.link', {
      link: (inside) => html`<a href="/events?state=refused&portal=${portal.name}">${inside}</a>`,
      named: html`<bdi>${named.join(', ')}</bdi>`,
    })}${more > 0 && ` ${t('refused.more', { count: more })}`}</span
  >`;
}
