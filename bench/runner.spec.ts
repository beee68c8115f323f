import { describe, expect, it } from '@jest/globals';
import { runScenario } from './runner.js';
import { type Measurement, type Scenario } from './scenario.js';
import { Cleanup } from './support/cleanup.js';

/** A scenario that measures these values, one a run. */
function measuring(values: readonly number[], rest: Partial<Scenario>): Scenario {
  let run = 0;
  return {
    name: 'sample',
    title: '',
    method: [],
    run: () => {
      const value = values[run] ?? Number.NaN;
      run += 1;
      const measurement: Measurement = {
        ratios: [],
        figures: [{ name: 'rate', value, unit: 'events/s' }],
        checks: [],
        series: [{ name: 'over portals', x: 'portals', y: 'events/s', points: [[1, value]] }],
      };
      return Promise.resolve(measurement);
    },
    ...rest,
  };
}

const run = (scenario: Scenario, runs: number, quick = false) =>
  runScenario(
    scenario,
    runs,
    { quick, profile: false, portals: null, minutes: null },
    new Cleanup(),
    () => undefined,
  );

describe('runner', () => {
  it('judges a target by the median of the runs', async () => {
    const targets = [
      { figure: 'rate', atLeast: 500 },
      { figure: 'rate', atMost: 500 },
    ];
    const report = await run(measuring([100, 600, 700], { targets }), 3);
    expect(report.targets.map(({ value, held }) => [value, held])).toEqual([
      [600, true],
      [600, false],
    ]);
    expect(report.series[0]?.points).toEqual([[1, 600]]);
  });

  it('does not judge by small amounts what needs the full ones', async () => {
    const targets = [{ figure: 'rate', atLeast: 500, onlyInFull: true as const }];
    expect((await run(measuring([1], { targets }), 1, true)).targets).toEqual([]);
    expect((await run(measuring([1], { targets }), 1)).targets).toHaveLength(1);
  });

  it('runs no more often than the scenario allows', async () => {
    expect((await run(measuring([1, 2, 3], { maxRuns: 1 }), 3)).runs).toBe(1);
  });

  it('does not take a target of a figure that was not measured for held', async () => {
    const targets = [{ figure: 'another', atLeast: 0 }];
    await expect(run(measuring([1], { targets }), 1)).rejects.toThrow('no figure "another"');
  });
});
