import { type Report } from '../report.js';
import { type ScenarioReport } from '../runner.js';
import { barsPanel, linePanel, type LineOptions, type Panel } from './panel.js';
import { element, text } from './svg.js';
import { drawTargets, type NamedTarget } from './targets.js';

const WIDTH = 900;
const MARGIN = 16;
const COLUMNS = 3;
const GAP = 30;
const PANEL_HEIGHT = 178;
const HEADING = 58;
const CHART_TOP = 38;

/** Colours for both: a page's image has no other way to learn which one its reader has. */
const STYLE = `
  :root { --paper: #ffffff; --ink: #1f2328; --soft: #59636e; --rule: #d8dee4; --own: #0969da; --other: #afb8c1; --bad: #cf222e; --limit: #9a6700; }
  @media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3; --soft: #9198a1; --rule: #2b323b; --own: #4493f8; --other: #656c76; --bad: #f85149; --limit: #d29922; } }
  text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 11px; fill: var(--ink); }
  .paper { fill: var(--paper); } .heading { font-size: 15px; font-weight: 600; } .title { font-size: 12.5px; font-weight: 600; }
  .subtitle, .tick, .note { fill: var(--soft); } .tick { font-size: 10px; } .value { font-variant-numeric: tabular-nums; }
  .own { fill: var(--own); } .other { fill: var(--other); } .missed { fill: var(--bad); }
  .grid { stroke: var(--rule); stroke-width: 1; } .axis { stroke: var(--soft); stroke-width: 1; }
  .line { fill: none; stroke: var(--own); stroke-width: 2; stroke-linejoin: round; }
  .limit { stroke: var(--limit); stroke-width: 1.5; stroke-dasharray: 2 2; } .limit-name { fill: var(--limit); font-size: 10px; }`;

/** The report as one SVG: what was promised on top, small charts below. A scenario that did not run is left out. */
export function drawReport(report: Report): string {
  const inner = WIDTH - 2 * MARGIN;
  const targets: NamedTarget[] = report.scenarios.flatMap(({ name: scenario, targets: judged }) =>
    judged.map((target) => ({ scenario, target })),
  );
  const panels = panelsOf(report.scenarios);
  const { machine } = report;
  const parts = [
    text(0, 14, 'heading', 'What must hold'),
    text(
      0,
      31,
      'note',
      `${report.startedAt.slice(0, 10)}, ${machine.processors} × ${machine.processor}, Node ${machine.node}, ` +
        `RabbitMQ ${machine.rabbitmq}${report.quick ? ', QUICK RUN: rough' : ''}`,
    ),
    text(
      0,
      46,
      'note',
      'The dotted line is the promise; right of it is better, whichever way it counts, from 0.1 to 10 times.',
    ),
  ];
  const list = drawTargets(targets, inner);
  parts.push(element('g', { transform: `translate(0 ${HEADING})` }, list.svg));
  let y = HEADING + list.height + 36;
  const width = (inner - GAP * (COLUMNS - 1)) / COLUMNS;
  panels.forEach((panel, index) => {
    const column = index % COLUMNS;
    const chart = element(
      'g',
      { transform: `translate(0 ${CHART_TOP})` },
      panel.draw(width, PANEL_HEIGHT - CHART_TOP),
    );
    parts.push(
      element(
        'g',
        { transform: `translate(${Math.round(column * (width + GAP))} ${y})` },
        text(0, 12, 'title', panel.title) + text(0, 26, 'subtitle', panel.subtitle) + chart,
      ),
    );
    if (column === COLUMNS - 1 || index === panels.length - 1) y += PANEL_HEIGHT + GAP;
  });
  const height = y + MARGIN;
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${WIDTH} ${height}`,
      width: WIDTH,
      height,
      role: 'img',
    },
    `<title>Benchmark of the bridge</title><style>${STYLE}</style>` +
      element('rect', { width: WIDTH, height, class: 'paper' }) +
      element('g', { transform: `translate(${MARGIN} ${MARGIN})` }, parts.join('\n')),
  )}\n`;
}

function panelsOf(scenarios: readonly ScenarioReport[]): Panel[] {
  const panels: Panel[] = [];
  const bars = (title: string, subtitle: string, scenario: string, names: Record<string, string>) => {
    const found = scenarios.find(({ name }) => name === scenario)?.figures ?? [];
    const each = Object.entries(names).flatMap(([figure, name]) => {
      const summary = found.find((candidate) => candidate.name === figure);
      return summary === undefined ? [] : [{ name, value: summary.median, own: figure.startsWith('bridge') }];
    });
    if (each.length > 0) panels.push(barsPanel(title, subtitle, each));
  };
  const curve = (scenario: string, series: string, options: LineOptions) => {
    const found = scenarios.find(({ name }) => name === scenario)?.series ?? [];
    const chosen = found.find(({ name }) => name === series);
    if (chosen !== undefined) panels.push(linePanel(chosen, options));
  };
  bars('One ordinary portal', 'events/s at 2 requests/s', 'backlog', {
    'bridge: events/s sustained': 'the bridge, sustained',
    'naive: events/s sustained': 'the hand-written loop, sustained',
    'bridge: events/s with the burst': 'the bridge, with its burst',
    'naive: events/s with the burst': 'the hand-written loop, with its burst',
  });
  bars('Many portals without limits', 'events/s of one process, confirmed', 'pipe', {
    'bridge: events/s published': 'the bridge: read, recorded, published',
    'raw: events/s published': 'amqplib: published, no more',
    'ClientProxy.emit: events/s': 'ClientProxy.emit: published, no more',
  });
  curve('notification', 'Notification to consumer', {
    title: 'Notification to consumer',
    subtitle: "share of events, ms above the portal's own time",
    percentY: true,
    limit: { axis: 'x', at: 50, name: 'p99 promised' },
  });
  curve('memory', 'Memory over the backlog', {
    title: 'Memory over a long backlog',
    subtitle: 'MB resident, by seconds',
  });
  curve('replicas', 'Kill to first event', {
    title: 'kill -9 to the first event elsewhere',
    subtitle: 'share of its portals, by seconds',
    percentY: true,
  });
  const scaled = { logX: true, values: true } as const;
  curve('scaling', 'Throughput', { title: 'Throughput', subtitle: 'events/s by portals', ...scaled });
  curve('scaling', 'CPU time per event', {
    title: 'CPU time per event',
    subtitle: 'µs by portals',
    ...scaled,
  });
  curve('scaling', 'CPU at rest', {
    title: 'CPU at rest',
    subtitle: '% of a core by portals',
    ...scaled,
    logY: true,
  });
  curve('scaling', 'Memory at rest', {
    title: 'Memory at rest',
    subtitle: 'MB resident by portals',
    ...scaled,
  });
  return panels;
}
