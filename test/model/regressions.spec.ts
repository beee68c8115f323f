import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { type Database, openDatabase } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import {
  advance,
  broker,
  change,
  clockBack,
  cleanUp,
  crash,
  delivery,
  dispatch,
  lateWork,
  plan,
  reply,
  round,
  type Step,
} from './steps.js';
import { World, type WorldOptions } from './world.js';

describe('what went wrong once', () => {
  let database: Database;
  beforeAll(async () => {
    database = openDatabase('file::memory:');
    await migrate(database);
  });
  afterAll(() => database.db.destroy());

  /** Plays steps and lets everything come to rest. */
  const play = async (options: Partial<WorldOptions>, ...steps: readonly Step[]): Promise<World> => {
    const world = await World.open(database, {
      extended: true,
      settleMode: 'timeout',
      warm: true,
      ...options,
    });
    for (const step of steps) await step.run({}, world);
    await world.settle();
    return world;
  };

  it('a late failure is not marked by an old look after a lost round that only cleared', async () => {
    await play(
      {},
      advance(61_000),
      delivery(0),
      advance(61_000),
      broker(false),
      round('lost'),
      reply('failed'),
      change(0),
      advance(2000),
      round(),
      round(),
    );
  });
});
