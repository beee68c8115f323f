import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Database } from '../../src/database/database.js';
import { type LedgerChange } from '../../src/ledger/ledger-change.js';
import { TRANSITIONS } from '../../src/ledger/transitions.js';
import { CHANGED_AT, type Delivery, event, LedgerBench, MEMBER, reply, SETTINGS } from './bench.js';
import { openMigratedInMemory } from './template.js';
import { inForm } from '../support/form.js';

const MAX_ATTEMPTS = 2;
const MESSAGES = ['m1', 'm2', 'm3'];
/** Ids under which unmarked rows are held, error rows are held, and rows are taken without a hold. */
const PROCESSES = { plain: ['p1', 'p2', 'p3'], errored: ['e1', 'e2', 'e3'], journal: ['j1', 'j2'] };
const ALL_PROCESSES = Object.values(PROCESSES).flat();

/** Two rows an object; which one a batch may hold is fixed, since a portal keeps a row as it is while it is held. */
const rowIn = (process: string, message: string) => `${message.slice(1)}${Number(process.slice(1)) % 2}`;

type Step =
  | { verb: 'reserve'; process: string; messages: string[]; newer: boolean }
  | { verb: 'publish' | 'settle' | 'dead' | 'release' | 'purge' | 'error rows' }
  | {
      verb: 'reply';
      replies: {
        process: string;
        messages: string[];
        failed: boolean;
        named: 'open' | 'current' | 'earlier';
      }[];
    }
  | { verb: 'mark' | 'clear' | 'held'; process: string; messages: string[] }
  | { verb: 'wait'; by: number };

const messages = fc.subarray(MESSAGES, { minLength: 1 });
const process = fc.constantFrom(...ALL_PROCESSES);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ verb: fc.constant('reserve' as const), process, messages, newer: fc.boolean() }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        verb: fc.constantFrom(
          'publish',
          'publish',
          'settle',
          'dead',
          'release',
          'purge',
          'error rows' as const,
        ),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        verb: fc.constant('reply' as const),
        replies: fc.array(
          fc.record({
            process,
            messages,
            failed: fc.boolean(),
            named: fc.constantFrom('open', 'current', 'earlier'),
          }),
          { minLength: 1, maxLength: 4 },
        ),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ verb: fc.constantFrom('mark', 'clear', 'held' as const), process, messages }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        verb: fc.constant('wait' as const),
        by: fc.constantFrom(
          1000,
          SETTINGS.SETTLE_AFTER_MS,
          SETTINGS.RETRY_MAX_DELAY_MS,
          -SETTINGS.RETRY_MAX_DELAY_MS * 3,
        ),
      }),
    },
  ),
  { minLength: 5, maxLength: 40 },
);

let database: Database;
beforeAll(async () => {
  database = await openMigratedInMemory();
});
afterAll(() => database.db.destroy());

