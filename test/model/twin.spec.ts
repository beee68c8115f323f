import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Database } from '../../src/database/database.js';
import { openMigratedInMemory } from '../ledger/template.js';
import {
  advance,
  change,
  clockBack,
  crash,
  delivery,
  dispatch,
  lateWork,
  orphan,
  round,
  type Step,
} from './steps.js';
import { World } from './world.js';

/** Every batch is accounted for: a look of when no lost request can be at work any more has found nothing. */
const accounted = [advance(61_000), round(), advance(250_000), round()];
const strange = [change(0), orphan(false)];
const found = [advance(250_000), round(), round(), dispatch()];

describe('another program that drains the queue', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openMigratedInMemory();
  });
  afterAll(() => database.db.destroy());

  const recognized = async (...steps: readonly Step[]): Promise<number> => {
    const options = { extended: true, settleMode: 'timeout', warm: true, ending: 'processed' } as const;
    const world = await World.open(database, options);
    for (const step of steps) await step.run({}, world);
    const { length } = world.recognized;
    // Whoever reserved it, it is delivered.
    await world.settle();
    return length;
  };

  it('is recognized by a batch that turns up while nothing of ours is missing', async () => {
    expect(await recognized(...accounted, ...strange, ...found)).toBe(1);
    expect(await recognized(delivery(1), ...accounted, delivery(2), ...strange, ...found)).toBe(1);
  });

  it('is looked for more often once something strange was found', async () => {
    const soon = [advance(31_000), round()];
    expect(
      await recognized(...strange, crash(), round(), round(), advance(61_000), round(), ...strange, ...soon),
    ).toBe(1);
  });

  it('is not seen in what is there before everything was accounted for', async () => {
    expect(await recognized(...strange, ...found)).toBe(0);
    expect(await recognized(...accounted, ...strange, crash(), round(), round(), ...found)).toBe(0);
  });

  it('is not seen in what a lost answer left behind, however late it was done', async () => {
    const lost = [change(0), round('lost'), round(), round(), ...found];
    expect(await recognized(...accounted, ...lost)).toBe(0);
    const late = [change(0), round({ late: 0 }), round(), round(), lateWork(), ...found];
    expect(await recognized(...accounted, ...late)).toBe(0);
    const failed = [change(0), round('ledger'), round(), round(), ...found];
    expect(await recognized(...accounted, ...failed)).toBe(0);
    const setBack = [change(0), round({ late: 0 }), clockBack(), round(), lateWork(), ...found];
    expect(await recognized(...accounted, ...setBack)).toBe(0);
  });

  it('is not seen in what a database that was restored does not know any more', async () => {
    const options = { extended: true, settleMode: 'timeout', warm: true, ending: 'processed' } as const;
    const world = await World.open(database, options);
    for (const step of [...accounted, delivery(0)]) await step.run({}, world);
    expect(await database.db.deleteFrom('deliveries').executeTakeFirst()).toMatchObject({
      numDeletedRows: 1n,
    });
    for (const step of found) await step.happen(world);
    expect(world.recognized).toEqual([]);
    expect(await database.db.selectFrom('deliveries').select('state').execute()).toHaveLength(1);
  });
});
