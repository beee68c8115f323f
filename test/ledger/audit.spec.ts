import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Actor } from '../../src/audit/actor.js';
import { listEntries } from '../../src/audit/entries.js';
import { StoredAuditLog } from '../../src/audit/stored-audit-log.js';
import { EventDesk } from '../../src/events/event-desk.js';
import { LedgerAdmin } from '../../src/ledger/admin.js';
import { BulkTasks } from '../../src/ledger/bulk-tasks.js';
import { type LogFields } from '../../src/logging/log.js';
import { LedgerBench, MEMBER, SETTINGS, START } from './bench.js';
import { onEveryDatabase } from './databases.js';

const ALICE: Actor = { kind: 'dashboard', name: 'alice', address: '192.0.2.1' };
const SECRET = 'a-secret-that-is-in-no-entry';

onEveryDatabase('the audit log', (open) => {
  let lines: LogFields[];
  let now: number;
  const keep = (fields: LogFields) => void lines.push(fields);
  const log = { debug: keep, info: keep, warn: keep, error: keep };
  const auditLog = (withLog = true) =>
    new StoredAuditLog({
      database: open(),
      log: withLog ? log : null,
      nameOf: (memberId) => (memberId === MEMBER ? 'acme' : memberId),
      secrets: () => [SECRET],
      now: () => now,
    });
  const entries = () => listEntries(open().db, {}, 100);

  beforeEach(async () => {
    lines = [];
    now = START;
    await open().db.deleteFrom('audit').execute();
  });

  it('has a row and a log line of each action', async () => {
    await auditLog().record({
      actor: ALICE,
      action: 'renamed',
      portal: MEMBER,
      target: 'acme',
      detail: 'from old',
    });
    expect(await entries()).toMatchObject([
      {
        at: START,
        actor_kind: 'dashboard',
        actor_name: 'alice',
        actor_address: '192.0.2.1',
        action: 'renamed',
        member_id: MEMBER,
        portal: 'acme',
        target: 'acme',
        count: null,
        detail: 'from old',
        told: 1,
      },
    ]);
    expect(lines).toEqual([
      {
        event: 'audit.recorded',
        action: 'renamed',
        by: 'alice',
        via: 'dashboard',
        from: '192.0.2.1',
        portal: 'acme',
        target: 'acme',
        detail: 'from old',
      },
    ]);
  });

  it('has no secret, no control character and no text without end', async () => {
    await auditLog().record({
      actor: { kind: 'api', name: `\u001b[31m${SECRET}\u202e`, address: 'x\ny' },
      action: 'retried',
      target: `${SECRET}\u0007${'t'.repeat(600)}`,
      detail: 'd'.repeat(3000),
    });
    expect(JSON.stringify([await entries(), lines]).includes(SECRET)).toBe(false);
    const [entry] = await entries();
    expect(entry?.actor_name).toBe('\\u001b[31m***\\u202e');
    expect(entry?.actor_address).toBe('x\\u000ay');
    expect(entry?.target).toHaveLength(500);
    expect(entry?.detail).toHaveLength(2000);
  });

  describe('of the desk for events', () => {
    const setUp = async (audit = auditLog(), perSecond = 100) => {
      const bench = new LedgerBench(open);
      const admin = new LedgerAdmin(open(), SETTINGS, () => bench.now);
      const seqs = await bench.put(
        { message: 'm1', state: 'dead', attempt: 4, held: 0 },
        { message: 'm2', state: 'waiting', attempt: 2, dueAt: START + 5 },
        { message: 'm3', state: 'published' },
      );
      const policy = { ...SETTINGS, RETRY_BY_HAND_PER_SECOND: perSecond };
      const tasks = new BulkTasks(open(), policy, () => bench.now);
      return { bench, seqs, tasks, desk: new EventDesk(admin, () => undefined, audit, tasks) };
    };

    it('says who asked for what is done a part at a time, and how many were chosen', async () => {
      const { desk, seqs, tasks } = await setUp(auditLog(), 1);
      const begun = await desk.retry({ seqs }, ALICE);
      expect(begun).toMatchObject({ matched: 3, due: 1, later: 2 });
      expect(await tasks.find(begun.task ?? '')).toMatchObject({ by: 'alice', total: 3, finishedAt: null });
      expect(await entries()).toMatchObject([
        { action: 'retried', actor_name: 'alice', count: 3, detail: 'chosen; done a part at a time' },
      ]);
    });

    it('says who retried and discarded how many, and nothing of what was left alone', async () => {
      const { desk, seqs } = await setUp();
      await desk.retry({ seqs }, ALICE);
      await desk.discard(
        { filter: { states: ['waiting'], memberId: MEMBER } },
        { kind: 'cli', name: 'bob@pc' },
      );
      await desk.discard({ seqs: seqs.slice(2) }, ALICE);
      expect(await entries()).toMatchObject([
        { action: 'discarded', actor_name: 'bob@pc', count: 2, target: 'all with states: waiting' },
        { action: 'retried', actor_name: 'alice', count: 2, portal: 'acme' },
      ]);
      expect(lines.map(({ event, action, count }) => [event, action, count])).toEqual([
        ['audit.recorded', 'retried', 2],
        ['audit.recorded', 'discarded', 2],
      ]);
    });

    it('counts parts of one action together', async () => {
      const { bench, desk } = await setUp();
      await bench.put(
        ...Array.from({ length: 1200 }, (_, index) => ({
          message: `w${index}`,
          state: 'dead' as const,
          attempt: 4,
        })),
      );
      await desk.retry({ filter: { states: ['dead'] } }, ALICE);
      expect(await entries()).toMatchObject([{ action: 'retried', count: 1201 }]);
      expect(lines).toMatchObject([{ count: 1201 }]);
    });

    it('that cannot be written hinders no action, and is in the log', async () => {
      const { bench, desk, seqs } = await setUp();
      await open().db.schema.alterTable('audit').renameTo('audit_away').execute();
      try {
        expect(await desk.retry({ seqs }, ALICE)).toMatchObject({ renewed: 1, due: 1 });
      } finally {
        await open().db.schema.alterTable('audit_away').renameTo('audit').execute();
      }
      expect(await bench.get('m1')).toMatchObject({ state: 'waiting' });
      expect(lines.map(({ event }) => event)).toEqual(['audit.not_written', 'audit.recorded']);
      expect(await entries()).toEqual([]);
    });
  });

  it('counts what happens often, and does not grow with a flood', async () => {
    const audit = auditLog();
    const refused = (address: string) =>
      audit.recordOften({
        actor: { kind: 'dashboard', name: null, address },
        action: 'log_in_refused',
        target: 'dashboard',
      });
    for (let index = 0; index < 500; index += 1) await refused(`192.0.2.${index % 5}`);
    expect((await entries()).map(({ count }) => count)).toEqual([100, 100, 100, 100, 100]);
    await Promise.all(Array.from({ length: 500 }, (_, index) => refused(`198.51.100.${index}`)));
    const all = await listEntries(open().db, {}, 1000);
    expect(all).toHaveLength(101);
    expect(all.find(({ target }) => target === 'many others')).toMatchObject({
      count: 405,
      actor_address: null,
    });
    now += 3_600_000;
    await refused('192.0.2.1');
    expect((await entries())[0]).toMatchObject({ actor_address: '192.0.2.1', count: 1 });
  });

  it('is read page by page, by portal, actor, action and time', async () => {
    const audit = auditLog();
    for (let index = 0; index < 6; index += 1) {
      now = START + Math.trunc(index / 2);
      await audit.record({
        actor: index % 2 === 0 ? ALICE : { kind: 'dashboard', name: null },
        action: index < 3 ? 'paused' : 'resumed',
        ...(index === 5 ? {} : { portal: MEMBER }),
        target: String(index),
      });
    }
    const targets = async (
      ...given: Parameters<typeof listEntries> extends [unknown, ...infer Rest] ? Rest : never
    ) => (await listEntries(open().db, ...given)).map(({ target }) => target).join('');
    expect(await targets({}, 4)).toBe('5432');
    const last = (await listEntries(open().db, {}, 4)).at(-1);
    expect(await targets({}, 4, { at: last?.at ?? 0, id: last?.id ?? 0 })).toBe('10');
    expect(await targets({ memberId: MEMBER }, 9)).toBe('43210');
    expect(await targets({ actor: 'alice' }, 9)).toBe('420');
    expect(await targets({ actor: 'dashboard' }, 9)).toBe('531');
    expect(await targets({ action: 'paused' }, 9)).toBe('210');
    expect(await targets({ from: START + 1, to: START + 2 }, 9)).toBe('32');
  });
});
