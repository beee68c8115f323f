import { progressOf } from '../../ledger/snapshots/snapshot-progress.js';
import { conditionsOf, type SnapshotRecord } from '../../ledger/snapshots/snapshot-record.js';
import { STEERED, type Steering } from '../../ledger/snapshots/steer-snapshot.js';
import { RUNNING_STATES } from '../../database/schema.js';
import { type Portal } from '../../portals/portal-record.js';
import { html, type Html, type Part } from '../html/html.js';
import { type Words } from '../html/words.js';
import { type Snapshot } from '../live/snapshot.js';
import { badge } from './badge.js';
import { type PageContext, page, token } from './layout.js';

const STEERINGS: readonly Steering[] = ['pause', 'resume', 'cancel'];
/** Of longer ones only the beginning is shown. */
const SHOWN = 300;

/** On a portal's page: the way to its snapshots. */
export function snapshotsLink({ t }: Words, portal: Portal): Part {
  if (portal.state === 'uninstalled') return null;
  return html`<section aria-labelledby="snapshots-title">
    <h2 id="snapshots-title">${t('snapshots.heading')}</h2>
    <a class="button" href="${pathOf(portal)}">${t('snapshots.open')}</a>
  </section>`;
}

/** `/portals/<name>/snapshots`: those that there are, how far they are, and the start of another one. */
export function snapshotsPage(
  context: PageContext,
  snapshot: Snapshot,
  portal: Portal,
  snapshots: readonly SnapshotRecord[],
): Html {
  const { words } = context;
  const { t, h } = words;
  const title = t('snapshots.title', { portal: portal.name });
  return page(context, snapshot, {
    title,
    room: 'overview',
    body: html`<nav aria-label="${t('layout.breadcrumb')}" class="crumbs">
        <a href="/">${t('layout.overview')}</a>
        <a href="/portals/${encodeURIComponent(portal.name)}">${portal.name}</a>
      </nav>
      <h1>${title}</h1>
      <p>${h('snapshots.what', { key: () => html`<code>${portal.name}.crm.deal.snapshot</code>` })}</p>
      <div id="snapshots" data-live>
        ${
          snapshots.length === 0
            ? html`<p class="quiet">${t('snapshots.none')}</p>`
            : html`<ul class="tasks card">
                ${snapshots.map((one) => item(context, portal, one, snapshot.at))}
              </ul>`
        }
      </div>
      <section aria-labelledby="start-title">
        <h2 id="start-title">${t('snapshots.start')}</h2>
        <form method="post" action="${pathOf(portal)}" class="fields">
          ${token(context)}
          <label>${t('snapshots.types')} <input type="text" name="types" maxlength="2000" required /></label>
          <label>${t('snapshots.only')} <input type="text" name="filter" maxlength="2000" /></label>
          <label>${t('snapshots.as')} <input type="text" name="key" maxlength="200" /></label>
          <div><button type="submit" class="primary">${t('snapshots.start')}</button></div>
        </form>
      </section>`,
  });
}

function item(context: PageContext, portal: Portal, snapshot: SnapshotRecord, now: number): Html {
  const { words } = context;
  const { t, h, ago } = words;
  const { no, state, types, routingKey, reason } = snapshot;
  const { fraction } = progressOf(snapshot, now);
  // Without a value it moves: only what runs may.
  const shown = fraction ?? (state === 'running' ? null : 0);
  const title = t('snapshots.one', { no });
  const conditions = conditionsOf(snapshot);
  return html`<li id="snapshot-${no}">
    <div>
      <b>${title}</b> ${stateOf(words, state)}
      <span class="quiet"
        >${h('snapshots.by', { name: html`<bdi>${snapshot.askedBy}</bdi>`, when: ago(snapshot.createdAt, now) })}</span
      >
      ${types.map(
        ({ name, afterId, maxId, superseded }) =>
          html`<div class="quiet">
            ${name}${maxId !== null && html`: ${t('snapshots.type', { after: afterId, max: maxId })}`}${superseded > 0 && html`, ${t('snapshots.superseded', { count: superseded })}`}
          </div>`,
      )}
      ${conditions.length > 0 && html`<div class="quiet">${h('snapshots.filter', { conditions: html`<bdi>${conditions.join(', ').slice(0, SHOWN)}</bdi>` })}</div>`}
      ${routingKey !== null && html`<div class="quiet">${h('snapshots.key', { key: html`<bdi>${routingKey}</bdi>` })}</div>`}
      ${reason !== null && html`<bdi class="reason">${reason.slice(0, SHOWN)}</bdi>`}
    </div>
    <div>
      <progress max="1" ${shown !== null && html`value="${shown}"`} aria-label="${title}"></progress>
      <span>${progressWords(words, portal, snapshot, now)}</span>
    </div>
    <div class="buttons">
      ${STEERINGS.filter((steering) => (STEERED[steering].from as readonly string[]).includes(state)).map(
        (steering) =>
          html`<form method="post" action="${pathOf(portal)}/${no}/${steering}">
            ${token(context)}
            <button type="submit">
              ${t(`snapshots.${steering}`)}<span class="visually-hidden"> ${title}</span>
            </button>
          </form>`,
      )}
    </div>
  </li>`;
}

function stateOf({ t }: Words, state: SnapshotRecord['state']): Html {
  const kind = { running: 'ok', completed: 'ok', paused: 'warn', cancelled: 'off', failed: 'bad' } as const;
  return badge(kind[state], t(`snapshots.${state}`), null);
}

function progressWords(words: Words, portal: Portal, snapshot: SnapshotRecord, now: number): Part {
  const { t, duration } = words;
  const { state } = snapshot;
  const { fraction, objects, expected, ranMs, remainingMs } = progressOf(snapshot, now);
  const isHeld = portal.paused !== null || !RUNNING_STATES.has(portal.state);
  if (state === 'running' && isHeld) return t('snapshots.waits');
  if (fraction === null) return state === 'running' ? t('snapshots.notBegun') : '';
  const parts = [`${Math.floor(fraction * 1000) / 10} %`, t('snapshots.objects', { count: objects })];
  if (state === 'running') {
    if (expected !== null) parts.push(t('snapshots.expected', { count: expected }));
    if (remainingMs !== null) parts.push(t('snapshots.left', { duration: duration(remainingMs) }));
  } else if (state === 'completed') parts.push(t('snapshots.took', { duration: duration(ranMs) }));
  return parts.join(', ');
}

function pathOf({ name }: Portal): string {
  return `/portals/${encodeURIComponent(name)}/snapshots`;
}
