import { scaleLog } from 'd3-scale';
import { type JudgedTarget } from '../runner.js';
import { element, figure, line, text } from './svg.js';

export interface NamedTarget {
  readonly scenario: string;
  readonly target: JudgedTarget;
}

const ROW = 21;
const NAMES = 420;
const VALUES = 150;

/** How far each promise is kept: the line is the promise, and right of it is better, whichever way it counts. */
export function drawTargets(targets: readonly NamedTarget[], width: number): { svg: string; height: number } {
  const x = scaleLog([0.1, 10], [NAMES, width - VALUES]).clamp(true);
  const height = targets.length * ROW;
  const rows = targets.map(({ scenario, target }, index) => {
    const y = index * ROW + 4;
    const margin = marginOf(target);
    const [from, to] = [Math.min(x(1), x(margin)), Math.max(x(1), x(margin))];
    const bound =
      target.atLeast === undefined ? `≤ ${figure(target.atMost ?? 0)}` : `≥ ${figure(target.atLeast)}`;
    return (
      text(0, y + 11, 'label', `${scenario}: ${target.figure}`) +
      element('rect', {
        x: from,
        y: y + 2,
        width: Math.max(2, to - from),
        height: 11,
        rx: 2,
        class: target.held ? 'own' : 'missed',
      }) +
      text(
        width,
        y + 11,
        'value',
        `${target.held ? 'held' : 'MISSED'}  ${figure(target.value)} (${bound})`,
        'end',
      )
    );
  });
  return { svg: [...rows, line(x(1), 0, x(1), height, 'limit')].join(''), height };
}

/** 1 = just as promised, 2 = twice as good. */
function marginOf({ atLeast, atMost, value }: JudgedTarget): number {
  if (atLeast !== undefined) return Math.max(value, 1e-9) / atLeast;
  return (atMost ?? 0) / Math.max(value, 1e-9);
}