async function take(bench: LedgerBench, step: Step): Promise<void> {
  const { ledger } = bench;
  const round = (change: LedgerChange) => ledger.applyRound(MEMBER, [change]);
  switch (step.verb) {
    case 'reserve': {
      const events = step.messages.map((message) =>
        event(message, { rowId: rowIn(step.process, message), changedAt: CHANGED_AT + (step.newer ? 1 : 0) }),
      );
      await bench.reserve(step.process, events, {
        errored: step.process.startsWith('e'),
        held: !step.process.startsWith('j'),
      });
      return;
    }
    case 'publish':
      for (const kind of ['reserved', 'waiting'] as const) {
        const next = await ledger.nextPublishable(MEMBER, kind, 0, 100);
        await ledger.recordPublished(next.filter(({ attempt }) => attempt <= MAX_ATTEMPTS));
      }
      return;
    case 'dead': {
      const due = await ledger.nextPublishable(MEMBER, 'waiting', 0, 100);
      const exhausted = due.filter((next) => next.attempt > MAX_ATTEMPTS);
      await ledger.recordDead(exhausted.map(({ seq }) => ({ seq, reason: 'exhausted' })));
      return;
    }
    case 'settle':
      await ledger.settleSilent(MEMBER);
      return;
    case 'release': {
      await ledger.releaseUnmarkable(MEMBER, false);
      const { failures } = await ledger.snapshot(MEMBER);
      const failed = (await bench.all()).filter((delivery) => delivery.state === 'failed');
      // Each failure is either retried from the ledger or shown to the round that is to mark it.
      expect(failures).toHaveLength(failed.length);
      return;
    }
    case 'purge':
      await ledger.purge();
      return;
    case 'error rows':
      await round({ type: 'error_rows_complete', sentAt: bench.now });
      return;
    case 'reply': {
      const before = await bench.all();
      const outcomes = step.replies.flatMap(({ process: processId, messages: ids, failed, named }) =>
        ids.map((id) => {
          const delivery = before.find((d) => d.process_id === processId && d.message_id === id);
          if (named === 'open' || delivery === undefined)
            return reply(failed ? 'failed' : 'processed', id, { processId });
          // Nobody was ever given an attempt that is not due yet, nor one beyond the last.
          const { state, due_at: dueAt, attempt: current } = delivery;
          const given =
            state === 'waiting' && (dueAt ?? 0) > bench.now ? current - 1 : Math.min(current, MAX_ATTEMPTS);
          const attempt = named === 'current' ? given : given - 1;
          return reply(failed ? 'failed' : 'processed', id, { processId, attempt });
        }),
      );
      await ledger.recordOutcomes(outcomes);
      const once = await bench.all();
      bench.now += 1;
      const repeated = await ledger.recordOutcomes(outcomes);
      expect(await bench.all()).toEqual(once);
      expect([repeated.processed.size, repeated.failed.size, repeated.lateFailed.size]).toEqual([0, 0, 0]);
      return;
    }
    case 'mark':
      await round({ type: 'marked', processId: step.process, messageIds: step.messages });
      return;
    case 'clear': {
      const rowIds = step.messages.map((message) => rowIn(step.process, message));
      await round({ type: 'cleared', processId: step.process, rowIds });
      return;
    }
    case 'held':
      await round({ type: 'held', processId: step.process, messageIds: step.messages });
      return;
    case 'wait':
      bench.now += step.by;
  }
}

/** What holds after every step, whatever came before. */
function check(step: Step, before: readonly Delivery[], after: readonly Delivery[]): void {
  const held = after.filter((delivery) => delivery.held === 1).map((delivery) => delivery.row_id);
  expect(held).toHaveLength(new Set(held).size);

  const now = new Map(after.map((delivery) => [delivery.seq, delivery]));
  for (const was of before) {
    const is = now.get(was.seq);
    if (is !== undefined) {
      if (is.state !== was.state) expect(TRANSITIONS[was.state]).toContain(is.state);
      expect(is.attempt).toBeGreaterThanOrEqual(was.attempt);
    } else if (step.verb === 'reserve') {
      // Replaced by the record of the same row, never merely gone.
      expect(was.state).not.toBe('dead');
      expect(after).toContainEqual(
        expect.objectContaining({ process_id: step.process, row_id: was.row_id, message_id: was.message_id }),
      );
    } else {
      expect(step.verb).toBe('purge');
      expect([was.held, ['processed', 'dead'].includes(was.state)]).toEqual([0, true]);
    }
  }
  for (const delivery of after) {
    expect(delivery.attempt).toBeGreaterThanOrEqual(1);
    expect(delivery.attempt).toBeLessThanOrEqual(MAX_ATTEMPTS + 1);
    // Marked once, never marked again.
    if (delivery.errored === 1) expect(['failed', 'marked']).not.toContain(delivery.state);
    if (delivery.state === 'marked') expect(delivery.held).toBe(0);
    if (delivery.state === 'waiting') expect(delivery.due_at).not.toBeNull();
  }
}

it.each(['timeout', 'ack'] as const)('any sequence of verbs keeps the rules (%s)', async (mode) => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      await database.db.deleteFrom('deliveries').execute();
      const bench = new LedgerBench(() => database, { SETTLE_MODE: mode, RETRY_MAX_ATTEMPTS: MAX_ATTEMPTS });
      let before = await bench.all();
      for (const step of sequence) {
        await take(bench, step);
        const after = await bench.all();
        check(step, before, after);
        before = after;
      }
    }),
    { numRuns: inForm({ full: 150, small: 30 }) },
  );
});
