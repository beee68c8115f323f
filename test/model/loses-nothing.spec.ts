import { afterAll, beforeAll, describe, it } from '@jest/globals';
import fc from 'fast-check';
import { type Database, openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { anySteps } from './steps.js';
import { World } from './world.js';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 150);
const SEED = process.env['MODEL_SEED'];
const PATH = process.env['MODEL_PATH'];

describe('whatever happens in whatever order', () => {
  let database: Database;
  beforeAll(async () => {
    database = openDatabase('file::memory:');
    await migrate(database);
  });
  afterAll(() => database.db.destroy());

  it(
    'every change is delivered, nothing is destroyed, nothing is left behind',
    async () => {
      await fc.assert(
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
            await world.settle();
          },
        ),
        {
          numRuns: RUNS,
          ...(SEED === undefined ? {} : { seed: Number(SEED) }),
          ...(PATH === undefined ? {} : { path: PATH }),
        },
      );
    },
    30_000 + RUNS * 1000,
  );
});
