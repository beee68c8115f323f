import { shownAddress } from '../../bitrix24/portal-address.js';
import { ADVICE } from '../../drain/pacing/pacing.js';
import { REFUSED_ADVICE } from '../../events/refusal.js';
import { SHARED_ADVICE, sharedLately } from '../../portals/shared-queue.js';
import { nameOfKey } from '../../portals/source-keys.js';
import { html, type Html, type Part } from '../html/html.js';
import { fact } from './fact.js';
import { type PortalView, type Snapshot } from '../live/snapshot.js';
import { type BudgetReport } from '../../bitrix24/rate-budget.js';
import { type Past, type Reach } from '../../monitoring/long-past.js';
import { budgetSection } from './budget.js';
import { chart } from './chart.js';
import { pastCharts, reachLinks } from './past-chart.js';
import { type PageContext, page, token } from './layout.js';
import { pauseBanner, pauseButtons, pausedBadge } from './pause-page.js';
import { snapshotsLink } from './snapshots-page.js';
import { deeds, elsewhereWords, refusedWords, stateBadge } from './portal-words.js';

/** What only the process knows that runs a portal's rounds. */
export interface PortalFigures {
  /** How far back the chart goes. */
  readonly reach: Reach;
  readonly past: Past;
  /** Undefined where another process calls the portal. */
  readonly budget: BudgetReport | undefined;
  /** Whether its objects are compared with its events. */
  readonly reconciled: boolean;
}

