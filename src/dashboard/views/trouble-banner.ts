import { html, type Html, type Part } from '../html/html.js';
import { type Words } from '../html/words.js';
import { type Condition, type Snapshot } from '../live/snapshot.js';

/** What the bridge cannot work without. */
export const DEPENDENCIES = ['broker', 'database'] as const;

export type Dependency = (typeof DEPENDENCIES)[number];

/** What cannot be used at present. That the ledger cannot be read says so of the database, too. */
export function troubles({ conditions, ledgerFailure }: Snapshot): (Condition & { name: Dependency })[] {
  return DEPENDENCIES.flatMap((name) => {
    const condition = conditions.find((one) => one.name === name);
    if (condition?.up === false) return [{ ...condition, name }];
    if (name === 'database' && ledgerFailure !== null)
      return [{ name, up: false, reason: ledgerFailure, since: null }];
    return [];
  });
}

/** Why it cannot be used, in the reader's language where it is our own text; null while it can. */
export function reasonIn(
  { language }: Words,
  { up, reason, said }: Pick<Condition, 'up' | 'reason' | 'said'>,
): string | null {
  return up ? null : (said?.in(language) ?? reason);
}

/** Over everything, while the broker or the database is away: why, since when, and what happens meanwhile. */
export function troubleBanner(words: Words, snapshot: Snapshot): Html {
  const down = troubles(snapshot);
  const { t } = words;
  const summary = down.map((condition) =>
    t('trouble.summary', {
      what: t(`trouble.${condition.name}`),
      reason: reasonIn(words, condition) ?? '',
    }),
  );
  return html`<div id="trouble" class="trouble" data-live data-summary="${summary.join('. ')}">
    ${down.map((condition) => banner(words, snapshot, condition))}
  </div>`;
}

function banner(words: Words, snapshot: Snapshot, condition: Condition & { name: Dependency }): Html {
  const { t, h, exactTime } = words;
  const { name, since } = condition;
  const reason = reasonIn(words, condition);
  return html`<section class="banner bad" aria-label="${t(`trouble.${name}`)}">
    <p>
      <strong>${t(`trouble.${name}`)}</strong>
      ${since !== null && html`<span>${h('trouble.since', { when: exactTime(since) })}</span>`}
      ${reason !== null && html`<bdi class="reason">${reason}</bdi>`}
    </p>
    <p>
      ${t(name === 'broker' ? 'trouble.brokerMeanwhile' : 'trouble.databaseMeanwhile')}
      ${name === 'database' && figuresOf(words, snapshot)}
      <a href="/help/${name}">${t('trouble.help')}</a>
    </p>
  </section>`;
}

function figuresOf({ t, h, exactTime }: Words, { ledgerFailure, ledgerAt }: Snapshot): Part {
  if (ledgerFailure === null) return false;
  return ledgerAt === null
    ? t('trouble.figuresUnknown')
    : h('trouble.figuresOf', { when: exactTime(ledgerAt) });
}
