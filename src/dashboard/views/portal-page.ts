import { ADVICE } from '../../drain/pacing.js';
import { html, type Html, type Part } from '../html.js';
import { type PortalView, type Snapshot } from '../snapshot.js';
import { chart } from './chart.js';
import { count, duration, moment, rate } from './format.js';
import { type Frame, page, token } from './layout.js';
import { deeds, elsewhereWords, stateBadge } from './portal-words.js';

/** `/portals/<name>`: one portal from close by. */
export function portalPage(frame: Frame, snapshot: Snapshot, view: PortalView): Html {
  const { portal, here, owner, toldAt, activity, troubles } = view;
  const { at } = snapshot;
  const known = here || toldAt !== null;
  const { round, sight } = activity;
  const fact = (name: string, value: Part) =>
    html`<div>
      <dt>${name}</dt>
      <dd>${value}</dd>
    </div>`;
  const link = (state: string, value: number | undefined): Part =>
    troubles === null
      ? count(null)
      : html`<a href="/events?state=${state}&portal=${portal.name}">${count(value ?? 0)}</a>`;
  const advice = ADVICE[portal.state];
  return page(frame, snapshot, {
    title: portal.name,
    room: 'overview',
    body: html`<nav aria-label="Breadcrumb" class="crumbs"><a href="/">Overview</a></nav>
      <h1>${portal.name} <span class="quiet">${portal.domain}</span></h1>
      <div id="portal" data-live data-summary="${portal.name} is ${portal.state}">
        <p class="lead">${stateBadge(portal.state)} <span>since ${moment(portal.stateSince, at)}</span></p>
        ${portal.stateReason !== null && html`<blockquote class="reason-box"><bdi>${portal.stateReason}</bdi></blockquote>`}
        ${advice !== undefined && html`<p>What helps: ${advice}.</p>`}
        ${
          !here &&
          html`<p class="banner">
            Rounds: ${elsewhereWords(view)}.
            ${
              owner !== null &&
              (toldAt === null
                ? 'It has not told of its rate, lag and last round.'
                : html`Chart, rates, lag and last round are what it told ${moment(toldAt, at)}.`)
            }
            ${owner !== null && 'A replica is named after its host: that is whose dashboard and log to open for more.'}
          </p>`
        }
        ${known && activity.samples.length > 0 && chart(activity.samples, portal.name)}
        <div class="columns">
          <section aria-labelledby="now-title">
            <h2 id="now-title">Now</h2>
            <dl class="facts">
              ${fact('Published a second', rate(view.rate))}
              ${fact('Failed a second', rate(view.failureRate))}
              ${fact('Lag, worst of the last minute', view.lagMs !== null ? duration(view.lagMs) : known ? 'nothing was published' : count(null))}
              ${fact('In flight', count(view.inFlight))} ${fact('Failed', link('failed', troubles?.failed))}
              ${fact('Marked on the portal', link('marked', troubles?.marked))}
              ${fact('Waiting for a retry', link('waiting', troubles?.waiting))}
              ${fact('Dead', link('dead', troubles?.dead))}
            </dl>
          </section>
          <section aria-labelledby="round-title">
            <h2 id="round-title">Last round</h2>
            ${
              round === null
                ? html`<p class="quiet">
                    ${toldAt === null ? 'None seen by this process yet.' : 'None yet.'}
                  </p>`
                : html`<dl class="facts">
                    ${fact('When', moment(round.at, at))}
                    ${fact('Did', round.failure === null ? deeds(round) : html`<bdi class="bad-text">${round.failure}</bdi>`)}
                    ${fact('More events waited', round.more === null ? 'it did not ask' : round.more ? 'yes' : 'no')}
                    ${fact('Plan', portal.extended === null ? 'not asked yet' : portal.extended ? 'reservations' : 'no reservations: journal first')}
                  </dl>`
            }
          </section>
          <section aria-labelledby="queue-title">
            <h2 id="queue-title">Queue on the portal</h2>
            ${
              sight === null
                ? html`<p class="quiet">
                    Nobody has counted it yet. Counting costs one request of the portal's budget.
                  </p>`
                : html`<dl class="facts">
                    ${fact('Counted', moment(sight.at, at))} ${fact('Not yet fetched', count(sight.pending))}
                    ${fact('Marked, to be fetched again', count(sight.marked))}
                    ${fact('Held for us', count(sight.held))}
                  </dl>`
            }
            <form method="post" action="/portals/${encodeURIComponent(portal.name)}/look">
              ${token(frame)}
              <button type="submit" ${!here && html`disabled`}>Count it now</button>
            </form>
          </section>
        </div>
      </div>`,
  });
}
