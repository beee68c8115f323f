import { type TopologyNames } from '../../broker/topology.js';
import { type UnroutedReport } from '../../broker/unrouted-keys.js';
import { type Rejection } from '../../monitoring/activity.js';
import { html, type Html, type Part } from '../html/html.js';
import { type Words } from '../html/words.js';
import { type Snapshot } from '../live/snapshot.js';
import { conditionName, type PageContext, page } from './layout.js';
import { lookButton } from './republish-page.js';
import { reasonIn } from './trouble-banner.js';

/** `/queues`: what lies on the broker for people to see, and whether broker and database can be reached. */
export function queuesPage(
  context: PageContext,
  snapshot: Snapshot,
  names: TopologyNames,
  unrouted: UnroutedReport,
  rejections: readonly Rejection[],
): Html {
  const { words } = context;
  const { t, h, count } = words;
  const { conditions, depths, at } = snapshot;
  const queue = (id: keyof typeof depths, name: string, meaning: Part, more: Part = null) =>
    html`<section
      id="${id}"
      class="card ${id !== 'replies' && (depths[id] ?? 0) > 0 ? 'attention' : ''}"
      aria-labelledby="${id}-title"
    >
      <h3 id="${id}-title">${name} <span class="figure">${count(depths[id])}</span></h3>
      <p class="quiet"><code>${names[id]}</code></p>
      <p>${meaning}</p>
      ${more}
    </section>`;
  return page(context, snapshot, {
    title: t('queues.title'),
    room: 'queues',
    body: html`<h1>${t('queues.title')}</h1>
      <section aria-labelledby="health-title">
        <h2 id="health-title">${t('queues.health')}</h2>
        <ul
          id="conditions"
          class="conditions"
          data-live
          data-summary="${conditions.map(({ name, up }) => `${conditionName(words, name)} ${t(up ? 'layout.up' : 'layout.down')}`).join(', ')}"
        >
          ${conditions.map(
            ({ name, up, reason, said }) =>
              html`<li class="card ${up ? '' : 'attention'}">
                <h3>
                  ${conditionName(words, name)}
                  <span class="badge ${up ? 'good' : 'bad'}"
                    ><span class="dot" aria-hidden="true"></span>${t(up ? 'layout.up' : 'layout.down')}</span
                  >
                </h3>
                ${!up && html`<p><bdi>${reasonIn(words, { up, reason, said })}</bdi></p>`}
              </li>`,
          )}
        </ul>
      </section>
      <section aria-labelledby="queues-title">
        <h2 id="queues-title">${t('queues.queues')}</h2>
        <div id="queues" class="cards-grid" data-live>
          ${queue(
            'unrouted',
            t('queues.unrouted'),
            t('queues.unroutedMeaning'),
            html`${keyList(words, unrouted, at)}${lookButton(context, 'unrouted')}`,
          )}
          ${queue(
            'rejected',
            t('queues.rejected'),
            t('queues.rejectedMeaning'),
            rejectionList(words, rejections, at),
          )}
          ${queue(
            'dead',
            t('queues.dead'),
            h('queues.deadMeaning', { link: (inside) => html`<a href="/events?state=dead">${inside}</a>` }),
            lookButton(context, 'dead'),
          )}
          ${queue('replies', t('queues.replies'), t('queues.repliesMeaning'))}
        </div>
      </section>`,
  });
}

/** Entries shown of a list. */
const KEYS_SHOWN = 20;

function keyList({ t, h, count, ago }: Words, { keys, blind }: UnroutedReport, now: number): Part {
  const more = keys.length - KEYS_SHOWN;
  return html`${
    keys.length === 0
      ? html`<p class="quiet">${t('queues.noKeys')}</p>`
      : html`<h4>${t('queues.keys')}</h4>
          <ul class="keys">
            ${keys.slice(0, KEYS_SHOWN).map(
              ({ key, count: events, lastAt }) =>
                html`<li>
                  <code>${key}</code>
                  <span
                    ><b>${count(events)}</b>
                    <span class="quiet">${h('queues.last', { when: ago(lastAt, now) })}</span></span
                  >
                </li>`,
            )}
          </ul>
          <p class="quiet">${more > 0 && t('queues.moreKeys', { count: more })} ${t('queues.sinceStart')}</p>`
  }${blind !== null && html`<p class="quiet">${h('queues.blind', { reason: html`<bdi>${blind}</bdi>` })}</p>`}`;
}

function rejectionList({ t, ago }: Words, rejections: readonly Rejection[], now: number): Part {
  if (rejections.length === 0) return html`<p class="quiet">${t('queues.noRejections')}</p>`;
  return html`<h4>${t('queues.lastRejections')}</h4>
    <ul class="rejections">
      ${rejections.map(
        ({ at, reason, excerpt }) =>
          html`<li>
            ${ago(at, now)} <bdi class="reason">${reason}</bdi>
            <code class="excerpt"><bdi>${excerpt}</bdi></code>
          </li>`,
      )}
    </ul>`;
}
