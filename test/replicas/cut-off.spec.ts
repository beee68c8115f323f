import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { type EmulatedPortal } from '../../emulator/index.js';
import { run } from '../cli/command-line.js';
import { type BridgeProcess } from '../support/bridge-process.js';
import { linesOf } from '../support/before-install.js';
import { until } from '../support/until.js';
import { EVENT, ReplicaSet } from './replica-set.js';

jest.setTimeout(240_000);

/** What is told is lost; the watch looks every 3 s, and the rest is for a machine that is busy with other things. */
const SEEN_WITHIN_MS = 3000 + 12_000;

/** Ends every connection on which replicas hear of changes, as soon as it is there, until it is told to stop. */
async function cutOff(url: string): Promise<{ readonly cuts: () => number; stop(): Promise<void> }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  let isOver = false;
  let cuts = 0;
  const cutting = (async () => {
    while (!isOver) {
      const { rowCount } = await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'bitrix24-bridge notify channel'`,
      );
      cuts += rowCount ?? 0;
      await pause(20);
    }
  })();
  const stop = async () => {
    isOver = true;
    await cutting;
    await client.end();
  };
  return { cuts: () => cuts, stop };
}

describe('what happens to portals while no replica can be told', () => {
  let set: ReplicaSet;
  let cut: Awaited<ReturnType<typeof cutOff>> | null = null;
  afterEach(async () => {
    await cut?.stop();
    cut = null;
    await set.close();
  });
  const said = (event: string, portal: string, replicas: readonly BridgeProcess[] = set.replicas) =>
    until(
      `${event} of ${portal}`,
      () =>
        replicas.every((replica) =>
          linesOf(replica, event).some(({ message }) => message['portal'] === portal),
        ),
      SEEN_WITHIN_MS,
    );

  it('is followed by all of them, and by their loops', async () => {
    // So long that nobody loses a portal: it is the changes that are cut off, and leases go the same way.
    set = await ReplicaSet.prepare(['acme', 'bravo'], { settings: { LEASE_MS: '120000' } });
    await set.startAll(2, [1, 1]);
    set.push(2);
    await set.allDelivered();
    await set.allCleared();
    const [acme, bravo] = set.portals() as [EmulatedPortal, EmulatedPortal];
    const [first] = set.replicas as [BridgeProcess, BridgeProcess];

    cut = await cutOff(set.database.url);
    await until('a cut', () => (cut?.cuts() ?? 0) > 0);
    // The command line tells nobody: it is PostgreSQL that does, and nobody hears it.
    expect(await run(first, ['portals', 'pause', 'acme', '--reason', 'inventory'])).toMatchObject({
      exitCode: 0,
    });
    await said('portal.paused', 'acme');
    acme.push({ event: EVENT, data: { FIELDS: { ID: 'later' } } });
    expect(await run(first, ['portals', 'rename', 'bravo', 'support', '--yes'])).toMatchObject({
      exitCode: 0,
    });
    await said('portal.renamed', 'support');
    bravo.push({ event: EVENT, data: { FIELDS: { ID: 'renamed' } } });
    await until('an event under the new name', () =>
      set.downstream.received.some(
        ({ objectId, routingKey }) => objectId === 'renamed' && routingKey.startsWith('support.'),
      ),
    );
    expect(set.delivered('acme').has('later')).toBe(false);
    expect(await run(first, ['portals', 'resume', 'acme'])).toMatchObject({ exitCode: 0 });
    await until('what has waited', () => set.delivered('acme').has('later'), SEEN_WITHIN_MS + 15_000);
    expect(await run(first, ['portals', 'remove', 'acme', '--yes'])).toMatchObject({ exitCode: 0 });
    await until(
      'both to know that it is gone',
      () =>
        set.replicas.every((replica) =>
          linesOf(replica, 'portal.changed_elsewhere').some(
            ({ message }) => message['change'] === 'uninstalled',
          ),
        ),
      SEEN_WITHIN_MS,
    );
  });

  it('has a new portal found and drained, be it before or after they can be told again', async () => {
    set = await ReplicaSet.prepare(['acme', 'bravo'], { settings: { LEASE_MS: '120000' } });
    await set.startAll(2, [1, 1]);
    cut = await cutOff(set.database.url);
    await until('a cut', () => (cut?.cuts() ?? 0) > 0);
    const charlie = set.emulator.addPortal({ name: 'charlie', ratePerSecond: 50, burst: 500 });
    await set.install([charlie]);
    for (const replica of set.replicas) {
      await until(
        'it to be known',
        () =>
          linesOf(replica, 'portal.changed_elsewhere').some(({ message }) => message['portal'] === 'charlie'),
        SEEN_WITHIN_MS,
      );
    }
    await cut.stop();
    cut = null;
    await set.shared(set.replicas, [2, 1]);
    set.push(1);
    await set.allDelivered();
    expect(set.duplicates()).toBe(0);
  });
});
