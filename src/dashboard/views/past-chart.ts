import { type Past, type PastSpan, type Reach, REACHES } from '../../monitoring/long-past.js';
import { html, type Html, type Part } from '../html/html.js';
import { type Words } from '../html/words.js';
import { niceCeiling } from './chart.js';

/**
 * Rates, failures and lag over a reach; what this process has not seen is grey, and not zero.
 * @param name whose they are
 */
export function pastCharts(words: Words, past: Past, reach: Reach, name: string): Html {
  const { t, rate, count, duration } = words;
  const { spans } = past;
  const known = spans.filter((span) => span !== null);
  // Of the last one a part is over; a rate over less than a second says nothing.
  const lastMs = Math.max(past.lastMs, 1000);
  const perSecond = (events: number, span: PastSpan) =>
    (events * 1000) / (span === spans.at(-1) ? lastMs : past.spanMs);
  const most = Math.max(0, ...known.map((span) => perSecond(span.published, span)));
  const failures = known.reduce((sum, { failed }) => sum + failed, 0);
  const worst = Math.max(0, ...known.map(({ lagMs }) => lagMs ?? 0));
  const when = t(`past.${reach}`);
  return html`<div class="columns">
      ${figure(spans, {
        title: t('past.rates'),
        label: t('past.label', { name, reach: when, most: rate(most), failures: count(failures) }),
        peak: niceCeiling(Math.max(1, most, ...known.map((span) => perSecond(span.failed, span)))),
        scale: rate,
        line: (span) => perSecond(span.published, span),
        bar: (span) => perSecond(span.failed, span),
      })}
      ${figure(spans, {
        title: t('past.lag'),
        label: t('past.lagLabel', { name, reach: when, most: duration(worst) }),
        peak: niceCeiling(Math.max(1000, worst)),
        scale: duration,
        line: ({ lagMs }) => lagMs ?? 0,
        bar: () => 0,
      })}
    </div>
    ${known.length < spans.length && html`<p class="quiet">${t('past.unknown')}</p>`}`;
}

/** Links to the other reaches; the address keeps which one is shown. */
export function reachLinks({ t }: Words, pathOf: (reach: Reach) => string, shown: Reach): Part {
  return html`<p class="reaches">
    ${t('past.title')}
    ${REACHES.map(
      (reach) =>
        html`<a href="${pathOf(reach)}" ${reach === shown && html`aria-current="true"`}
          >${t(`past.${reach}`)}</a
        >`,
    )}
  </p>`;
}

interface Drawn {
  readonly title: string;
  readonly label: string;
  readonly peak: number;
  scale(this: void, value: number): string;
  line(this: void, span: PastSpan): number;
  bar(this: void, span: PastSpan): number;
}

function figure(spans: readonly (PastSpan | null)[], drawn: Drawn): Html {
  const { peak, scale, line, bar } = drawn;
  const y = (value: number) => (100 - (value / peak) * 100).toFixed(2);
  const first = spans.findIndex((span) => span !== null);
  const unknown = first < 0 ? spans.length : first;
  const points = spans
    .slice(unknown)
    .map((span, index) => `${unknown + index},${y(span === null ? 0 : line(span))}`);
  const last = Math.max(1, spans.length - 1);
  return html`<figure class="chart">
    <div class="plot">
      <div class="scale-y" aria-hidden="true">
        <span>${scale(peak)}</span><span>${scale(peak / 2)}</span><span>0</span>
      </div>
      <svg viewBox="0 0 ${last} 100" preserveAspectRatio="none" role="img" aria-label="${drawn.label}">
        ${unknown > 0 && html`<rect class="unknown" x="0" y="0" width="${Math.min(unknown, last)}" height="100" />`}
        <path class="grid" d="M0 0H${last}M0 50H${last}M0 100H${last}" />
        <polyline points="${points.join(' ')}" />
        ${spans.map(
          (span, index) =>
            span !== null &&
            bar(span) > 0 &&
            html`<rect
              class="failed"
              x="${index - 0.5}"
              width="1"
              y="${y(bar(span))}"
              height="${100 - Number(y(bar(span)))}"
            />`,
        )}
      </svg>
    </div>
    <figcaption>${drawn.title}</figcaption>
  </figure>`;
}
