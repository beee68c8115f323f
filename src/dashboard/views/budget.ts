import { type BudgetReport } from '../../bitrix24/rate-budget.js';
import { html, type Html } from '../html/html.js';
import { fact } from './fact.js';
import { type Words } from '../html/words.js';

/** A portal's request budget: what is used, what waits, and what the portal has refused. */
export function budgetSection(
  { t, h, count, rate, ago, exactTime }: Words,
  report: BudgetReport,
  now: number,
): Html {
  const { used, capacity, perSecond, waiting, sent, refused, lastRefusedAt, pausedUntil } = report;
  return html`<section aria-labelledby="budget-title">
    <h2 id="budget-title">${t('budget.title')}</h2>
    <dl class="facts">
      ${fact(t('budget.used'), t('budget.usedOf', { used: count(Math.ceil(used)), capacity: count(Math.floor(capacity)), perSecond: rate(perSecond) }))}
      ${fact(t('budget.waiting'), count(waiting))} ${fact(t('budget.sent'), count(sent))}
      ${fact(
        t('budget.refused'),
        lastRefusedAt === null
          ? count(refused)
          : h('budget.refusedLast', { count: count(refused), when: ago(lastRefusedAt, now) }),
      )}
      ${pausedUntil !== null && fact(t('budget.paused'), exactTime(pausedUntil))}
    </dl>
  </section>`;
}
