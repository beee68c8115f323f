import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Database } from '../../src/database/database.js';
import { openMigratedInMemory } from '../ledger/template.js';
import { anySteps } from './steps.js';
import { World } from './world.js';
import { inForm } from '../support/form.js';

const RUNS = Number(process.env['MODEL_RUNS'] ?? inForm({ full: 150, small: 40 }));
const SEED = process.env['MODEL_SEED'];
const PATH = process.env['MODEL_PATH'];

describe('whatever happens in whatever order', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openMigratedInMemory();
  });
  afterAll(() => database.db.destroy());

  it(
    'every change is delivered, nothing is destroyed, nothing is left behind',
    async () => {
      const tally = { steps: 0, longest: 0, rounds: 0, faults: 0, crashes: 0, marks: 0 };
      const details = await fc.check(
        fc.asyncProperty(
          fc.record({
            extended: fc.constantFrom(true, true, false),
            settleMode: fc.constantFrom('timeout', 'ack'),
            warm: fc.boolean(),
            ending: fc.constantFrom('processed', 'failed'),
          }),
          anySteps,
          async (options, steps) => {
            const world = await World.open(database, options);
            await fc.asyncModelRun(() => ({ model: {}, real: world }), steps);
            count(tally, [...steps].map(String));
            await world.settle();
            tally.marks += world.portal.queue.marks;
          },
        ),
        {
          numRuns: RUNS,
          ...(SEED === undefined ? {} : { seed: Number(SEED) }),
          ...(PATH === undefined ? {} : { path: PATH }),
        },
      );
      if (details.failed)
        throw new Error(await fc.asyncDefaultReportMessage(details), { cause: details.errorInstance });
      const figures = Object.entries(tally).map(([name, figure]) => `${name} ${figure}`);
      process.stdout.write(`\nmodel: seed ${details.seed}, runs ${details.numRuns}, ${figures.join(', ')}\n`);
      // Runs in which nothing goes wrong prove nothing.
      if (RUNS >= 40) expect(Math.min(tally.faults, tally.crashes, tally.marks)).toBeGreaterThan(0);
    },
    30_000 + Math.max(RUNS, 150) * 1000,
  );
});

/** Adds up what one run was made of, by the text of its steps. */
function count(
  tally: { steps: number; longest: number; rounds: number; faults: number; crashes: number },
  steps: readonly string[],
): void {
  const matching = (pattern: RegExp) => steps.filter((step) => pattern.test(step)).length;
  tally.steps += steps.length;
  tally.longest = Math.max(tally.longest, steps.length);
  tally.rounds += matching(/^round/);
  tally.faults += matching(/^round\((?!"none")/);
  tally.crashes += matching(/crash/);
}
