import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Database } from '../../src/database/database.js';
import { openMigratedInMemory } from '../ledger/template.js';
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
  orphan,
  plan,
  reply,
  round,
  type Step,
} from './steps.js';
import { type RoundFault } from './portal-line.js';
import { World, type WorldOptions } from './world.js';

const OPTIONS: WorldOptions = { extended: true, settleMode: 'timeout', warm: true, ending: 'processed' };

describe('what went wrong once', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openMigratedInMemory();
  });
  afterAll(() => database.db.destroy());

  /** Plays steps and lets everything come to rest. */
  const play = async (options: Partial<WorldOptions>, ...steps: readonly Step[]): Promise<World> => {
    const world = await World.open(database, { ...OPTIONS, ...options });
    for (const step of steps) await step.run({}, world);
    await world.settle();
    return world;
  };

  it('a journal is not forgotten when the plan gains reservations while a take is lost', async () => {
    await play(
      { extended: false, warm: false },
      round(),
      round(),
      change(0),
      round(),
      round('lost'),
      plan(true),
      advance(300_000),
      round(),
    );
  });

  it('a journal that the plan left behind is settled although the clock was set back', async () => {
    await play({ extended: false, warm: false }, round(), round(), clockBack(), plan(true), change(0));
  });

  it('a mark that comes late finds no newer change beside a row that was fetched again', async () => {
    await play(
      {},
      advance(61_000),
      delivery(0),
      reply('failed'),
      advance(2000),
      // Given up with all its work still to do: reserve, mark.
      round({ late: 0 }),
      round(),
      round(),
      advance(31_000),
      round(),
      change(0),
      lateWork(),
    );
  });

  it('nor does one that outlived the process which sent it', async () => {
    await play(
      {},
      advance(61_000),
      delivery(0),
      reply('failed'),
      advance(2000),
      round({ late: 0 }),
      crash(),
      round(),
      round(),
      round(),
      advance(31_000),
      round(),
      change(0),
      lateWork(),
    );
  });

  /** Rows that were fetched again after their mark. */
  const fetchedAgain = (world: World) =>
    world.portal.queue.rows().filter((row) => row.ERROR === 1 && row.PROCESS_ID !== '').length;

  it.each<[string, RoundFault]>([
    ['whose answer was lost', 'lost'],
    ['whose answer the process did not live to write', 'crash'],
  ])('a row is fetched again as ever after a mark %s, once it is seen to be marked', async (_name, fault) => {
    const world = await World.open(database, OPTIONS);
    const steps = [
      ...[advance(61_000), delivery(0), reply('failed'), advance(2000)],
      ...[round(fault), round(), round(), round(), advance(31_000), round()],
    ];
    for (const step of steps) await step.run({}, world);
    expect(fetchedAgain(world)).toBe(1);
    await world.settle();
  });

  it('a failure whose mark was not sent before a crash is marked and fetched again as ever', async () => {
    const world = await World.open(database, OPTIONS);
    const steps = [
      ...[advance(61_000), delivery(0), reply('failed'), crash(), round(), round(), advance(2000), round()],
      ...[round(), advance(31_000), round()],
    ];
    for (const step of steps) await step.run({}, world);
    expect(fetchedAgain(world)).toBe(1);
    await world.settle();
  });

  it('while a mark may still come late, rows of other objects are fetched again, and no newer change is lost', async () => {
    const world = await World.open(database, OPTIONS);
    const steps = [
      ...[advance(61_000), delivery(0), delivery(1), reply('failed', 1), advance(2000)],
      ...[round(), round({ late: 0 }), round(), round(), reply('failed'), advance(2000), round(), round()],
      ...[advance(31_000), round(), round()],
    ];
    for (const step of steps) await step.run({}, world);
    // That of object 1; the other's still waits.
    expect(fetchedAgain(world)).toBe(1);
    for (const step of [change(0), change(1), lateWork(), round()]) await step.run({}, world);
    await world.settle();
  });

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

  it('a late failure is not marked while a lost round may still clear its row', async () => {
    await play(
      {},
      advance(61_000),
      delivery(0),
      advance(61_000),
      round({ late: 0 }),
      reply('failed'),
      change(0),
      advance(2000),
      broker(false),
      round(),
      lateWork(),
      round(),
    );
  });

  it('nor while a process that died may still clear it', async () => {
    await play(
      {},
      delivery(0),
      advance(61_000),
      round({ late: 0 }),
      crash(),
      round('refused'),
      reply('failed'),
      change(0),
      advance(2000),
      broker(false),
      round(),
      lateWork(),
      round(),
    );
  });

  it('a change goes on in one record when its mark was lost and its row comes back', async () => {
    await play(
      { settleMode: 'ack' },
      advance(61_000),
      delivery(0),
      reply('failed'),
      advance(2000),
      // Marked, but nobody heard of it: it is retried from the ledger, and then its error row is fetched.
      round('lost'),
      round(),
      round(),
      advance(31_000),
      dispatch(),
      advance(31_000),
      round(),
      dispatch(),
      advance(61_000),
      round(),
      advance(130_000),
      dispatch(),
    );
  });

  it('a look of before a month of silence is no look, though no round came after it', async () => {
    await play(
      {},
      delivery(0),
      reply('failed'),
      advance(34.5 * 86_400_000),
      cleanUp(),
      change(0),
      round(),
      round(),
    );
  });

  it('a mark between two pages of an orphan leaves the ledger nothing to hold that it displaced', async () => {
    await play(
      { settleMode: 'ack', warm: false },
      round(),
      round(),
      // From here on a page has two rows.
      round({ late: 7 }, [change(0), change(1)]),
      round(),
      round(),
      delivery(0),
      change(1),
      orphan(false),
      advance(300_000),
      change(0),
    );
  });

  /** Objects 0 and 1 in one batch: the one has failed, the other is cleared in the very round that looks at the batch. */
  const lookedAtAndCleared = (fault: RoundFault) => [
    change(0),
    change(1),
    round(),
    dispatch(),
    reply('failed', 1),
    advance(61_000),
    broker(false),
    round(fault),
    reply('failed', 0),
    change(1),
    advance(2000),
    round(),
    round(),
  ];

  it('a row is not marked by a look after which it was cleared by a command that seemed to fail', async () => {
    await play({}, ...lookedAtAndCleared({ fails: 1, done: true }));
  });

  it('nor by a look of a round that could not be written', async () => {
    await play({}, ...lookedAtAndCleared('ledger'));
  });

  it('a failure reported of what the broker has refused since is answered by its dead letter', async () => {
    await play(
      { extended: false, warm: false },
      round(),
      change(0),
      round(),
      round(),
      round(),
      // It arrived, which nobody has recorded, and is refused when it is published again.
      dispatch('confirm', 'ledger'),
      dispatch('unsendable'),
      reply('failed'),
    );
  });

  it('a row that is journaled and reserved by a lost request is there twice', async () => {
    await play(
      { warm: false, ending: 'failed' },
      round(),
      round(),
      round({ late: 0 }, [], [change(0)]),
      plan(false),
      round(),
      round(),
      round(),
      plan(true),
    );
  });

  it('two failures of one object are one mark', async () => {
    await play(
      {},
      delivery(0),
      delivery(0),
      reply('failed', 0),
      reply('failed', 1),
      advance(2000),
      round(),
      round(),
    );
  });

  it('a success that comes after a mark of unknown outcome does not take along the newer change that the mark deleted', async () => {
    await play(
      { settleMode: 'ack', warm: false },
      round(),
      delivery(0),
      delivery(1),
      advance(130_000),
      delivery(0),
      // The request reserves the change that follows, and marks the first delivery, long after it was given up.
      round({ late: 0 }),
      change(0),
    );
  });

  it('a success of one consumer does not undo the failure of another that silence was ahead of', async () => {
    await play(
      { settleMode: 'ack', warm: false },
      round({ fails: 0, done: false }, [change(0)]),
      round(),
      delivery(1),
      advance(7_200_000),
      round(),
      reply('failed', 1),
      reply('processed', 1),
    );
  });
});
