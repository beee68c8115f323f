import { type Timeline, type TimelineEntry } from '../../events/search/timeline.js';
import { type ToldBy } from '../../ledger/outcome.js';
import { html, type Html } from '../html/html.js';
import { type Words } from '../html/words.js';

/** A step of an event's way, for people. */
interface Step {
  readonly at: number;
  readonly what: string;
  readonly tone: 'good' | 'bad' | 'idle';
  readonly more: readonly string[];
  readonly reason: string | null;
}

/** What happened to an event so far, over all of its deliveries, and what is to come. Oldest first. */
export function eventTimeline(words: Words, timeline: Timeline): Html {
  const steps = [
    ...timeline.entries.map((entry) => stepOf(words, timeline, entry)),
    ...yetToCome(words, timeline),
  ];
  return html`<ol class="timeline">
    ${steps.map(
      ({ at, what, tone, more, reason }, index) =>
        html`<li class="${tone}">
          ${words.exactTime(at)}
          <span>${what}</span>
          ${more.length > 0 && html`<span class="quiet">(${more.join(', ')})</span>`}
          ${reason !== null && reason !== steps[index - 1]?.reason && html`<bdi class="reason">${reason}</bdi>`}
        </li>`,
    )}
  </ol>`;
}

function stepOf({ t }: Words, { id, deliveries }: Timeline, entry: TimelineEntry): Step {
  const more: string[] = [];
  // The same row on the portal was another change then.
  if (entry.id !== id) more.push(t('step.otherChange'));
  const via = viaWords(entry.via);
  if (via !== null) more.push(t(via));
  const latest = deliveries[0];
  if (entry.what === 'published' && latest?.state === 'published' && latest.publishedAt === entry.at)
    more.push(t('step.waitsForReport'));
  return { at: entry.at, what: whatWords({ t }, entry), tone: toneOf(entry), more, reason: entry.reason };
}

function whatWords({ t }: Pick<Words, 't'>, { what, attempt, by, outcome }: TimelineEntry): string {
  switch (what) {
    case 'published':
      return t('step.published', { attempt: attempt ?? '' });
    case 'failed':
      return attempt === null ? t('step.failedSomehow') : t('step.failed', { attempt });
    case 'retried':
    case 'discarded':
      return t(`step.${what}`, { by: by ?? t('step.nobody') });
    case 'settled':
      if (outcome === 'discarded') return t('step.givenUp');
      return t(`step.${outcome ?? 'processed'}`);
    case 'changed':
    case 'reserved':
    case 'fetched':
    case 'heard':
    case 'marked':
    case 'dead':
    case 'superseded':
      return t(`step.${what}`);
  }
}

function toneOf({ what, outcome }: TimelineEntry): Step['tone'] {
  if (what === 'failed' || what === 'dead' || outcome === 'dead') return 'bad';
  return what === 'heard' || outcome === 'processed' || outcome === 'silent' ? 'good' : 'idle';
}

const VIA = {
  reply: 'step.via.reply',
  'group reply': 'step.via.group',
  'nestjs answer': 'step.via.nest',
  'dead letter': 'step.via.deadLetter',
  silence: 'step.via.silence',
} as const satisfies Readonly<Record<ToldBy, string>>;

function viaWords(via: string | null): (typeof VIA)[ToldBy] | null {
  const known = (Object.keys(VIA) as ToldBy[]).find((one) => one === via);
  return known === undefined ? null : VIA[known];
}

function yetToCome({ t }: Words, { deliveries }: Timeline): Step[] {
  return deliveries.flatMap(({ state, dueAt, attempts }): Step[] => {
    if (dueAt === null || (state !== 'waiting' && state !== 'refused')) return [];
    const what = state === 'waiting' ? t('step.due', { attempt: attempts + 1 }) : t('step.toPublish');
    return [{ at: dueAt, what, tone: 'idle', more: [], reason: null }];
  });
}
