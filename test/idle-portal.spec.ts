import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Database } from '../src/database/database.js';
import { openMigratedInMemory } from './ledger/template.js';
import { World } from './model/world.js';

const INTERVAL_MS = 5000;
const LONGEST_MS = 60_000;

/** By the world's clock, in which hours take no time. */
describe('an idle portal', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openMigratedInMemory();
  });
  afterAll(() => database.db.destroy());

  const idle = async (notified: boolean) => {
    const world = await World.open(database, {
      extended: true,
      settleMode: 'timeout',
      warm: false,
      ending: 'processed',
      notified,
    });
    /** Rounds as they come due for so long; counts those that asked the portal. */
    const live = async (ms: number) => {
      let asked = 0;
      for (let passed = 0; passed < ms;) {
        const { outcome, nextInMs } = await world.round();
        if (outcome !== 'idle') asked += 1;
        await world.dispatch();
        world.advance(nextInMs);
        passed += nextInMs;
      }
      return asked;
    };
    await live(120_000);
    return { world, live };
  };

  it('costs one request an interval at the most where it does not notify', async () => {
    const { live } = await idle(false);
    const asked = await live(600_000);
    expect(asked).toBeLessThanOrEqual(600_000 / INTERVAL_MS);
    expect(asked).toBeGreaterThan((600_000 / INTERVAL_MS) * 0.8);
  });

  it('costs one request every DRAIN_MAX_INTERVAL_MS, or little more, where it notifies', async () => {
    const { live } = await idle(true);
    expect(await live(3_600_000)).toBeLessThanOrEqual((3_600_000 / LONGEST_MS) * 1.3);
  });

  it('is polled again once a change came that it did not notify of, until it notifies again', async () => {
    const { world, live } = await idle(true);
    await world.change(1);
    // It waits for the next round, which comes within the longest pause.
    world.advance(30_000);
    await live(180_000);
    expect(world.broker.inbox).toHaveLength(1);
    expect(await live(600_000)).toBeGreaterThan((600_000 / INTERVAL_MS) * 0.8);

    await world.change(2);
    world.notify();
    await live(180_000);
    expect(world.broker.inbox).toHaveLength(2);
    expect(await live(600_000)).toBeLessThanOrEqual((600_000 / LONGEST_MS) * 2);
  });

  it('stays relied on where it notifies of every change, be it a second late', async () => {
    const { world, live } = await idle(true);
    for (let change = 1; change <= 20; change += 1) {
      await world.change(change);
      world.advance(1000);
      world.notify();
      await live(47_000);
    }
    await live(180_000);
    expect(world.broker.inbox).toHaveLength(20);
    expect(await live(600_000)).toBeLessThanOrEqual((600_000 / LONGEST_MS) * 2);
  });

  it('has its events settled and its marks fetched again in time all the same', async () => {
    const { world, live } = await idle(true);
    await world.change(1);
    world.notify();
    await live(10_000);
    await world.reply('failed', 0);
    // As a failure does: it is to be marked a second later.
    world.advance(1100);
    await live(160_000);
    const [first, second] = world.broker.inbox;
    expect(first?.attempt).toBe(1);
    // Due 30 s after the mark, with up to a quarter of jitter, and settled a minute later: the row is gone.
    expect(second?.attempt).toBe(2);
    await live(70_000);
    expect(world.portal.queue.rows()).toEqual([]);
  });
});
