import { type Sample, SAMPLE_MS } from '../../monitoring/activity.js';
import { html, type Html } from '../html/html.js';
import { type Words } from '../html/words.js';

const PER_SECOND = 1000 / SAMPLE_MS;

/** A small line chart: events a second over the last two minutes. */
export function sparkline({ t, rate }: Words, samples: readonly Sample[], name: string): Html {
  const recent = samples.slice(-61, -1).map(({ published }) => published * PER_SECOND);
  const width = 120;
  const height = 24;
  const peak = Math.max(1, ...recent);
  const points = recent.map((value, index) => {
    const x = (index / (recent.length - 1)) * width;
    return `${x.toFixed(1)},${(height - 1 - (value / peak) * (height - 2)).toFixed(1)}`;
  });
  return html`<svg
    class="spark"
    viewBox="0 0 ${width} ${height}"
    preserveAspectRatio="none"
    role="img"
    aria-label="${t('chart.spark', { name, most: rate(Math.max(0, ...recent)) })}"
  >
    <polygon points="0,${height} ${points.join(' ')} ${width},${height}" />
    <polyline points="${points.join(' ')}" />
  </svg>`;
}

/** Events a second over the last five minutes, and what was reported as failed, with scales. */
export function chart({ t, rate, count }: Words, samples: readonly Sample[], name: string): Html {
  const done = samples.slice(0, -1);
  const most = Math.max(...done.map(({ published }) => published)) * PER_SECOND;
  const peak = niceCeiling(Math.max(1, most, ...done.map(({ failed }) => failed * PER_SECOND)));
  const failures = done.reduce((sum, { failed }) => sum + failed, 0);
  const y = (events: number) => (100 - ((events * PER_SECOND) / peak) * 100).toFixed(2);
  const points = done.map(({ published }, index) => `${index},${y(published)}`).join(' ');
  const last = done.length - 1;
  return html`<figure class="chart">
    <div class="plot">
      <div class="scale-y" aria-hidden="true">
        <span>${rate(peak)}</span><span>${rate(peak / 2)}</span><span>0</span>
      </div>
      <svg
        viewBox="0 0 ${last} 100"
        preserveAspectRatio="none"
        role="img"
        aria-label="${t('chart.label', { name, most: rate(most), failures: count(failures) })}"
      >
        <path class="grid" d="M0 0H${last}M0 50H${last}M0 100H${last}" />
        <polygon points="0,100 ${points} ${last},100" />
        <polyline points="${points}" />
        ${done.map(
          ({ failed }, index) =>
            failed > 0 &&
            html`<rect
              class="failed"
              x="${index - 0.5}"
              width="1"
              y="${y(failed)}"
              height="${100 - Number(y(failed))}"
            />`,
        )}
      </svg>
      <div class="scale-x" aria-hidden="true">
        <span>${t('chart.fiveMinutes')}</span><span>−4</span><span>−3</span><span>−2</span><span>−1</span
        ><span>${t('chart.now')}</span>
      </div>
    </div>
    <figcaption>
      ${t('chart.caption')} <span class="key">${t('chart.published')}</span>${
        failures > 0 && html`, <span class="key failed">${t('chart.failed')}</span>`
      }
    </figcaption>
  </figure>`;
}

/** The next of 1, 2, 5, 10, 20, … */
export function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}
