import { afterEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { type EmulatedPortal } from '../../emulator/index.js';
import { provideRabbitmq } from '../../scripts/rabbitmq.mjs';
import { until } from '../support/until.js';
import { Administrator } from './administrator.js';
import { balance, type Pushed, traceOf } from './books.js';
import { compareAll, OVER_MS } from './compare.js';
import { balanceCrm, foundBy, tableOf } from './crm-books.js';
import { Noted, quirks } from './quirks.js';
import { pause, setUp, unsettled } from './scene.js';
import { Snapshots } from './snapshots.js';
import { change, generator, torment } from './torment.js';

/** How much of each fault; the long run sets them from outside. */
const WANTED = {
  kills: Number(process.env['TORTURE_KILLS'] ?? 5),
  brokerFaults: Number(process.env['TORTURE_BROKER_FAULTS'] ?? 2),
  lostAnswers: Number(process.env['TORTURE_LOST_ANSWERS'] ?? 5),
};
const SEED = Number(process.env['TORTURE_SEED'] ?? randomBytes(4).readUInt32BE());
const CHANGES_PER_SECOND = 60;
const CONTACTS_PER_SECOND = 15;
/** After so many kills a minute passes, so that changes without an event may be found amid them. */
const KILLS_A_MINUTE = 2;
/** After so many, all contacts are read once more. */
const KILLS_A_SNAPSHOT = 25;
/** Source keys that the service is started with, one after another. */
const KEYS = ['', 'erp', 'crm'];
const MINUTE = 60_000;

describe('torture with real processes', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  it(
    'loses, destroys and forgets nothing',
    async () => {
      const random = generator(SEED);
      const rabbit = await provideRabbitmq({ private: true });
      closing.push(() => rabbit.stop());
      const system = await setUp(rabbit, closing, random);
      const { bridge, portals, crm, clock, consumer, narrow } = system;
      const pushed: Pushed[] = [];
      // Changes that no portal recorded, since nothing was bound.
      let unheard = 0;
      const pushing = setInterval(() => {
        const rows = change(portals, random);
        if (rows.length === 0) unheard += 1;
        pushed.push(...rows);
      }, 1000 / CHANGES_PER_SECOND);
      const changing = setInterval(() => {
        const rows = crm.change(random);
        if (rows === null) unheard += 1;
        else pushed.push(...rows);
      }, 1000 / CONTACTS_PER_SECOND);
      closing.push(() => [pushing, changing].forEach((timer) => clearInterval(timer)));

      const done = {
        kills: 0,
        ...{ brokerStops: 0, brokerKills: 0, lostAnswers: 0, otherAnswers: 0, cuts: 0, newKeys: 0 },
        ...{ refusedTokens: 0, spoiltTokens: 0, refusedMarks: 0, plans: 0, oddTimes: 0 },
        ...{ suspensions: 0, serverOutages: 0, takenByTwin: 0 },
      };
      const disarm = torment(system, done, random);
      const noted = new Noted();
      const behave = quirks(system, done, noted, random);
      const administrator = new Administrator(bridge, portals);
      closing.push(() => administrator.stop());
      const snapshots = new Snapshots(bridge, crm);
      closing.push(() => snapshots.stop());
      while (
        done.kills < WANTED.kills ||
        done.brokerStops + done.brokerKills < WANTED.brokerFaults ||
        done.lostAnswers < WANTED.lostAnswers
      ) {
        await pause(700 + random() * 1800);
        if (done.kills < WANTED.kills) {
          await bridge.stop('SIGKILL');
          const key = KEYS[Math.floor(random() * 3 * KEYS.length)];
          if (key !== undefined && key !== bridge.settings['B24_AUTH_CONNECTOR']) {
            bridge.settings['B24_AUTH_CONNECTOR'] = key;
            done.newKeys += 1;
          }
          if (done.kills % KILLS_A_MINUTE === 1) clock.skip(OVER_MS);
          bridge.start();
          await clock.set();
          if (done.kills % KILLS_A_SNAPSHOT === 0) snapshots.want();
          done.kills += 1;
        }
        const faults = done.brokerStops + done.brokerKills;
        const share = WANTED.brokerFaults / Math.max(WANTED.kills, 1);
        if (faults < WANTED.brokerFaults && (done.kills >= WANTED.kills || random() < share * 1.3)) {
          if (random() < 0.5) {
            await rabbit.ctl('stop_app');
            await pause(random() * 2000);
            await rabbit.ctl('start_app');
            done.brokerStops += 1;
          } else {
            await rabbit.kill();
            await pause(random() * 2000);
            await rabbit.restart();
            done.brokerKills += 1;
          }
        }
      }
      disarm();
      behave();
      narrow.hurry();
      clearInterval(pushing);
      clearInterval(changing);
      const foundAmid = foundBy(consumer.arrivals);

      const rest = () =>
        until(
          'every portal to be empty and the ledger to be at rest',
          () =>
            portals.every((portal) => portal.rows().length === 0) &&
            snapshots.open === 0 &&
            unsettled(bridge) === 0,
          // What somebody else took at the very end is found within five.
          6 * MINUTE,
        );
      await rest()
        .then(() => compareAll(bridge, crm.portals, (ms) => clock.pass(ms)))
        .then(rest)
        .catch((error: unknown) => process.stderr.write(`${String(error)}\n${bridge.output.slice(-5000)}\n`));
      // What failed last may still be on its way to the dead-letter queue.
      await settled(() => consumer.arrivals.length + narrow.arrivals.length);
      const exit = await bridge.stop('SIGTERM');
      administrator.stop();
      snapshots.stop();
      await consumer.stop();
      await narrow.stop();

      const books = balance(pushed, consumer.arrivals, portals, noted.unreadable);
      const wantedByNarrow = pushed.filter(({ memberId }) => memberId === portals[0]?.memberId);
      // What the other service failed for good has ended, though this queue refused it each time.
      const deadLetters = consumer.arrivals.filter(({ dead }) => dead);
      const narrowBooks = balance(
        wantedByNarrow,
        [...narrow.arrivals, ...deadLetters],
        portals,
        noted.unreadable,
      );
      const crmBooks = balanceCrm(consumer.arrivals, {
        withheld: crm.withheld,
        snapshots: snapshots.all(),
        alive: crm.alive(),
        taken: new Set([...noted.taken].flatMap((row) => crm.contactOf.get(row) ?? [])),
        versionOf: crm.versionOf,
      });
      const sum = (count: (portal: EmulatedPortal) => number) =>
        portals.reduce((total, portal) => total + count(portal), 0);
      const marks = sum((portal) => portal.queue.marks);
      const stuck = books.stuck + unsettled(bridge);
      print({
        seed: SEED,
        ...done,
        changes: books.changes,
        deliveries: books.deliveries,
        duplicates: books.duplicates,
        'failures reported': consumer.failuresReported,
        'calls of event.offline.error': sum(
          (portal) => portal.counters.perMethod['event.offline.error'] ?? 0,
        ),
        'failures marked by them': marks,
        'dead letters': books.dead,
        'last changes delivered': books.delivered,
        'delivered under an assumed time': books.assumed,
        'taken in by another delivery': books.takenIn,
        'delivered to the narrow queue': narrowBooks.deliveries,
        'installed again': administrator.installations,
        'changes not recorded': unheard,
        'spoilt numbers': books.spoilt,
        'several ids of one change': books.renamed.length,
        lost: books.lost.length,
        'lost to the narrow queue': narrowBooks.lost.length,
        destroyed: books.destroyed,
        stuck,
        'failures forgotten': books.forgotten.length,
        ...tableOf(crmBooks, foundAmid),
        'snapshots resumed': snapshots.resumed,
      });
      expect(books.lost.map((change) => traceOf(change, consumer.arrivals, portals))).toEqual([]);
      expect(narrowBooks.lost.map((change) => traceOf(change, narrow.arrivals, portals))).toEqual([]);
      expect(books.forgotten).toEqual([]);
      expect(crmBooks.faults).toEqual([]);
      expect(crm.withheld.length).toBeGreaterThan(0);
      expect(books.spoilt + narrowBooks.spoilt).toBe(0);
      expect(unheard).toBe(0);
      // Only a kill between a new refresh token and its storing takes an authorization away.
      expect(administrator.installations).toBeLessThanOrEqual(done.kills);
      expect(books.destroyed).toBe(0);
      expect(stuck).toBe(0);
      expect(books.dead).toBeGreaterThan(0);
      expect(books.maxAttempt).toBeLessThanOrEqual(4);
      expect(marks).toBeGreaterThan(0);
      expect(exit).toBe(0);
    },
    40 * MINUTE,
  );
});

/** Resolves when a figure has stood still for three seconds. */
async function settled(figure: () => number): Promise<void> {
  for (let last = -1; last !== figure();) {
    last = figure();
    await pause(3000);
  }
}

function print(table: Record<string, number>): void {
  const width = Math.max(...Object.keys(table).map((name) => name.length));
  const lines = Object.entries(table).map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  process.stdout.write(`\ntorture\n${lines.join('\n')}\n`);
}