/** `/portals/<name>`: one portal in detail. */
export function portalPage(
  context: PageContext,
  snapshot: Snapshot,
  view: PortalView,
  { reach, past, budget, reconciled }: PortalFigures,
): Html {
  const { words } = context;
  const { t, h, say, count, rate, duration, ago } = words;
  const { portal, here, owner, toldAt, activity, troubles } = view;
  const { at } = snapshot;
  const known = here || toldAt !== null;
  const { round, queueCount, tookMs } = activity;
  const link = (state: string, value: number | undefined): Part =>
    troubles === null
      ? count(null)
      : html`<a href="/events?state=${state}&portal=${portal.name}">${count(value ?? 0)}</a>`;
  const advice = ADVICE[portal.state];
  const path = `/portals/${encodeURIComponent(portal.name)}`;
  return page(context, snapshot, {
    title: portal.name,
    room: 'overview',
    body: html`<nav aria-label="${t('layout.breadcrumb')}" class="crumbs">
        <a href="/">${t('layout.overview')}</a>
      </nav>
      <h1>${portal.name} <span class="quiet">${shownAddress(portal.clientEndpoint)}</span></h1>
      <div
        id="portal"
        data-live
        data-summary="${t('portal.is', { name: portal.name, state: t(`portal.${portal.state}`) })}${portal.paused !== null && `, ${t('pause.badge')}`}"
      >
        <p class="lead">
          ${stateBadge(words, portal.state)}${pausedBadge(words, portal)}
          <span>${h('portal.since', { when: ago(portal.stateSince, at) })}</span>
        </p>
        ${portal.stateReason !== null && html`<blockquote class="reason-box"><bdi>${portal.stateReason}</bdi></blockquote>`}
        ${pauseBanner(words, portal, at)}
        ${portal.formerName !== null && html`<p class="banner">${t('portal.formerName', { former: portal.formerName, name: portal.name })}</p>`}
        ${advice !== null && html`<p>${t('portal.helps', { advice })}</p>`}
        ${
          sharedLately(portal, at) &&
          html`<p class="banner">
            ${h('portal.shared', { when: ago(portal.sharedSeenAt ?? at, at), advice: SHARED_ADVICE })}
          </p>`
        }
        ${
          portal.sourceKeys.former.length > 0 &&
          html`<p class="banner">
            ${h('portal.formerKeys', { keys: html`<bdi>${portal.sourceKeys.former.map((key) => say(nameOfKey(key))).join(', ')}</bdi>` })}
          </p>`
        }
        ${
          portal.marksFailingSince !== null &&
          portal.state !== 'unmarkable' &&
          html`<p>
            ${h('portal.marksFailing', { when: ago(portal.marksFailingSince, at), advice: ADVICE.unmarkable })}
          </p>`
        }
        ${
          portal.installRefused !== null &&
          html`<p class="banner">
            ${h('portal.installRefused', {
              when: ago(portal.installRefused.at, at),
              reason: html`<bdi>${portal.installRefused.reason}</bdi>`,
            })}
          </p>`
        }
        ${
          view.refused.length > 0 &&
          html`<p class="banner">
            ${h('portal.refused', { refused: html`${refusedWords(words, view)}`, advice: REFUSED_ADVICE })}
          </p>`
        }
        ${
          !here &&
          html`<p class="banner">
            ${h('portal.rounds', { where: html`${elsewhereWords(words, view)}` })}
            ${
              owner !== null &&
              (toldAt === null ? t('portal.notTold') : h('portal.told', { when: ago(toldAt, at) }))
            }
            ${owner !== null && t('portal.otherReplica')}
          </p>`
        }
        ${here && reachLinks(words, (one) => `${path}${one === 'minutes' ? '' : `?span=${one}`}`, reach)}
        ${
          here && reach !== 'minutes'
            ? pastCharts(words, past, reach, portal.name)
            : known && activity.samples.length > 0 && chart(words, activity.samples, portal.name)
        }
        <div class="columns">
          <section aria-labelledby="now-title">
            <h2 id="now-title">${t('portal.now')}</h2>
            <dl class="facts">
              ${fact(t('portal.publishedRate'), rate(view.rate))}
              ${fact(t('portal.failedRate'), rate(view.failureRate))}
              ${fact(t('portal.lag'), view.lagMs !== null ? duration(view.lagMs) : known ? t('portal.nothingPublished') : count(null))}
              ${fact(t('portal.flight'), count(view.inFlight))}
              ${fact(t('portal.failed'), link('failed', troubles?.failed))}
              ${fact(t('portal.marked'), link('marked', troubles?.marked))}
              ${fact(t('portal.waiting'), link('waiting', troubles?.waiting))}
              ${fact(t('portal.refusedByQueue'), link('refused', troubles?.refused))}
              ${fact(t('portal.dead'), link('dead', troubles?.dead))}
            </dl>
          </section>
          <section aria-labelledby="round-title">
            <h2 id="round-title">${t('portal.lastRound')}</h2>
            ${
              round === null
                ? html`<p class="quiet">${t(toldAt === null ? 'portal.noRoundSeen' : 'portal.noRound')}</p>`
                : html`<dl class="facts">
                    ${fact(t('portal.when'), ago(round.at, at))}
                    ${fact(t('portal.did'), round.failure === null ? deeds(words, round) : html`<bdi class="bad-text">${round.failure}</bdi>`)}
                    ${fact(t('portal.took'), tookMs === null ? count(null) : duration(tookMs))}
                    ${fact(t('portal.moreWaited'), round.more === null ? t('portal.notAsked') : t(round.more ? 'portal.yes' : 'portal.no'))}
                    ${fact(t('portal.server'), portal.authorizationServer ?? t('portal.serverUnknown'))}
                    ${fact(t('portal.plan'), portal.extended === null ? t('portal.planNotAsked') : t(portal.extended ? 'portal.planReservations' : 'portal.planJournal'))}
                  </dl>`
            }
          </section>
          ${budget !== undefined && budgetSection(words, budget, at)}
          <section aria-labelledby="queue-title">
            <h2 id="queue-title">${t('portal.queue')}</h2>
            ${
              queueCount === null
                ? html`<p class="quiet">${t('portal.notCounted')}</p>`
                : html`<dl class="facts">
                    ${fact(t('portal.counted'), ago(queueCount.at, at))}
                    ${fact(t('portal.pending'), count(queueCount.pending))}
                    ${fact(t('portal.toFetchAgain'), count(queueCount.marked))}
                    ${fact(t('portal.held'), count(queueCount.held))}
                  </dl>`
            }
            <form method="post" action="${path}/look">
              ${token(context)}
              <button type="submit" ${!here && html`disabled`}>${t('portal.countNow')}</button>
            </form>
          </section>
        </div>
        ${reconciled && html`<p><a href="${path}/missed">${t('missed.heading')}</a></p>`}
        ${snapshotsLink(words, portal)} ${pauseButtons(context, portal)}
      </div>`,
  });
}
