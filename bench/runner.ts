import {
  type Figure,
  type Measurement,
  type RunOptions,
  type Scenario,
  type Series,
  type Target,
} from './scenario.js';
import { Cleanup } from './support/cleanup.js';
import { median } from './support/statistics.js';

/** A figure over all runs of its scenario. */
export interface Summary {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  /** In the order of the runs. */
  readonly runs: readonly number[];
}

/** A target, and the median that it is held against. */
export interface JudgedTarget extends Target {
  readonly value: number;
  readonly unit: string;
  readonly held: boolean;
}

export interface ScenarioReport {
  readonly name: string;
  readonly title: string;
  readonly method: readonly string[];
  readonly runs: number;
  readonly seconds: number;
  readonly targets: readonly JudgedTarget[];
  readonly ratios: readonly Summary[];
  readonly figures: readonly Summary[];
  /** A check holds when it held in every run. */
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly found: readonly string[];
  }[];
  /** Medians where every run has the same places; else those of the last run. */
  readonly series: readonly Series[];
  /** Of the last run. */
  readonly profile: NonNullable<Measurement['profile']> | null;
}

/** Runs a scenario so many times, or as often as it allows; each run leaves nothing behind. */
export async function runScenario(
  scenario: Scenario,
  wantedRuns: number,
  options: RunOptions,
  outer: Cleanup,
  say: (line: string) => void,
): Promise<ScenarioReport> {
  const measured: Measurement[] = [];
  const runs = Math.min(wantedRuns, scenario.maxRuns ?? wantedRuns);
  const startedAt = performance.now();
  for (let run = 1; run <= runs; run += 1) {
    const cleanup = new Cleanup();
    outer.defer(`clean up after ${scenario.name}`, () => cleanup.run());
    try {
      const prefix = `${scenario.name} ${run}/${runs}`;
      measured.push(await scenario.run({ ...options, cleanup, say: (line) => say(`${prefix}: ${line}`) }));
    } finally {
      await cleanup.run();
    }
  }
  const { name, title, method } = scenario;
  const ratios = summaries(measured.map((run) => run.ratios));
  const figures = summaries(measured.map((run) => run.figures));
  return {
    name,
    title,
    method,
    runs,
    seconds: (performance.now() - startedAt) / 1000,
    targets: (scenario.targets ?? [])
      .filter(({ onlyInFull }) => onlyInFull !== true || !options.quick)
      .map((target) => judge(target, [...ratios, ...figures])),
    ratios,
    figures,
    series: middleOf(measured.map((run) => run.series ?? [])),
    checks: (measured[0]?.checks ?? []).map((first, index) => {
      const each = measured.map(({ checks }) => checks[index] ?? first);
      return { name: first.name, ok: each.every(({ ok }) => ok), found: each.map(({ found }) => found) };
    }),
    profile: measured.at(-1)?.profile ?? null,
  };
}

function summaries(runs: readonly (readonly Figure[])[]): Summary[] {
  return (runs[0] ?? []).map(({ name, unit }) => {
    const values = runs.map((figures) => figures.find((figure) => figure.name === name)?.value ?? Number.NaN);
    return { name, unit, median: median(values), runs: values };
  });
}

/** @throws Error when the scenario measured no such figure */
function judge(target: Target, summaries: readonly Summary[]): JudgedTarget {
  const summary = summaries.find(({ name }) => name === target.figure);
  if (summary === undefined) throw new Error(`there is no figure "${target.figure}"`);
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = target;
  const { median: value, unit } = summary;
  return { ...target, value, unit, held: value >= atLeast && value <= atMost };
}

function middleOf(runs: readonly (readonly Series[])[]): Series[] {
  return (runs.at(-1) ?? []).map((last) => {
    const each = runs.flatMap((series) => series.filter(({ name }) => name === last.name));
    const places = (series: Series) => series.points.map(([x]) => x).join();
    if (each.some((series) => places(series) !== places(last))) return last;
    const points = last.points.map(([x], index) => {
      const values = each.map((series) => series.points[index]?.[1] ?? Number.NaN);
      return [x, median(values)] as const;
    });
    return { ...last, points };
  });
}
