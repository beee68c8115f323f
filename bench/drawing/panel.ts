import { scaleBand, type ScaleContinuousNumeric, scaleLinear, scaleLog } from 'd3-scale';
import { type Series } from '../scenario.js';
import { element, figure, line, polyline, text } from './svg.js';

/** One small chart; all of them have the same size and the same manners. */
export interface Panel {
  readonly title: string;
  /** What is measured, and in what. */
  readonly subtitle: string;
  draw(width: number, height: number): string;
}

interface Bar {
  readonly name: string;
  readonly value: number;
  /** The bridge's own, as against what it stands beside. */
  readonly own: boolean;
}

/** Bars with their names above and their values at the end: nothing to look up on an axis. */
export function barsPanel(title: string, subtitle: string, bars: readonly Bar[]): Panel {
  return {
    title,
    subtitle,
    draw: (width, height) => {
      const y = scaleBand<number>([...bars.keys()], [0, height]).padding(0.15);
      const x = scaleLinear([0, Math.max(...bars.map(({ value }) => value))], [0, width - 52]);
      return bars
        .map(({ name, value, own }, index) => {
          const top = y(index) ?? 0;
          const thick = Math.min(y.bandwidth() - 15, 16);
          return (
            text(0, top + 11, 'label', name) +
            element('rect', {
              x: 0,
              y: top + 16,
              width: Math.max(1.5, x(value)),
              height: thick,
              rx: 2,
              class: own ? 'own' : 'other',
            }) +
            text(Math.max(1.5, x(value)) + 5, top + 16 + thick / 2 + 4, 'value', figure(value))
          );
        })
        .join('');
    },
  };
}

export interface LineOptions {
  readonly title: string;
  readonly subtitle: string;
  readonly logX?: boolean;
  readonly logY?: boolean;
  /** Writes the value beside every point. */
  readonly values?: boolean;
  readonly percentY?: boolean;
  /** A line to hold the points against. */
  readonly limit?: { readonly axis: 'x' | 'y'; readonly at: number; readonly name: string };
}

const LEFT = 34;
const BOTTOM = 18;

export function linePanel({ points }: Series, options: LineOptions): Panel {
  return {
    title: options.title,
    subtitle: options.subtitle,
    draw: (width, height) => {
      const limits = options.limit === undefined ? [] : [options.limit.at];
      const xs = [...points.map(([x]) => x), ...(options.limit?.axis === 'x' ? limits : [])];
      const ys = [...points.map(([, y]) => y), ...(options.limit?.axis === 'y' ? limits : [])];
      const x = scaleOver(xs, options.logX === true, [LEFT, width - 8]);
      const y = scaleOver(options.percentY === true ? [0, 1] : ys, options.logY === true, [
        height - BOTTOM,
        4,
      ]);
      const at = ([px, py]: readonly [number, number]) => [x(px), y(py)] as const;
      const drawn = points.map(at);
      const parts = [
        ...axisY(y, width, options),
        ...axisX(x, height, options.logX === true ? points.map(([px]) => px) : null),
      ];
      if (options.limit !== undefined) parts.push(limitLine(options.limit, { x, y, width, height }));
      parts.push(polyline(drawn, 'line'));
      if (options.values === true) {
        drawn.forEach(([px, py], index) => {
          parts.push(element('circle', { cx: px, cy: py, r: 3, class: 'own' }));
          const anchor = index === 0 ? 'start' : index === drawn.length - 1 ? 'end' : 'middle';
          const before = drawn[index - 1]?.[1];
          // A line that comes from above would run through it.
          const falling = before !== undefined && before < py - 8;
          parts.push(
            text(px, falling ? py + 15 : py - 7, 'value', figure(points[index]?.[1] ?? Number.NaN), anchor),
          );
        });
      }
      return parts.join('');
    },
  };
}

type Scale = ScaleContinuousNumeric<number, number>;

function scaleOver(values: readonly number[], log: boolean, range: readonly [number, number]): Scale {
  const most = Math.max(...values);
  if (!log) return scaleLinear([0, most * 1.12], range);
  const least = Math.max(Math.min(...values), most / 1e6);
  return scaleLog([least / 1.3, most * 1.9], range);
}

function axisY(y: Scale, width: number, { percentY, logY }: LineOptions): string[] {
  const ticks = logY === true ? decades(y) : y.ticks(4);
  return ticks.flatMap((tick) => [
    line(LEFT, y(tick), width, y(tick), 'grid'),
    text(
      LEFT - 5,
      y(tick) + 3.5,
      'tick',
      percentY === true ? `${Math.round(tick * 100)} %` : short(tick),
      'end',
    ),
  ]);
}

function axisX(x: Scale, height: number, places: readonly number[] | null): string[] {
  const [start, end] = x.range() as [number, number];
  const base = height - BOTTOM;
  return [
    line(start, base, end, base, 'axis'),
    ...(places ?? x.ticks(4)).map((tick) => text(x(tick), base + 13, 'tick', short(tick), 'middle')),
  ];
}

function limitLine(
  { axis, at, name }: NonNullable<LineOptions['limit']>,
  { x, y, width, height }: { x: Scale; y: Scale; width: number; height: number },
): string {
  if (axis === 'y')
    return line(LEFT, y(at), width, y(at), 'limit') + text(width, y(at) - 4, 'limit-name', name, 'end');
  const left = x(at) < width / 2;
  return (
    line(x(at), 0, x(at), height - BOTTOM, 'limit') +
    text(x(at) + (left ? 5 : -5), height - BOTTOM - 6, 'limit-name', name, left ? 'start' : 'end')
  );
}

/** 1, 10, 100 …; with 2 and 5 between them where that would be too few. */
function decades(scale: Scale): number[] {
  const leading = (tick: number) => Number(tick.toExponential()[0]);
  const all = scale.ticks();
  const tens = all.filter((tick) => leading(tick) === 1);
  return tens.length > 2 ? tens : all.filter((tick) => [1, 2, 5].includes(leading(tick)));
}

const short = (value: number): string =>
  value >= 1000 && value % 100 === 0
    ? `${value / 1000}k`
    : value.toLocaleString('en', { maximumFractionDigits: 2 });
