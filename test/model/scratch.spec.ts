import { it } from '@jest/globals';
import { openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import {
  advance,
  broker,
  change,
  cleanUp,
  clockBack,
  crash,
  delivery,
  dispatch,
  foreignClear,
  foreignMark,
  lateWork,
  orphan,
  plan,
  purge,
  reply,
  round,
  type Step,
} from './steps.js';
import { World } from './world.js';
void [
  advance,
  broker,
  change,
  cleanUp,
  clockBack,
  crash,
  delivery,
  dispatch,
  foreignClear,
  foreignMark,
  lateWork,
  orphan,
  plan,
  purge,
  reply,
  round,
];
it('scratch', async () => {
  const database = openDatabase('file::memory:');
  await migrate(database);
  const source = process.env['SCRATCH'] ?? '';
  const [options, ...steps] = eval(`[${source}]`) as [
    { extended: boolean; settleMode: 'ack'; warm: boolean; ending: 'failed' },
    ...Step[],
  ];
  const world = await World.open(database, options);
  world.trace = (line) => process.stderr.write(line + '\n');
  for (const step of steps) {
    world.trace(`--- ${step}`);
    await step.run({}, world);
  }
  world.trace('=== settle');
  await world.settle();
});
