import { cpus, loadavg, totalmem } from 'node:os';
import { type JudgedTarget, type ScenarioReport, type Summary } from './runner.js';
import { type ProfileLine } from './support/profile.js';

/** What the figures were measured on. */
interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly rabbitmq: string;
  /** Processes that wanted to run before the benchmark began, one-minute average. */
  readonly loadBefore: number;
}

/** What an earlier call has measured, and this one has not. */
interface Kept {
  readonly startedAt: string;
  readonly machine: Machine;
}

export interface Report {
  readonly startedAt: string;
  readonly seconds: number;
  readonly quick: boolean;
  readonly runs: number;
  readonly machine: Machine;
  readonly scenarios: readonly (ScenarioReport & { readonly kept?: Kept })[];
}

export function describeMachine(rabbitmq: string): Machine {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    processors: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    rabbitmq,
    loadBefore: loadavg()[0] ?? 0,
  };
}

/**
 * The report with what an earlier one has of other scenarios.
 * @param order the names of the scenarios that there are
 */
export function withEarlier(report: Report, earlier: Report, order: readonly string[]): Report {
  const measured = new Set(report.scenarios.map(({ name }) => name));
  const { startedAt, machine } = earlier;
  const others = earlier.scenarios
    .filter(({ name }) => order.includes(name) && !measured.has(name))
    .map((scenario) => ({ ...scenario, kept: scenario.kept ?? { startedAt, machine } }));
  const scenarios = [...report.scenarios, ...others].sort(
    (one, other) => order.indexOf(one.name) - order.indexOf(other.name),
  );
  return { ...report, scenarios };
}

/** Whether every check of every scenario held. */
export function holds(report: Report): boolean {
  return report.scenarios.every(({ checks }) => checks.every(({ ok }) => ok));
}

/** The report for people; ratios first. */
export function asText(report: Report): string {
  const { machine } = report;
  const lines = [
    `${report.startedAt}, ${report.seconds.toFixed(0)} s, medians of ${report.runs}` +
      `${report.quick ? ', quick: the figures are rough' : ''}`,
    machineLine(machine),
  ];
  const targets = report.scenarios.flatMap((scenario) =>
    scenario.targets.map((target) => targetLine(target, `${scenario.name}: ${target.figure}`)),
  );
  if (targets.length > 0) lines.push('', '## What must hold', '', ...targets);
  for (const scenario of report.scenarios) lines.push('', ...scenarioLines(scenario));
  return `${lines.join('\n')}\n`;
}

function machineLine({ processors, processor, memoryGiB, node, rabbitmq, loadBefore }: Machine): string {
  return (
    `${processors} × ${processor}, ${memoryGiB} GiB, Node ${node}, RabbitMQ ${rabbitmq}, ` +
    `load before: ${loadBefore.toFixed(1)}`
  );
}

function scenarioLines(scenario: Report['scenarios'][number]): string[] {
  const { runs, seconds, kept } = scenario;
  const lines = [
    `## ${scenario.name}: ${scenario.title}`,
    '',
    `  ${runs === 1 ? 'one run' : `${runs} runs`}, ${seconds.toFixed(0)} s`,
    ...(kept === undefined ? [] : [`  measured at ${kept.startedAt} on ${machineLine(kept.machine)}`]),
    '',
  ];
  const all = [...scenario.ratios, ...scenario.figures];
  const width = Math.max(...all.map(({ name }) => name.length));
  for (const ratio of scenario.ratios) lines.push(summaryLine(ratio, width));
  if (scenario.ratios.length > 0) lines.push('');
  for (const figure of scenario.figures) lines.push(summaryLine(figure, width));
  lines.push('');
  for (const { name, ok, found } of scenario.checks) {
    lines.push(`  ${ok ? 'ok    ' : 'FAILED'} ${name}: ${[...new Set(found)].join('; ')}`);
  }
  for (const target of scenario.targets) lines.push(targetLine(target, target.figure));
  lines.push('', ...scenario.method.flatMap((text) => wrapped(text, 110)));
  const { profile } = scenario;
  if (profile !== null) {
    lines.push(
      '',
      `  The service was busy ${profile.busy.toFixed(0)} % of the measured time. Of that:`,
      ...profileLines('self time by function', profile.functions),
      ...profileLines('self time by package or room', profile.owners),
      ...profileLines('own functions with what they call', profile.inclusive),
    );
  }
  return lines;
}

function targetLine({ atLeast, atMost, value, unit, held }: JudgedTarget, name: string): string {
  const bounds = [
    ...(atLeast === undefined ? [] : [`at least ${atLeast}`]),
    ...(atMost === undefined ? [] : [`at most ${atMost}`]),
  ];
  return `  ${held ? 'held  ' : 'MISSED'} ${name}: ${bounds.join(', ')} ${unit}, found ${number(value)}`;
}

function summaryLine({ name, unit, median, runs }: Summary, width: number): string {
  const spread = runs.length > 1 ? `  (${number(Math.min(...runs))} to ${number(Math.max(...runs))})` : '';
  return `  ${name.padEnd(width)}  ${number(median).padStart(8)} ${unit}${spread}`;
}

function profileLines(title: string, lines: readonly ProfileLine[]): string[] {
  return [
    '',
    `  ${title}`,
    ...lines.map(({ what, share }) => `  ${share.toFixed(1).padStart(6)} %  ${what}`),
  ];
}

/** Three significant digits. */
function number(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : 2);
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 3 > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? `  ${word}` : `${line} ${word}`;
  }
  return [...lines, line];
}
