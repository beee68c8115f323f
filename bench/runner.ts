import { type Figure, type Measurement, type RunOptions, type Scenario } from './scenario.js';
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

export interface ScenarioReport {
  readonly name: string;
  readonly title: string;
  readonly method: readonly string[];
  readonly ratios: readonly Summary[];
  readonly figures: readonly Summary[];
  /** A check holds when it held in every run. */
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly found: readonly string[];
  }[];
  /** Of the last run. */
  readonly profile: NonNullable<Measurement['profile']> | null;
}

/** Runs a scenario so many times; each run leaves nothing behind. */
export async function runScenario(
  scenario: Scenario,
  runs: number,
  options: RunOptions,
  outer: Cleanup,
  say: (line: string) => void,
): Promise<ScenarioReport> {
  const measured: Measurement[] = [];
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
  return {
    name,
    title,
    method,
    ratios: summaries(measured.map(({ ratios }) => ratios)),
    figures: summaries(measured.map(({ figures }) => figures)),
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
