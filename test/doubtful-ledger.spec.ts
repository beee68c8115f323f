import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { encodeBatch, parseBatchAnswer } from '../src/bitrix24/batch.js';
import { type Database } from '../src/database/database.js';
import { Admission } from '../src/drain/pacing/admission.js';
import { type RoundClient } from '../src/drain/loop/loop-dependencies.js';
import { PortalLoop } from '../src/drain/loop/portal-loop.js';
import { Ledger } from '../src/ledger/ledger.js';
import { MEMBER, SETTINGS } from './ledger/bench.js';
import { registerPortals } from './ledger/portals.js';
import { openMigratedInMemory } from './ledger/template.js';
import { PortalStandIn } from './model/portal-stand-in.js';

const FULL = `begin select raise(abort, 'database or disk is full'); end`;
const silence = { debug() {}, info() {}, warn() {}, error() {} };

describe('a ledger that can be read and not written', () => {
  let database: Database;
  beforeEach(async () => {
    database = await openMigratedInMemory();
    await registerPortals(database, [MEMBER]);
  });
  afterEach(() => database.db.destroy());

  it('keeps the portal from being asked for more, and counts as broken until a write has worked', async () => {
    let now = Date.parse('2024-07-18T10:00:00Z');
    let requests = 0;
    const portal = new PortalStandIn(() => now, true);
    const health: (string | null)[] = [];
    const client: RoundClient = {
      batch: async (commands) => {
        requests += 1;
        const result = await portal.run(Object.entries(encodeBatch(commands)));
        return {
          results: parseBatchAnswer(JSON.parse(JSON.stringify({ result })), commands),
          time: { start: now / 1000, seconds: null, operating: null, operatingResetAt: null },
          times: new Map(),
        };
      },
    };
    let extended: boolean | null = null;
    const loop = new PortalLoop({
      portal: {
        memberId: MEMBER,
        name: 'acme',
        extended: () => extended,
        setExtended: (value) => {
          extended = value;
          return Promise.resolve();
        },
        state: () => 'active',
        paused: () => false,
        marksFailingSince: () => null,
        setMarksFailing: () => Promise.resolve(),
        setState: () => Promise.resolve(),
        mendBindings: () => Promise.resolve({ notifies: 'yes' as const, missing: null }),
      },
      client,
      ledger: new Ledger(database, SETTINGS, () => now),
      admission: new Admission({ limit: 1 }).of(MEMBER),
      settings: {
        ...SETTINGS,
        DRAIN_LIMIT: 2,
        DRAIN_MAX_IN_FLIGHT: 100,
        DRAIN_INTERVAL_MS: 1000,
        DRAIN_MAX_INTERVAL_MS: 1000,
        PORTAL_RECHECK_MS: 300_000,
        FAILURE_BATCH_SIZE: 10,
        FAILURE_BATCH_WAIT_MS: 1000,
      },
      listener: {
        settled: () => undefined,
        inFlight: () => undefined,
        ledger: (_memberId, failure) => health.push(failure),
        roundTook: () => undefined,
        round: () => undefined,
      },
      log: silence,
      brokerReady: () => true,
      silence: {
        age: () => SETTINGS.SETTLE_AFTER_MS,
        heardAge: () => Promise.resolve(SETTINGS.SETTLE_AFTER_MS),
        remaining: (ageMs) => Math.max(0, SETTINGS.SETTLE_AFTER_MS - ageMs),
      },
      wakeDispatch: () => undefined,
      now: () => now,
    });
    const rounds = async (count: number) => {
      for (let done = 0; done < count; done += 1) {
        now += 5000;
        await loop.runOnce();
      }
    };
    const reserved = () => portal.queue.rows().filter((row) => row.PROCESS_ID !== '').length;
    await rounds(3);
    for (let id = 1; id <= 6; id += 1)
      portal.queue.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: id } } });

    await sql`create trigger full before insert on deliveries ${sql.raw(FULL)}`.execute(database.db);
    await sql`create trigger full_too before update on portals ${sql.raw(FULL)}`.execute(database.db);
    requests = 0;
    health.length = 0;
    await rounds(10);
    // The one whose answer could not be written; nothing is known to have gone wrong before.
    expect(requests).toBe(1);
    expect(reserved()).toBe(2);
    expect(health).toEqual(Array.from({ length: 10 }, () => 'database or disk is full'));

    await sql`drop trigger full`.execute(database.db);
    await sql`drop trigger full_too`.execute(database.db);
    await rounds(8);
    expect(health.at(-1)).toBeNull();
    expect(reserved()).toBe(6);
    const known = await database.db.selectFrom('deliveries').select('row_id').where('held', '=', 1).execute();
    expect(known).toHaveLength(6);
  });
});
